"""Where the released CRDs of a project are, and how they are had: in folders, or in the cache."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

import msgspec
import platformdirs

from opskit.core.errors import NotInstalled, UnknownName, Unreachable
from opskit.sandbox.binaries import Found, build_command
from opskit.sandbox.component import Component
from opskit.sandbox.downloads import download
from opskit.sandbox.files import locked, private_folder, write_private
from opskit.sandbox.pins import ReleasedCrds, released_crds

BESIDE = Path(__file__).parents[3] / "shared" / "crds"
"""The folder beside a checkout that is looked in."""


class Projects(msgspec.Struct, frozen=True, kw_only=True):
    """Whose released CRDs some components use."""

    needed: tuple[str, ...] = ()
    """Nothing works without these."""
    welcome: tuple[str, ...] = ()
    """What uses these makes do without."""

    @property
    def all(self) -> tuple[str, ...]:
        """All, the needed ones first."""
        return self.needed + self.welcome


def projects_of(components: Sequence[Component]) -> Projects:
    """The projects whose released CRDs the components use, each once, in order."""
    needed = dict.fromkeys(project for each in components for project in each.crds)
    welcome = dict.fromkeys(project for each in components for project in each.welcome_crds)
    return Projects(needed=tuple(needed), welcome=tuple(each for each in welcome if each not in needed))


def find_crds(project: str, *, named: str = "", profile: str = "") -> Found:
    """Look for the released CRDs of a project.

    Args:
        project: as `crds.toml` has it, e.g. `rook`.
        named: a folder that is asked first, as the option `crds` names one.
        profile: the one that they are for, for the remedy.

    Returns:
        Its path is a folder of files; its source `--crds`, `OPSKIT_CRDS`, `shared/crds`, `cache`, or empty.

    """
    for source, folder in _folders(named):
        if any((Path(folder) / project).glob("*.y*ml")):
            return Found(name=project, path=str(Path(folder) / project), source=source)
    wanted = released_crds().get(project)
    if wanted is not None and cache_folder(wanted).is_dir():
        path = str(cache_folder(wanted))
        return Found(name=project, path=path, source="cache", version=wanted.commit[:12])
    return Found(name=project, remedy=build_command(profile))


def require_crds(projects: Sequence[str], *, named: str = "", profile: str = "") -> None:
    """See that the released CRDs of all projects are there.

    Raises:
        NotInstalled: some are missing; the message has the command that gets them.

    """
    found = [find_crds(project, named=named, profile=profile) for project in projects]
    missing = [each for each in found if not each.path]
    if missing:
        names = ", ".join(each.name for each in missing)
        raise NotInstalled(
            f"Released CRDs are missing: {names}.",
            where="--crds, OPSKIT_CRDS, cache",
            hint=f"run `{missing[0].remedy}`, or {_by_hand(each.name for each in missing)}",
        )


def get_crds(projects: Sequence[str], *, profile: str, progress: Callable[[str], None]) -> None:
    """Download into the cache what is in no folder.

    Args:
        projects: as `crds.toml` has them.
        profile: the one that they are for, for messages.
        progress: told what is being done.

    Raises:
        Unreachable: a file could not be had; the message says what else can be done.
        BadAnswer: a file is another one than the pinned one.

    """
    missing = [project for project in projects if not find_crds(project).path]
    for number, project in enumerate(missing, start=1):
        wanted = _pinned(project)
        progress(f"[{number}/{len(missing)}] CRDs of {project}: {len(wanted.files)} from {wanted.repository}")
        again = f"run `{build_command(profile)}` again where this address can be reached"
        _fetch(wanted, hint=f"{again}, or {_by_hand(missing[number - 1 :])}.")


def get_what_can_be_had(projects: Projects, *, profile: str, progress: Callable[[str], None]) -> None:
    """Download what is in no folder; what the profile makes do without may be out of reach.

    Args:
        projects: whose CRDs.
        profile: the one that they are for, for messages.
        progress: told what is being done, and what could not be had.

    Raises:
        Unreachable: a file that is needed could not be had; the message says what else can be done.
        BadAnswer: a file is another one than the pinned one.

    """
    get_crds(projects.needed, profile=profile, progress=progress)
    try:
        get_crds(projects.welcome, profile=profile, progress=progress)
    except Unreachable as error:
        whose = ", ".join(each for each in projects.welcome if not find_crds(each).path)
        progress(f"{profile} makes do without the released CRDs of {whose}. {error}")


def cache_folder(wanted: ReleasedCrds) -> Path:
    """Where they are kept once downloaded: the folder's name changes with every pin."""
    pins = [wanted.repository, wanted.commit, *(f"{path} {pin}" for path, pin in wanted.files.items())]
    key = hashlib.sha256("\n".join(pins).encode()).hexdigest()[:12]
    return _cache() / f"{wanted.project}-{key}"


def _cache() -> Path:
    return platformdirs.user_cache_path("opskit") / "crds"


def _folders(named: str) -> list[tuple[str, str]]:
    told = (("--crds", named), ("OPSKIT_CRDS", os.environ.get("OPSKIT_CRDS", "")))
    return [*(each for each in told if each[1]), ("shared/crds", str(BESIDE))]


def _pinned(project: str) -> ReleasedCrds:
    known = released_crds()
    if project not in known:
        raise UnknownName.among("project of CRDs", project, known, where="crds.toml")
    return known[project]


def _fetch(wanted: ReleasedCrds, *, hint: str) -> None:
    """Get all files, or none: a folder that is there is whole."""
    target = cache_folder(wanted)
    private_folder(_cache().parent)
    with locked(_cache() / "lock"):
        if target.is_dir():
            return
        temporary = target.with_suffix(".part")
        shutil.rmtree(temporary, ignore_errors=True)
        try:
            private_folder(temporary)
            for path, sha256 in wanted.files.items():
                name = f"{wanted.project}/{PurePosixPath(path).name}"
                content = download(name, wanted.address(path), sha256=sha256, hint=hint)
                write_private(temporary / PurePosixPath(path).name, content)
            temporary.replace(target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _by_hand(projects: Iterable[str]) -> str:
    folders = ", ".join(f"`{project}/`" for project in projects)
    return f"name a folder that holds {folders} with the released files: --crds, or OPSKIT_CRDS"
