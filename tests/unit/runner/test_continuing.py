"""What a person found out of a step of unknown outcome arrives at the engine, and nothing else does."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from opskit.cli.main import app
from opskit.core import approval
from opskit.core.cluster import Cluster
from opskit.core.journal import Journal
from opskit.core.plan import Delete, Lock, Plan, Step, Target
from opskit.core.progress import Outcome
from opskit.runner import changing, continuing, folder
from opskit.runner.contract import Runbook
from opskit.runner.folder import RunFolder
from opskit.runner.record import ClusterNote, Status


class Engine:
    """Keeps what it was asked for."""

    asked: list[tuple[str, Any]]

    def __init__(self, *_: Any, journal: Journal, **named: Any) -> None:
        self._run = journal.run

    def resume(self, *, settle: Mapping[str, str] | None = None) -> Outcome:
        self.asked.append(("resume", settle))
        return Outcome(run=self._run, status="done", text="Done.")

    def undo(self) -> Outcome:
        self.asked.append(("undo", None))
        return Outcome(run=self._run, status="undone", text="Undone.")


@pytest.fixture
def begun(
    make: Callable[..., Runbook], cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> RunFolder:
    """A run that was begun and left, in a folder that does not carry its name."""
    Engine.asked = []
    monkeypatch.setattr(changing, "Engine", Engine)
    monkeypatch.setattr(continuing, "_cluster", lambda _: cluster)
    info = cluster.info
    note = ClusterNote(name=info.name, server=info.server, uid=info.uid, version=info.version, live=True)
    fields = {"system": "rook", "notebook": make().path, "changing": True, "cluster": note}
    own = folder.create("rook/try", out=tmp_path / "out", fields=fields)
    own.update(status=Status.UNKNOWN, pid=0, pid_started=0.0)
    step = Step(id="purge", title="P", action=Delete(), target=Target(kind="osd", name="3"), reason="r")
    plan = Plan(
        runbook="rook/try",
        system="rook",
        title="T",
        cluster=info.name,
        cluster_uid=info.uid,
        parameters={},
        code="",
        lock=Lock(namespace="n", name="l"),
        steps=(step,),
        goal=(),
        made=datetime.now(UTC),
    )
    own.save(own.plan, plan)
    approval.approve(plan, by="me", lasts=timedelta(hours=1)).save(own.approval)
    Journal.create(own.journal, run=own.read().run).close()
    return own


def test_what_a_person_found_out_reaches_the_engine(begun: RunFolder) -> None:
    ended = CliRunner().invoke(
        app, ["resume", str(begun.path), "--settle", "purge=done", "--settle", "add=not-done"]
    )
    assert Engine.asked == [("resume", {"purge": "done", "add": "not-done"})], ended.output


def test_nothing_found_out(begun: RunFolder) -> None:
    CliRunner().invoke(app, ["resume", str(begun.path)])
    CliRunner().invoke(app, ["undo", str(begun.path)])
    assert Engine.asked == [("resume", {}), ("undo", None)]


@pytest.mark.parametrize("given", ["purge", "purge=perhaps", "=done"])
def test_what_says_nothing(begun: RunFolder, given: str) -> None:
    ended = CliRunner().invoke(app, ["resume", str(begun.path), "--settle", given])
    assert ended.exit_code == 2
    assert "neither STEP=done nor STEP=not-done" in ended.stderr
    assert Engine.asked == []


def test_an_emptied_journal_is_not_gone_on_with(begun: RunFolder) -> None:
    with Journal.open(begun.journal, run=begun.read().run) as journal:
        journal.append("opened")
    begun.journal.write_bytes(b"")
    ended = CliRunner().invoke(app, ["resume", str(begun.path)])
    assert ended.exit_code == 5, ended.output
    assert Engine.asked == []


def test_an_approval_that_is_over_is_made_anew_of_the_same_plan(begun: RunFolder) -> None:
    run = begun.read().run
    past = replace(approval.load(begun.approval), until=datetime.now(UTC) - timedelta(seconds=1))
    past.save(begun.approval)
    refused = CliRunner().invoke(app, ["resume", str(begun.path)])
    assert refused.exit_code == 5, refused.output
    assert f"Next: `opskit approve {run}`, then `opskit resume {run}`" in refused.stderr
    assert Engine.asked == []
    approved = CliRunner().invoke(app, ["approve", run, "--by", "me"])
    assert approved.exit_code == 0, approved.output
    CliRunner().invoke(app, ["resume", run])
    assert Engine.asked == [("resume", {})]


def test_what_was_done_is_taken_back_also_when_its_approval_is_over(begun: RunFolder) -> None:
    past = replace(approval.load(begun.approval), until=datetime.now(UTC) - timedelta(seconds=1))
    past.save(begun.approval)
    CliRunner().invoke(app, ["undo", str(begun.path)])
    assert Engine.asked == [("undo", None)]
