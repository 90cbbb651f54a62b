"""Whether this machine can have a profile, and what it can have otherwise."""

import os
import shutil
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path

from opskit.core.errors import NotInstalled, Refused
from opskit.sandbox.binaries import find, require_all
from opskit.sandbox.component import programs_of
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


def require_space(wanted: Profile, folder: Path) -> None:
    """See that the disk has room for what the profile writes.

    Args:
        wanted: the profile.
        folder: where its state will be; it need not be there yet.

    Raises:
        Refused: how much is free, and how much is needed.

    """
    there = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(there).free >> 20
    if free < wanted.disk_mib:
        smaller = _named(each for each in _all() if each.disk_mib <= free) or "none"
        raise Refused(
            f"The disk is nearly full: {free:,} MiB are free, and {wanted.name} needs {wanted.disk_mib:,}.",
            where=str(there),
            hint=f"free some, or set XDG_STATE_HOME to another disk's; there is room for: {smaller}.",
        )


def require_programs(names: Sequence[str]) -> None:
    """See that all programs are there.

    Raises:
        NotInstalled: some are missing; what gets them, and which profiles lack nothing.

    """
    with naming_what_works():
        require_all(names)


@contextmanager
def naming_what_works() -> Generator[None]:
    """Have an error that tells of missing programs say, too, which profiles lack nothing.

    Raises:
        NotInstalled: as the block does.

    """
    try:
        yield
    except NotInstalled as error:
        works = _named(each for each in _all() if _can_be_had(each)) or "none"
        hint = f"{error.hint}; as this machine is, there are: {works}."
        raise NotInstalled(error.what, where=error.where, hint=hint) from error


def _can_be_had(each: Profile) -> bool:
    allowed = not each.needs_root or os.geteuid() == 0
    needed = programs_of(each.components(each.options({})))
    return allowed and not each.unfit and all(find(name).path for name in needed)


def _all() -> Iterable[Profile]:
    return PROFILES.values()


def _named(profiles: Iterable[Profile]) -> str:
    return ", ".join(each.name for each in profiles)
