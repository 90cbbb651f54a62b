"""The command line: results on standard output, sentences on standard error, the exit codes."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from opskit.cli.main import app
from opskit.core.plan import Delete, Draft, Lock, Plan, Step, Target

runner = CliRunner()


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPSKIT_RUNS", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "no-kubeconfig"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "rook/helth"], "did you mean rook/health"),
        (["run"], "Name one runbook"),
        (["run", "rook/health", "--many", "x"], "Name one runbook"),
        (["run", "rook/osd-down"], "'osd' is required"),
        (["run", "rook/osd-down", "-p", "osd=x", "-p", "odd=1"], "2 parameters are wrong"),
        (["run", "rook/health", "-p", "cluster"], "has no value"),
        (["run", "rook/health", "-p", "cluster=a", "--cluster", "b"], "Two clusters"),
        (["run", "rook/health", "--fail-on", "bad"], "no severity named 'bad'"),
        (["run", "rook/health", "--timeout", "5"], "--timeout"),
        (["run", "--many", "nowhere.jsonl"], "nowhere.jsonl"),
        (["run", "nowhere.ipynb"], "no notebook"),
        (["plan", "rook/health"], "changes nothing"),
        (["approve", "nothing"], "no run named 'nothing'"),
        (["resume", "nothing"], "no run named"),
        (["undo", "nothing"], "no run named"),
        (["verify", "nothing"], "no run named"),
        (["findings", "--cluster", "nowhere"], "nowhere"),
        (["findings", "--system", "rok"], "did you mean rook"),
        (["diff", "a.opskit", "b.opskit"], "a.opskit"),
        (["capture", "--cluster", "nowhere", "-o", "x"], "nowhere"),
    ],
)
def test_wrong_use(arguments: list[str], said: str) -> None:
    ended = runner.invoke(app, arguments)
    assert ended.exit_code == 2, ended.output
    assert said in ended.stderr
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr


def test_the_catalogue() -> None:
    ended = runner.invoke(app, ["runbooks", "--json"])
    entries = json.loads(ended.stdout)
    assert {"name", "title", "system", "summary", "risk", "parameters", "proven"} == set(entries[0])
    assert "rook/health" in [entry["name"] for entry in entries]
    assert "rook/health" in runner.invoke(app, ["runbooks"]).stdout
    assert runner.invoke(app, ["runbooks", "--check"]).exit_code == 0


def test_no_runs_yet() -> None:
    assert json.loads(runner.invoke(app, ["runs", "--json"]).stdout) == []


def plan(confirm: str = "") -> Plan:
    step = Step(
        id="purge",
        title="Purge",
        action=Delete(),
        target=Target(kind="osd", name="3"),
        reason="r",
        confirm=confirm,
    )
    draft = Draft(title="T", steps=(step,), goal=(), lock=Lock(namespace="n", name="l"))
    return Plan(
        runbook="rook/x",
        system="rook",
        title=draft.title,
        cluster="c",
        cluster_uid="u",
        parameters={},
        code="",
        lock=draft.lock,
        steps=draft.steps,
        goal=(),
        made=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_approve(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(msgspec.json.encode(plan("osd.3")))
    refused = runner.invoke(app, ["approve", str(path), "--by", "me"])
    assert refused.exit_code == 4
    assert "--confirm osd.3" in refused.stderr
    ended = runner.invoke(app, ["approve", str(path), "--by", "me", "--until", "2h", "--confirm", "osd.3"])
    assert ended.exit_code == 0
    approval = json.loads(Path(ended.stdout.strip()).read_text())
    assert (approval["by"], approval["plan_hash"]) == ("me", plan("osd.3").hash)
    assert Path(ended.stdout.strip()).stat().st_mode & 0o777 == 0o600


def test_what_is_no_plan(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{}")
    assert runner.invoke(app, ["approve", "plan.json"]).exit_code == 2


def test_a_defect_is_a_sentence_and_a_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opskit.runner.catalogue.checked", lambda _: 1 / 0)
    ended = runner.invoke(app, ["runbooks"])
    assert ended.exit_code == 1
    assert "A defect of opskit: ZeroDivisionError" in ended.stderr
    assert "Traceback (most" not in ended.stderr
    assert (
        "ZeroDivisionError" in next((tmp_path / "XDG_STATE_HOME" / "opskit").glob("defect-*.log")).read_text()
    )


def test_a_broken_pipe_is_no_traceback() -> None:
    script = f"{sys.executable} -m opskit runbooks --json | head -c 1"
    ended = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    assert "Traceback" not in ended.stderr
    assert "BrokenPipe" not in ended.stderr


def test_the_command_line_loads_nothing_heavy() -> None:
    heavy = "('pandas', 'plotly', 'kubernetes', 'nbclient', 'IPython')"
    code = f"import sys, opskit.cli.main; print([each for each in {heavy} if each in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
