"""The file of a snapshot: a zip of answers, and a manifest that names, measures and hashes each.

`manifest.json` holds a `Manifest`; its own SHA-256 stands in the archive's comment. The file is
meant to be detected when damaged, not to be proof against somebody who rewrites all of it.
"""

from datetime import datetime
from typing import Any

import msgspec

from opskit.core import errors
from opskit.core.errors import DeadlineExceeded, ReadError, ToolFailed, Unreachable
from opskit.core.findings import Data
from opskit.core.reads import ClusterInfo, Read

FORMAT = 1
MANIFEST = "manifest.json"
COMMENT = b"opskit snapshot, manifest sha256:"
SUFFIX = ".opskit"


class Part(Data, frozen=True):
    """One file of the archive: an answer's body, or one page of a list."""

    name: str
    size: int
    """Bytes, uncompressed."""
    sha256: str


class Failure(Data, frozen=True):
    """A read that failed, to be raised again as it was."""

    error: str
    """The class's name."""
    what: str
    where: str = ""
    hint: str = ""
    sent: bool | None = None
    exit_code_of_tool: int = 0
    stderr: str = ""


class Entry(Data, frozen=True):
    """One read and what came of it."""

    read: Read
    parts: tuple[Part, ...] = ()
    exit_code: int = 0
    stderr: str = ""
    status: int = 200
    failure: Failure | None = None


class Manifest(Data, frozen=True):
    """What a snapshot holds."""

    format: int
    info: ClusterInfo
    taken: datetime
    settings: dict[str, dict[str, Any]]
    """What `opskit.toml` said of the systems, so that the same reads are asked again."""
    entries: tuple[Entry, ...] = ()


class Header(msgspec.Struct, frozen=True):
    """The part of a manifest that every format keeps."""

    format: int = 0


def failure_of(error: ReadError) -> Failure:
    """The error as data."""
    tool = error if isinstance(error, ToolFailed) else None
    return Failure(
        error=type(error).__name__,
        what=error.what,
        where=error.where,
        hint=error.hint,
        sent=getattr(error, "sent", None),
        exit_code_of_tool=tool.exit_code_of_tool if tool else 0,
        stderr=tool.stderr if tool else "",
    )


def error_of(failure: Failure) -> ReadError:
    """The recorded error, made anew."""
    told: dict[str, Any] = {"where": failure.where, "hint": failure.hint}
    kind = _kind(failure.error)
    if issubclass(kind, ToolFailed):
        told |= {"exit_code_of_tool": failure.exit_code_of_tool, "stderr": failure.stderr}
    if issubclass(kind, Unreachable | DeadlineExceeded):
        told |= {"sent": failure.sent}
    return kind(failure.what, **told)


def _kind(name: str) -> type[ReadError]:
    kind = getattr(errors, name, None)
    return kind if isinstance(kind, type) and issubclass(kind, ReadError) else ReadError
