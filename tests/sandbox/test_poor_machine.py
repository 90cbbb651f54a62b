"""A machine that lacks ports, disk space or Go, for real: in a mount and network view of the test's own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from opskit.sandbox.profiles import PROFILES

pytestmark = pytest.mark.timeout(600)

ROOT = Path(__file__).parents[2]
VIEW = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
PROFILE, NAME = "platform", "poor"


def opskit(*words: str) -> str:
    return f"{sys.executable} -m opskit sandbox {' '.join(words)}"


UP = opskit("up", "--profile", PROFILE, "--name", NAME)
DOWN = opskit("down", "--name", NAME)

TAKE_PORTS = """
import os, resource, socket, subprocess, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
held = []
for port in range(20000, int(sys.argv[1])):
    held.append(socket.socket())
    held[-1].bind(("127.0.0.1", port))
sys.exit(subprocess.run(sys.argv[2], shell=True).returncode)
"""
"""Binds every port of the sandbox's range below the one named, and runs a command meanwhile."""

FILL_DISK = """
import errno, os, subprocess, sys, time
state, up = sys.argv[1:]
process = subprocess.Popen(up, shell=True)
while not os.path.exists(f"{state}/opskit/sandbox/poor/processes/etcd.json") and process.poll() is None:
    time.sleep(0.01)
with open(f"{state}/filler", "wb", buffering=0) as filler:
    try:
        while process.poll() is None:
            filler.write(bytes(1 << 20))
    except OSError as error:
        assert error.errno == errno.ENOSPC
sys.exit(process.wait())
"""
"""Runs `up`, and fills the disk as soon as etcd has been started."""


def script(tmp_path: Path, name: str, text: str) -> str:
    (tmp_path / name).write_text(text)
    return f"{sys.executable} {tmp_path / name}"


def in_a_view(tmp_path: Path, *lines: str, disk_mib: int = 4096) -> subprocess.CompletedProcess[str]:
    """Run shell lines where the sandboxes' folder is a disk of that size, and nobody else is."""
    if os.geteuid() != 0:
        pytest.skip("a view of the machine of its own needs root")
    state = tmp_path / "state"
    state.mkdir()
    start = ("set -e", "ip link set lo up", f"mount -t tmpfs -o size={disk_mib}m tmpfs {state}")
    env = {**os.environ, "XDG_STATE_HOME": str(state), "PYTHONPATH": str(ROOT)}
    argv = [*VIEW, "sh", "-c", "\n".join((*start, *lines))]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=500)
    print(done.stdout, done.stderr)
    return done


def test_taken_ports_are_passed_over(tmp_path: Path) -> None:
    taker = script(tmp_path, "take.py", TAKE_PORTS)
    done = in_a_view(tmp_path, f"{taker} 29900 '{UP}'", DOWN)
    assert done.returncode == 0
    assert f"{NAME} is up" in done.stderr


def test_without_any_port_it_says_so_and_down_works(tmp_path: Path) -> None:
    taker = script(tmp_path, "take.py", TAKE_PORTS)
    done = in_a_view(tmp_path, f"{taker} 30000 '{UP}' || echo ended with $?", DOWN, "find $XDG_STATE_HOME")
    assert "ended with 6" in done.stdout
    assert "No TCP port is free on this machine" in done.stderr
    assert NAME not in done.stdout.partition("ended with 6")[2]


def test_a_nearly_full_disk_is_refused_with_nothing_started(tmp_path: Path) -> None:
    free = PROFILES["light"].disk_mib + 20
    done = in_a_view(tmp_path, f"{UP} || echo ended with $?", "find $XDG_STATE_HOME", disk_mib=free)
    assert "ended with 5" in done.stdout
    said = " ".join(done.stderr.split())
    assert "The disk is nearly full" in said
    assert "there is room for: light, network, trust, mesh" in said
    assert "sandbox.json" not in done.stdout


def test_a_disk_that_fills_up_meanwhile_is_told_and_down_works(tmp_path: Path) -> None:
    filler = script(tmp_path, "fill.py", FILL_DISK)
    run = f"{filler} $XDG_STATE_HOME '{UP}' || echo ended with $?"
    disk = PROFILES[PROFILE].disk_mib + 20
    done = in_a_view(tmp_path, run, DOWN, "find $XDG_STATE_HOME", disk_mib=disk)
    assert done.returncode == 0
    assert "ended with 6" in done.stdout
    assert "The disk is full: 0 MiB are free" in done.stderr
    assert "Next: free some space" in done.stderr
    assert "sandbox.json" not in done.stdout


def test_without_go_it_says_where_to_get_it_and_what_works(tmp_path: Path) -> None:
    without_go = [folder for folder in os.environ["PATH"].split(":") if not (Path(folder) / "go").exists()]
    env = {**os.environ, "PATH": ":".join(without_go), "XDG_CACHE_HOME": str(tmp_path)}
    argv = [sys.executable, "-m", "opskit", "sandbox", "build", "--profile", PROFILE]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=120)
    said = " ".join(done.stderr.split())
    assert done.returncode == 5
    assert "must be built, and Go is missing" in said
    assert "https://go.dev/dl" in said
    assert "as this machine is, there are: none" in said
