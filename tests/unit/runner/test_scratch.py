"""What a killed runner leaves in the temporary folder is removed by the next one, and nothing else is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from opskit.runner.scratch import Scratch

MAKE = """
import time
from opskit.runner.scratch import Scratch
held = Scratch()
print(held.path, flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))


def test_a_killed_processes_folder_is_removed_and_a_living_ones_is_kept(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", MAKE], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        folder = Path(other.stdout.readline().strip())
        mine = Scratch()
        assert folder.is_dir()
        other.kill()
    assert folder.is_dir()
    again = Scratch()
    assert not folder.exists()
    assert mine.path.is_dir()
    for each in (mine, again):
        each.remove()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_being_made_is_kept_and_an_old_one_is_not(tmp_path: Path) -> None:
    young, old, foreign = (tmp_path / name for name in ("opskit-run-young", "opskit-run-old", "opskit-other"))
    for folder in (young, old, foreign):
        folder.mkdir()
    for folder in (old, foreign):
        os.utime(folder, (1, 1))
    Scratch().remove()
    assert [each.exists() for each in (young, old, foreign)] == [True, False, True]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.mkdir()
    (tmp_path / "opskit-run-link").symlink_to(target)
    os.utime(target, (1, 1))
    Scratch().remove()
    assert target.is_dir()
