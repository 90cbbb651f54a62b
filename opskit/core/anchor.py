"""Where a journal's head is kept outside of the journal, so that a rewritten journal is noticed."""

import os
from contextlib import suppress
from pathlib import Path

import msgspec
import platformdirs

from opskit.core.errors import JournalDamaged
from opskit.core.findings import Data


class Head(Data, frozen=True):
    """The last record of a journal, and the one that is just being appended."""

    seq: int = 0
    hash: str = ""
    coming: str = ""
    """Hash of record `seq + 1` while it is being written; the file may hold it or not."""


class Anchor:
    """One run's head, in the user's state folder.

    Args:
        run: the run's id.
        folder: where heads are kept; the default is `heads` in the user's state folder.

    """

    def __init__(self, run: str, *, folder: Path | None = None) -> None:
        root = folder or Path(platformdirs.user_state_path("opskit")) / "heads"
        self.path = root / f"{run}.json"

    def read(self) -> Head | None:
        """The head; None when there is none.

        Raises:
            JournalDamaged: the file holds something else.

        """
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Head)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise JournalDamaged(
                f"The journal's head can't be read: {error}",
                where=str(self.path),
                hint="find out who changed it; look at the system itself before anything else is done",
            ) from error

    def write(self, head: Head) -> None:
        """Replace the head, durably.

        Raises:
            OSError: it could not be made durable; the former head is kept.

        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_durably(self.path, msgspec.json.encode(head) + b"\n")


def replace_durably(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 by rename, so that it is old or new, never torn.

    Raises:
        OSError: nothing was replaced.

    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_all(descriptor: int, content: bytes) -> None:
    """Write every byte, or raise OSError."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_folder(folder: Path) -> None:
    """Make a file's name durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
