"""What a process tree holds and spends, children included."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from opskit.sandbox.usage import held_mib, spent_seconds

BUSY = "import os, time; b = bytearray(os.urandom(60 << 20)); print(len(b), flush=True); time.sleep(600)"
NEST = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}])"


@pytest.fixture
def parent() -> Iterator[int]:
    with subprocess.Popen(
        [sys.executable, "-c", NEST], stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == str(60 << 20).encode()
        yield process.pid
        subprocess.run(["pkill", "-KILL", "-s", str(process.pid)], check=False)


def test_a_childs_memory_and_time_count(parent: int) -> None:
    assert 60 <= held_mib([parent]) <= 200
    assert held_mib([parent, parent]) == held_mib([parent])
    assert spent_seconds([parent]) > 0.0


def test_one_that_is_gone_holds_nothing() -> None:
    done = subprocess.Popen(["true"])
    done.wait()
    assert (held_mib([done.pid]), spent_seconds([done.pid])) == (0, 0.0)
