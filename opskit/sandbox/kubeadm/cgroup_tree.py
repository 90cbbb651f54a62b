"""Taking away a cgroup with all below it, which either version does in the same way."""

import errno
from pathlib import Path

from opskit.core.errors import OpsError, Unreachable
from opskit.sandbox.waiting import wait_until


def remove(top: Path) -> None:
    """Remove a cgroup and all below it, as soon as the kernel lets go of each; it need not be there."""
    for folder in _deepest_first(top):
        wait_until(lambda folder=folder: _removed(folder), what=f"{folder} is free", deadline=20.0)


def _deepest_first(top: Path) -> list[Path]:
    below = [path for path in top.rglob("*") if path.is_dir()]
    return [*sorted(below, key=lambda path: len(path.parts), reverse=True), *([top] if top.is_dir() else [])]


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError as error:
        raise _busy(folder, error) from error
    return True


def _busy(folder: Path, error: OSError) -> OpsError:
    word = "busy" if error.errno == errno.EBUSY else str(error)
    return Unreachable(
        f"The cgroup can't be removed: {word}.", where=str(folder), hint="see its cgroup.procs"
    )
