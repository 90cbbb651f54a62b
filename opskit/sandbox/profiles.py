"""The profiles: which components make a sandbox, and which faults it has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from opskit.core.errors import BadValue, UnknownName
from opskit.sandbox.component import Component
from opskit.sandbox.faults import Broken, Fault
from opskit.sandbox.light import ceph, control_plane, health, monitoring, rook
from opskit.sandbox.light.faults import FAULTS as LIGHT_FAULTS
from opskit.sandbox.light.options import LightOptions


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One sort of sandbox."""

    name: str
    summary: str
    components: Callable[[Mapping[str, Any]], list[Component]]
    """Of the options, as a mapping."""
    options: Callable[[Mapping[str, Any]], dict[str, Any]]
    """All options, checked, with the defaults filled in."""
    everything: Callable[[], list[Component]]
    """The components with all options on, for `build`."""
    faults: tuple[Fault, ...]
    ailments: Callable[[Broken], list[str]]
    """What keeps a sandbox from being healthy, in words."""


def profile(name: str) -> Profile:
    """The profile of that name.

    Raises:
        UnknownName: there is none.

    """
    if name not in PROFILES:
        raise UnknownName.among("profile", name, PROFILES)
    return PROFILES[name]


def _light_options(given: Mapping[str, Any]) -> LightOptions:
    known = LightOptions.__struct_fields__
    for name in given:
        if name not in known:
            raise UnknownName.among("option of the profile light", name, known)
    try:
        return msgspec.convert(dict(given), LightOptions).checked()
    except msgspec.ValidationError as error:
        raise BadValue(
            f"An option of the profile is wrong: {error}.", hint="see `opskit sandbox up --help`."
        ) from error


def _light_components(given: Mapping[str, Any]) -> list[Component]:
    options = _light_options(given)
    prometheus = monitoring.components() if options.prometheus else []
    return [*control_plane.components(), *ceph.components(options), *rook.components(options), *prometheus]


PROFILES = {
    "light": Profile(
        name="light",
        summary="A real Kubernetes control plane and a real Ceph cluster behind it; no root.",
        components=_light_components,
        options=lambda given: msgspec.to_builtins(_light_options(given)),
        everything=lambda: _light_components({"mons": 3, "mds": True, "rgw": True}),
        faults=LIGHT_FAULTS,
        ailments=health.ailments,
    )
}
"""All profiles by name."""
