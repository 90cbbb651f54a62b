"""Short-lived folders that a killed process leaves behind, and that the next one removes."""

import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

_PREFIX = "opskit-run-"
_HELD = "held"
_YOUNG = 600.0
"""Seconds in which a folder without its lock may still be one that is being made."""


class Scratch:
    """A folder of one process, held by a lock that ends with it, whatever ends it.

    Attributes:
        path: the folder, which only its owner can enter.

    """

    def __init__(self) -> None:
        sweep()
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = (self.path / _HELD).open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def sweep() -> None:
    """Remove the folders of this user's processes that are gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if _left(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _left(folder: Path) -> bool:
    try:
        about = folder.lstat()
    except FileNotFoundError:
        return False
    if about.st_uid != os.getuid() or folder.is_symlink():
        return False
    try:
        with (folder / _HELD).open() as lock:
            # A lock, not a process id: processes of another container have ids that mean nothing here.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return time.time() - about.st_mtime > _YOUNG
    except OSError:
        return False
    return True
