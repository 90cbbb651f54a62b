"""`opskit rehearse` as a person runs it; `ceph` beside it is the witness of the witness."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from opskit.runner import catalogue, contract, stamps
from opskit.sandbox import Sandbox

pytestmark = pytest.mark.timeout(900)


def rehearse(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "opskit", "rehearse", *words, "--json"]
    env = {**os.environ, "OPSKIT_RUNS": str(folder / "runs")}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=800)
    print(done.stderr)
    return done


def test_an_osd_is_killed_and_brought_back_in_a_lent_sandbox(light: Sandbox, tmp_path: Path) -> None:
    own = tmp_path / "rook" / "osd-down.ipynb"
    own.parent.mkdir()
    shutil.copy(catalogue.find("rook/osd-down").path, own)
    done = rehearse(str(own), "-a", "osd=4", "--name", light.name, "--stamp", folder=tmp_path)
    assert done.returncode == 0, done.stdout
    told = json.loads(done.stdout)
    assert (told["led_by"], told["parameters"]) == ("rook/OSD_DOWN", {"osd": 4})
    assert told["well"] is True
    assert [each["well"] for each in told["witness"]] == [True]
    assert light.ceph("health")["status"] == "HEALTH_OK"
    assert json.loads((Path(told["run"]) / "run.json").read_text())["approved_by"].startswith("rehearsal by")
    stamped = contract.load(own)
    assert stamped.rehearsed is not None
    assert stamped.rehearsed.fault == "osd-down osd=4"
    assert stamped.proven == {"ceph": (told["versions"]["ceph"],), "kubernetes": ("1.37.2",)}
    assert stamps.stale(stamped) == ""


def test_what_only_looks_is_right_when_it_finds_what_the_tool_shows(light: Sandbox, tmp_path: Path) -> None:
    done = rehearse("rook/health", "--name", light.name, folder=tmp_path)
    told = json.loads(done.stdout)
    assert (done.returncode, told["well"]) == (0, False), told["sentence"]
    assert "OSD_DOWN" in told["witness"][0]["said"]
    assert light.ceph("health")["status"] == "HEALTH_OK", "a lent sandbox is mended"


def test_a_fault_that_leads_elsewhere_is_said_and_mended(light: Sandbox, tmp_path: Path) -> None:
    before = {each["osd"]: each["up"] for each in light.ceph("osd", "dump")["osds"]}
    done = rehearse("rook/osd-down", "--name", light.name, "--fault", "forgotten-flag", folder=tmp_path)
    assert done.returncode == 5
    assert "No finding led to rook/osd-down" in done.stderr
    assert {each["osd"]: each["up"] for each in light.ceph("osd", "dump")["osds"]} == before
    assert light.injected() == {}
