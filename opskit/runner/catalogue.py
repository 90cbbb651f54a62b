"""Where runbooks come from: those shipped with opskit, and a team's own folders."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from opskit.core.errors import NotARunbook, UnknownName
from opskit.runner import contract
from opskit.runner.contract import Runbook

_PACKAGE = Path(__file__).resolve().parents[1]


def shipped() -> Path:
    """The folder of the runbooks that come with opskit: the wheel's, else the checkout's."""
    wheel = _PACKAGE / "_runbooks"
    return wheel if wheel.is_dir() else _PACKAGE.parent / "runbooks"


def folders(extra: Iterable[Path] = ()) -> list[Path]:
    """Every folder that is looked in; of runbooks with the same name, the first one's counts.

    Args:
        extra: those of `--path`. Then come `$OPSKIT_RUNBOOKS` (separated by `:`), `runbooks` of
            `opskit.toml`, and the shipped ones.

    """
    named = os.environ.get("OPSKIT_RUNBOOKS", "").split(os.pathsep)
    given = [*extra, *(Path(each).expanduser() for each in named if each), *_configured()]
    return list(dict.fromkeys(path.absolute() for path in (*given, shipped())))


def files(extra: Iterable[Path] = ()) -> dict[str, Path]:
    """Every notebook of the catalogue's folders by its name, runbook or not."""
    found: dict[str, Path] = {}
    for folder in folders(extra):
        for path in sorted(folder.glob("*/*.ipynb")):
            if not path.parent.name.startswith("."):
                found.setdefault(f"{path.parent.name}/{path.stem}", path)
    return dict(sorted(found.items()))


def every(extra: Iterable[Path] = ()) -> list[Runbook]:
    """All runbooks whose contract holds, by name."""
    return [each for each in checked(extra) if isinstance(each, Runbook)]


def checked(extra: Iterable[Path] = ()) -> Iterator[Runbook | NotARunbook]:
    """Each notebook of the catalogue: its contract, or what is wrong with it."""
    for path in files(extra).values():
        try:
            yield contract.load(path)
        except NotARunbook as error:
            yield error


def find(name: str, extra: Iterable[Path] = ()) -> Runbook:
    """A runbook by its name, or by its file's path.

    Raises:
        UnknownName: there is none; the message names the nearest.
        NotARunbook: the notebook has no contract, or a wrong one.

    """
    known = files(extra)
    if name in known:
        return contract.load(known[name])
    if name.endswith(".ipynb"):
        return contract.load(Path(name))
    raise UnknownName.among("runbook", name, known, where=", ".join(map(str, folders(extra))))


def _configured() -> list[Path]:
    """`runbooks` of `opskit.toml`, relative to the file."""
    from opskit.core import config

    path = config.find()
    return [path.parent / Path(each).expanduser() for each in config.load().runbooks] if path else []
