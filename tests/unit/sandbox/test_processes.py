import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from opskit.core.errors import NotInstalled
from opskit.sandbox.processes import MARK, Command, Processes
from opskit.sandbox.waiting import wait_until

SLEEP = Command(argv=("sleep", "600"))


@pytest.fixture
def processes(tmp_path: Path):
    made = Processes(tmp_path / "processes", logs=tmp_path / "logs")
    yield made
    made.stop_all()


def test_a_process_is_recorded_and_ended(processes: Processes) -> None:
    recorded = processes.start("a", SLEEP)
    assert processes.alive("a")
    assert os.getsid(recorded.pid) == recorded.pid
    processes.stop("a")
    assert not Path(f"/proc/{recorded.pid}").exists()
    assert processes.names() == []


def test_another_object_finds_it_by_its_record(processes: Processes, tmp_path: Path) -> None:
    pid = processes.start("a", SLEEP).pid
    again = Processes(tmp_path / "processes", logs=tmp_path / "logs")
    assert again.pid("a") == pid
    again.stop("a")
    assert not processes.alive("a")


@pytest.mark.parametrize("changed", [{"started": 1}, {"boot": "another boot"}])
def test_a_recycled_pid_is_never_touched(processes: Processes, changed: dict[str, object]) -> None:
    bystander = subprocess.Popen(["sleep", "600"])
    recorded = processes.start("a", SLEEP)
    lie = msgspec.structs.replace(recorded, pid=bystander.pid, **changed)
    (processes.folder / "b.json").write_bytes(msgspec.json.encode(lie))
    assert not processes.alive("b")
    assert not processes.signal("b", signal.SIGKILL)
    processes.stop_all()
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_what_was_started_but_not_recorded_is_found_by_its_mark(processes: Processes) -> None:
    env = {**os.environ, MARK: str(processes.folder)}
    lost = subprocess.Popen(["sleep", "600"], env=env, start_new_session=True)
    wait_until(lambda: lost.pid in {each.pid for each in processes.marked()}, what="it is found", deadline=10)
    processes.stop_all()
    assert lost.poll() is not None or lost.wait(timeout=10) == -signal.SIGKILL


def test_children_go_with_their_parent(processes: Processes, tmp_path: Path) -> None:
    child = tmp_path / "child"
    script = "import subprocess, sys; p = subprocess.Popen(['sleep', '600']); "
    script += "open(sys.argv[1], 'w').write(str(p.pid)); p.wait()"
    processes.start("a", Command(argv=(sys.executable, "-c", script, str(child))))
    wait_until(lambda: child.exists() and child.read_text() != "", what="the child is there", deadline=20)
    processes.stop_all()
    wait_until(lambda: _gone(int(child.read_text())), what="the child is gone", deadline=10)


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_the_exit_code_is_told_and_output_is_kept(processes: Processes) -> None:
    processes.start("a", Command(argv=(sys.executable, "-c", "print('hello'); raise SystemExit(3)")))
    wait_until(lambda: not processes.alive("a"), what="it ended", deadline=20)
    assert processes.exit_code("a") == 3
    assert processes.log("a").read_text() == "hello\n"
    assert processes.log("a").stat().st_mode & 0o777 == 0o600


def test_a_program_that_is_not_there(processes: Processes) -> None:
    with pytest.raises(NotInstalled, match="no-such-program"):
        processes.start("a", Command(argv=("no-such-program",)))


def test_secrets_of_the_environment_are_not_inherited(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_TOKEN", "canary")
    pid = processes.start("a", SLEEP).pid
    assert b"canary" not in Path(f"/proc/{pid}/environ").read_bytes()


def test_a_server_holds_nothing_of_who_started_it(processes: Processes, tmp_path: Path) -> None:
    lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    os.set_inheritable(lock, True)
    pid = processes.start("a", SLEEP).pid
    own = {os.devnull, str(processes.log("a"))}
    # While it starts, the loader holds a library for a moment.
    wait_until(
        lambda: _held(pid) == own, what="it holds its own alone", deadline=10.0, state=lambda: str(_held(pid))
    )
    os.close(lock)


def _held(pid: int) -> set[str]:
    found: set[str] = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(str(entry.readlink()))
    return found
