"""What a profile is made of: servers that belong together, their options, and what can be broken in them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec

from opskit.sandbox.component import Component
from opskit.sandbox.faults import Broken, Fault
from opskit.sandbox.kube import Json
from opskit.sandbox.site import Site


class NoOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Of a part that nothing can be chosen of."""


OptionsT = TypeVar("OptionsT", bound=msgspec.Struct)


def _no_ailments(_: Broken) -> list[str]:
    return []


def _fit() -> str:
    return ""


def _no_flags(_: Site) -> tuple[str, ...]:
    return ()


def _none_outside(_: Site) -> dict[str, int]:
    return {}


def _no_documents(_: Site) -> list[Json]:
    return []


def _always(_: Site) -> bool:
    return True


def _nothing(_: Site) -> None:
    """Do nothing."""


@dataclass(frozen=True, kw_only=True)
class Part(Generic[OptionsT]):
    """Servers that belong together, as the control plane, or Ceph."""

    name: str
    components: Callable[[OptionsT, "Sequence[Part[Any]]"], list[Component]]
    """Of its options and of all parts of the profile, itself among them."""
    options: type[OptionsT]
    """What can be chosen; a method `checked()` may refuse values with `BadValue`. Names differ from part to
    part, for a profile has the options of all of its parts."""
    everything: dict[str, Any] = field(default_factory=dict[str, Any])
    """The options that make every component appear, for `build`."""
    faults: tuple[Fault, ...] = ()
    ailments: Callable[[Broken], list[str]] = _no_ailments
    """What keeps it from being healthy, in words, asked of the system's own tools."""
    stopped_first: tuple[str, ...] = ()
    """Processes that would start again what `down` ends."""
    release: Callable[[Site], None] = _nothing
    """Closes what this process holds open, as connections."""
    remove: Callable[[Site], None] = _nothing
    """Takes away what lies outside of the site's folders: network namespaces, mounts, cgroups. It must bear
    that nothing is there, or only half."""
    outside: Callable[[Site], dict[str, int]] = _none_outside
    """What runs for it that another daemon started, as containers: name → PID, 0 where it is stopped."""
    stands: Callable[[Site], bool] = _always
    """Whether what runs outside is all there."""
    needs_root: str = ""
    """Why only root can have it; empty where anybody can."""
    disk_mib: int = 0
    """What it writes at most until all is ready, and in some hours of use."""
    unfit: Callable[[], str] = _fit
    """What this machine lacks for it, in words; empty where it fits."""

    apiserver_flags: Callable[[Site], tuple[str, ...]] = _no_flags
    """What the API server is started with for it."""
    apiserver_needs: tuple[str, ...] = ()
    """The components that must be ready before the API server starts, for its flags name what they write."""
    pods: Callable[[Site], list[Json]] = _no_documents
    """kwok documents: where exec, logs and port-forward of its pods lead. Each has a selector."""
    scrapes: Callable[[Site], list[Json]] = _no_documents
    """Prometheus' scrape configurations for it."""
    keeps_nodes: bool = False
    """Whether it renews the nodes' leases itself, so that a node can fall silent."""


def option_names(parts: Sequence[Part[Any]]) -> list[str]:
    """The names of all options of all parts."""
    return [name for part in parts for name in part.options.__struct_fields__]


def options_for(part: Part[OptionsT], given: dict[str, Any]) -> OptionsT:
    """One part's options out of a profile's.

    Raises:
        msgspec.ValidationError: a value has the wrong type.
        BadValue: a value can't be had.

    """
    known = part.options.__struct_fields__
    own = {name: value for name, value in given.items() if name in known}
    options = msgspec.convert(own, part.options, strict=False)
    checked: Callable[[], OptionsT] | None = getattr(options, "checked", None)
    return checked() if checked is not None else options
