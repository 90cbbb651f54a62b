"""The run folder: `run.json verdict.json plan.json journal.jsonl notebook.ipynb report.html`, all 0600."""

import getpass
import os
import re
import secrets
import socket
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from opskit import __version__
from opskit.core.errors import BadValue, ConfigError, UnknownName, UsageError
from opskit.runner.files import make_private, write_private
from opskit.runner.record import Record

StopReason = Literal["SIGINT", "SIGTERM", "button", "deadline", "cell-timeout"]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")


class RunFolder:
    """One run's files.

    Args:
        path: the folder.

    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

    @property
    def notebook(self) -> Path:
        """The executed notebook."""
        return self.path / "notebook.ipynb"

    @property
    def report(self) -> Path:
        """The report that opens offline."""
        return self.path / "report.html"

    @property
    def plan(self) -> Path:
        """The plan, as it was reviewed or is to be."""
        return self.path / "plan.json"

    @property
    def approval(self) -> Path:
        """The approval that the plan was applied under."""
        return self.path / "approval.json"

    @property
    def journal(self) -> Path:
        """The journal of the changes."""
        return self.path / "journal.jsonl"

    @property
    def verdict(self) -> Path:
        """What is true at the end."""
        return self.path / "verdict.json"

    @property
    def log(self) -> Path:
        """Full tracebacks, scrubbed."""
        return self.path / "log.txt"

    @property
    def _record(self) -> Path:
        return self.path / "run.json"

    def read(self) -> Record:
        """run.json as it stands.

        Raises:
            ConfigError: it is damaged.

        """
        try:
            return msgspec.json.decode(self._record.read_bytes(), type=Record)
        except (OSError, msgspec.MsgspecError) as error:
            raise ConfigError(f"run.json can't be read: {error}.", where=str(self.path)) from None

    def write(self, record: Record) -> Record:
        """Replace run.json."""
        self.save(self._record, record)
        return record

    def update(self, **fields: Any) -> Record:
        """Change some fields of run.json."""
        return self.write(msgspec.structs.replace(self.read(), **fields))

    def save(self, path: Path, value: Any) -> None:
        """Write a value as JSON that a person can read, scrubbed of secrets."""
        from opskit.core.secrets import scrub

        text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
        write_private(path, scrub(text).encode())

    def log_text(self, text: str) -> None:
        """Append to the log, scrubbed."""
        from opskit.core.secrets import scrub

        number = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {scrub(text)}\n")

    @property
    def stop_reason(self) -> StopReason | None:
        """Why the run was asked to stop, or None."""
        try:
            text = (self.path / "stop").read_text()
        except FileNotFoundError:
            return None
        reasons: tuple[StopReason, ...] = ("SIGINT", "SIGTERM", "button", "deadline", "cell-timeout")
        for reason in reasons:
            if reason == text.strip():
                return reason
        return "button"

    def request_stop(self, reason: StopReason) -> None:
        """Ask the run to stop at the next step boundary. The first reason stays."""
        part = self.path / f".stop.{secrets.token_hex(4)}"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(reason)
        with suppress(FileExistsError):
            (self.path / "stop").hardlink_to(part)
        part.unlink()

    def clear_stop(self) -> None:
        """Forget a stop request, so that a resume can go on."""
        (self.path / "stop").unlink(missing_ok=True)


def runs_home() -> Path:
    """Where runs are kept: `$OPSKIT_RUNS`, else `opskit/runs` in the XDG state folder."""
    if named := os.environ.get("OPSKIT_RUNS"):
        return Path(named).expanduser()
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "opskit" / "runs"


def create(
    runbook: str, *, out: Path | None = None, mode: str = "headless", fields: Mapping[str, Any] | None = None
) -> RunFolder:
    """A new run's folder, with its run.json.

    Args:
        runbook: its name.
        out: the folder to use; None is a new one in `runs_home()`. Runs elsewhere are linked from there.
        mode: `headless` or `interactive`.
        fields: more of run.json.

    Raises:
        BadValue: `out` already holds a run.
        ConfigError: the folder can't be made.

    """
    now = datetime.now(UTC)
    run = f"{now:%Y%m%d-%H%M%S}-{runbook.replace('/', '-')}-{secrets.token_hex(3)}"
    path = (out or runs_home() / run).absolute()
    if (path / "run.json").exists():
        raise BadValue("This folder already holds a run.", where=str(path), hint="give --out another folder")
    make_private(runs_home())
    folder = RunFolder(make_private(path))
    record = Record(run=run, runbook=runbook, started=now, mode=mode, **_origin(), **(fields or {}))
    try:
        folder.write(record)
        if out:
            (runs_home() / run).symlink_to(path)
    except OSError as error:
        raise ConfigError(f"The run folder can't be written: {error.strerror}.", where=str(path)) from None
    return folder


def find(run: str) -> RunFolder:
    """A run by its id, the beginning of it, or its folder.

    Raises:
        UnknownName: there is none.
        BadValue: several begin like this.

    """
    if (Path(run) / "run.json").is_file():
        return RunFolder(Path(run).absolute())
    known = {path.name: path for path in _entries()} if _ID.fullmatch(run) else {}
    found = [run] if run in known else [name for name in known if name.startswith(run)]
    if len(found) > 1:
        raise BadValue(f"{len(found)} runs begin with {run!r}.", hint="write more of it; see `opskit runs`")
    if not found:
        raise UnknownName.among("run", run, sorted(known)[-20:], where=str(runs_home()))
    return RunFolder(known[found[0]].resolve())


def every() -> list[tuple[RunFolder, Record]]:
    """All runs that can be read, newest first."""
    found: list[tuple[RunFolder, Record]] = []
    for path in _entries():
        folder = RunFolder(path)
        try:
            found.append((folder, folder.read()))
        except UsageError:
            continue
    return sorted(found, key=lambda each: each[1].started, reverse=True)


def alive(record: Record) -> bool:
    """Whether the process that leads the run still lives, on this host."""
    return record.host == socket.gethostname() and process_started(record.pid) == record.pid_started


def process_started(pid: int) -> float:
    """Clock ticks since boot at which a process began; 0 when it is gone or can't be told."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    return float(stat.rpartition(")")[2].split()[19])


def _entries() -> list[Path]:
    home = runs_home()
    return [path for path in home.iterdir() if (path / "run.json").is_file()] if home.is_dir() else []


def _origin() -> dict[str, Any]:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    pid = os.getpid()
    started = process_started(pid)
    return {
        "user": user,
        "host": socket.gethostname(),
        "pid": pid,
        "pid_started": started,
        "opskit": __version__,
    }
