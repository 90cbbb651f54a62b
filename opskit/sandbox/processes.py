"""Processes of a sandbox: each in a session of its own, recorded, and found again after a crash.

A process is known by its PID together with the moment it started, so that a recycled PID is never
mistaken for it. Besides, each carries the sandbox's mark in its environment: what a killed `up` had
started but not yet recorded, and what a recorded process left behind, is found by the mark.
"""

import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

from opskit.core.errors import NotInstalled
from opskit.sandbox.files import private_folder, write_json
from opskit.sandbox.waiting import wait_until

MARK = "OPSKIT_SANDBOX"
"""The environment variable that marks every process of a sandbox: `<folder of records>`."""

_ENVIRONMENT_KEPT = (
    "PATH",
    "HOME",
    "LANG",
    "TZ",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "XDG_STATE_HOME",
    "XDG_CONFIG_HOME",
    "PYTHONPATH",
    "OPSKIT_PATIENCE",
)


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What to run."""

    argv: tuple[str, ...]
    env: dict[str, str] = {}
    """Added to a short environment of PATH, HOME, locale and the like: nothing else is inherited."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A process that was started, as its record says."""

    name: str
    pid: int
    started: int
    """Clock ticks from boot to the process's start (field 22 of /proc/PID/stat)."""
    boot: str
    argv: tuple[str, ...]


class Processes:
    """The processes of one sandbox.

    Args:
        folder: where the records are kept.
        logs: where each process's output goes, as `<name>.log`.

    """

    def __init__(self, folder: Path, *, logs: Path) -> None:
        self.folder = private_folder(folder)
        self.logs = private_folder(logs)

    def start(self, name: str, command: Command) -> Recorded:
        """Start a process in a session of its own and record it. Its output is appended to its log.

        Raises:
            NotInstalled: the program can't be executed.

        """
        log = os.open(self.log(name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        try:
            pid = os.posix_spawnp(
                command.argv[0],
                command.argv,
                self._environment(command.env),
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, null, 0),
                    *((os.POSIX_SPAWN_DUP2, log, fd) for fd in (1, 2)),
                    *((os.POSIX_SPAWN_CLOSE, fd) for fd in _inherited()),
                ],
                setsid=True,
                setsigdef=[signal.SIGPIPE, signal.SIGINT, signal.SIGTERM],
            )
        except OSError as error:
            raise NotInstalled(
                f"{command.argv[0]} can't be executed: {error.strerror}.",
                where=name,
                hint="`opskit sandbox build`.",
            ) from error
        finally:
            os.close(log)
            os.close(null)
        recorded = Recorded(name=name, pid=pid, started=_started(pid), boot=_boot(), argv=command.argv)
        write_json(self._record(name), recorded)
        return recorded

    def recorded(self, name: str) -> Recorded | None:
        """The record of that name, whether or not the process still runs."""
        try:
            return msgspec.json.decode(self._record(name).read_bytes(), type=Recorded)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def names(self) -> list[str]:
        """The names of all records, sorted."""
        return sorted(path.stem for path in self.folder.glob("*.json"))

    def alive(self, name: str) -> bool:
        """Whether the recorded process still runs."""
        recorded = self.recorded(name)
        return recorded is not None and _runs(recorded)

    def pid(self, name: str) -> int | None:
        """The PID of the process, None where it does not run."""
        recorded = self.recorded(name)
        return recorded.pid if recorded and _runs(recorded) else None

    def exit_code(self, name: str) -> int | None:
        """How the process ended, negative for a signal; None while it runs or where it is no child."""
        recorded = self.recorded(name)
        return None if recorded is None or _runs(recorded) else _exits.get(recorded.pid)

    def log(self, name: str) -> Path:
        """Where the output of the process goes."""
        return self.logs / f"{name}.log"

    def signal(self, name: str, number: signal.Signals) -> bool:
        """Send a signal to the process's whole session; whether there was anyone to receive it."""
        recorded = self.recorded(name)
        return recorded is not None and _signal(recorded, number)

    def stop(self, name: str, *, grace: float = 10.0) -> None:
        """End a process: SIGTERM, SIGKILL after the grace, and the record is forgotten.

        Args:
            name: of the record.
            grace: seconds; 0 kills at once.

        """
        recorded = self.recorded(name)
        if recorded is not None:
            _end([recorded], grace=grace)
            self._record(name).unlink(missing_ok=True)

    def stop_all(self, *, grace: float = 0.0) -> None:
        """End every process of this sandbox, recorded or only marked."""
        found = [recorded for name in self.names() if (recorded := self.recorded(name)) is not None]
        _end(found, grace=grace)
        for _ in range(50):
            marked = list(self.marked())
            if not marked:
                break
            _end(marked, grace=0.0)
        for name in self.names():
            self._record(name).unlink(missing_ok=True)

    def marked(self) -> Iterable[Recorded]:
        """Every running process of this user that carries this sandbox's mark."""
        mark = f"{MARK}={self.folder}".encode()
        for entry in Path("/proc").iterdir():
            if (
                entry.name.isdecimal()
                and int(entry.name) != os.getpid()
                and mark in _environ(entry).split(b"\0")
            ):
                pid = int(entry.name)
                recorded = Recorded(name="", pid=pid, started=_started(pid), boot=_boot(), argv=())
                if _runs(recorded):
                    yield recorded

    def _record(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _environment(self, added: Mapping[str, str]) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _ENVIRONMENT_KEPT if name in os.environ}
        return {**kept, **added, MARK: str(self.folder)}


def _inherited() -> list[int]:
    """Files that whoever started us left open: a server that held them would keep locks and pipes alive."""
    numbers = [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]
    return [fd for fd in numbers if fd > 2 and _is_inheritable(fd)]


def _is_inheritable(fd: int) -> bool:
    try:
        return os.get_inheritable(fd)
    except OSError:
        return False


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state (field 3) on; none where there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _started(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[19]) if fields else 0


def _environ(entry: Path) -> bytes:
    try:
        return (entry / "environ").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""


def _runs(recorded: Recorded) -> bool:
    fields = _stat(recorded.pid)
    same = bool(fields) and int(fields[19]) == recorded.started and recorded.boot == _boot()
    if same and fields[0] in "ZX":
        _reap(recorded.pid)
        return False
    return same


_exits: dict[int, int] = {}


def _reap(pid: int) -> None:
    """Take a dead child's exit status, so that it does not stay as a zombie."""
    try:
        reaped, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
    if reaped == pid:
        _exits[pid] = os.waitstatus_to_exitcode(status)


def _signal(recorded: Recorded, number: signal.Signals) -> bool:
    if not _runs(recorded):
        return False
    send: Callable[[int, int], None] = os.killpg if os.getpgid(recorded.pid) == recorded.pid else os.kill
    try:
        send(recorded.pid, number)
    except ProcessLookupError:
        return False
    return True


def _end(processes: list[Recorded], *, grace: float) -> None:
    if grace > 0:
        for process in processes:
            _signal(process, signal.SIGTERM)
            _signal(process, signal.SIGCONT)
        end = time.monotonic() + grace
        while time.monotonic() < end and any(_runs(process) for process in processes):
            time.sleep(0.02)
    for process in processes:
        _signal(process, signal.SIGKILL)
    wait_until(
        lambda: not any(_runs(process) for process in processes),
        what="killed processes are gone",
        deadline=20.0,
        every=0.01,
    )
