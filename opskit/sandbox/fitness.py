"""Whether this machine can have a profile, and what it can have otherwise."""

import os
from collections.abc import Iterable

from opskit.core.errors import Refused
from opskit.sandbox.profiles import PROFILES, Profile


def require_fit(wanted: Profile) -> None:
    """See that this user and this machine can have the profile.

    Raises:
        Refused: which of them can't, and what can be had.

    """
    if wanted.needs_root and os.geteuid() != 0:
        raise Refused(
            f"The profile {wanted.name} needs root. {wanted.needs_root}",
            where="this machine",
            hint=f"run it as root; without root there are: {_named(p for p in _all() if not p.needs_root)}.",
        )
    if lack := wanted.unfit:
        raise Refused(
            f"The profile {wanted.name} can't be had here. {lack}",
            where="this machine",
            hint=f"what can be had here: {_named(p for p in _all() if not p.unfit)}.",
        )


def _all() -> Iterable[Profile]:
    return PROFILES.values()


def _named(profiles: Iterable[Profile]) -> str:
    return ", ".join(each.name for each in profiles)
