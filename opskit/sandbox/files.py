"""Private files and folders, written whole or not at all, and locks between processes."""

import fcntl
import os
import stat
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from opskit.core.errors import ConfigError, LockHeld


def private_folder(path: Path) -> Path:
    """Make the folder (0700) and its parents, and refuse one that belongs to somebody else.

    Raises:
        ConfigError: it is a link, a file, or another user's.

    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise ConfigError(
            "A folder of the sandbox is not this user's own.",
            where=str(path),
            hint="move it away and try again.",
        )
    path.chmod(0o700)
    return path


def write_private(path: Path, content: str | bytes) -> Path:
    """Write a file (0600) by rename, so that a reader sees the old or the new one whole."""
    data = content.encode() if isinstance(content, str) else content
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    Path(temporary).replace(path)
    return path


def write_json(path: Path, value: Any) -> Path:
    """Write a value as private JSON."""
    return write_private(path, msgspec.json.format(msgspec.json.encode(value), indent=1))


def read_json(path: Path, default: Any = None) -> Any:
    """The JSON of a file, or the default where there is no file."""
    try:
        return msgspec.json.decode(path.read_bytes())
    except FileNotFoundError:
        return default


@contextmanager
def locked(path: Path, *, wait: bool = True, busy: str = "") -> Generator[None]:
    """Hold an exclusive lock on a file for the block; the kernel frees it when the process ends.

    Args:
        path: the lock's file; it is made where missing, and a holder may remove it.
        wait: whether to wait for another holder.
        busy: what to say when another one holds it and `wait` is false.

    Raises:
        LockHeld: somebody else holds it and `wait` is false.

    """
    private_folder(path.parent)
    with os.fdopen(_lock(path, wait=wait, busy=busy), "rb"):
        yield


def _lock(path: Path, *, wait: bool, busy: str) -> int:
    """An open descriptor that holds the lock on the file that is there now: its last holder may remove it."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            os.close(handle)
            raise LockHeld(busy or "Somebody else is at work there.", where=str(path)) from error
        if path.exists() and path.stat().st_ino == os.fstat(handle).st_ino:
            return handle
        os.close(handle)
