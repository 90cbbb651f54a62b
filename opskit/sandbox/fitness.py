"""Whether this machine can have a profile, and what it can have otherwise."""

import os
import shutil
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path

from opskit.core.errors import NotInstalled, Refused
from opskit.sandbox.binaries import find, require_all
from opskit.sandbox.component import Component, programs_of
from opskit.sandbox.profiles import PROFILES, Profile
from opskit.sandbox.released import find_crds, projects_of, require_crds


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


def require_means(components: Sequence[Component], *, crds: str, profile: str) -> None:
    """See that all programs are there, and the released CRDs that nothing works without.

    Args:
        components: what is to come up.
        crds: the folder that the option `crds` names, or nothing.
        profile: the one that they are of, for messages.

    Raises:
        NotInstalled: some are missing; what gets them, and which profiles lack nothing.

    """
    with naming_what_works(crds=crds):
        require_all(programs_of(components), profile=profile)
        require_crds(projects_of(components).needed, named=crds, profile=profile)


def makeshifts(components: Sequence[Component], *, crds: str, profile: str) -> list[tuple[str, str]]:
    """The components that make do without released CRDs, each with a sentence that says what gets these."""
    told: list[tuple[str, str]] = []
    for each in components:
        found = [find_crds(project, named=crds, profile=profile) for project in each.welcome_crds]
        missing = [one for one in found if not one.path]
        if missing:
            whose = ", ".join(one.name for one in missing)
            sentence = f"makes do without the released CRDs of {whose}; `{missing[0].remedy}` gets them"
            told.append((each.name, sentence))
    return told


@contextmanager
def naming_what_works(*, crds: str = "") -> Generator[None]:
    """Have an error that tells of what is missing say, too, which profiles lack nothing.

    Args:
        crds: the folder that the option `crds` names, or nothing.

    Raises:
        NotInstalled: as the block does.

    """
    try:
        yield
    except NotInstalled as error:
        works = _named(each for each in _all() if _can_be_had(each, crds)) or "none"
        hint = f"{error.hint}; as this machine is, there are: {works}."
        raise NotInstalled(error.what, where=error.where, hint=hint) from error


def _can_be_had(each: Profile, crds: str) -> bool:
    if each.unfit or (each.needs_root and os.geteuid() != 0):
        return False
    components = each.components(each.options({}))
    needed = projects_of(components).needed
    return all(find(name).path for name in programs_of(components)) and all(
        find_crds(project, named=crds).path for project in needed
    )


def _all() -> Iterable[Profile]:
    return PROFILES.values()


def _named(profiles: Iterable[Profile]) -> str:
    return ", ".join(each.name for each in profiles)
