"""What opskit says to bad input: the exit code, the thing by its name, and what to do next.

Answers of servers are the demo's real ones, spoiled on their way into a snapshot. What needs a server
that refuses stands in tests/sandbox/test_bad_input.py.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner, Result

from opskit import systems
from opskit.cli.main import app
from opskit.core.cluster import Cluster
from opskit.core.errors import NotInstalled
from opskit.core.reads import Answer, ClusterInfo, ListObjects, QueryMetrics, Read, RunTool
from opskit.core.recorder import Recorder
from opskit.core.snapshot import SnapshotReader

DEMO = Path(systems.__file__).parents[1] / "demo" / "rook"
Spoil = Callable[[Read, Answer], Answer]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPSKIT_RUNS", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "no-kubeconfig"))
    monkeypatch.chdir(tmp_path)


def opskit(*words: str) -> Result:
    """The command, in this process."""
    ended = CliRunner().invoke(app, list(words))
    assert "Traceback" not in ended.stderr + ended.stdout
    return ended


class Spoiled:
    """The demo's answers, some of them spoiled; other systems are not there."""

    def __init__(self, spoil: Spoil, *, lists: bool = True) -> None:
        self.reader = SnapshotReader(DEMO / "healthy.opskit")
        self.spoil = spoil
        self.lists = lists

    def info(self) -> ClusterInfo:
        return self.reader.info()

    def now(self) -> datetime:
        return self.reader.now()

    def pages(self, read: ListObjects, *, deadline: float) -> Iterator[bytes]:
        if not self.lists:
            yield json.dumps({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": []}).encode()
            return
        yield from self.reader.pages(read, deadline=deadline)

    def answer(self, read: Read, *, deadline: float) -> Answer:
        return self.spoil(read, self.reader.answer(read, deadline=deadline))

    def answers(self, reads: Any, session: Any, **more: Any) -> Any:
        return self.reader.answers(reads, session, **more)

    def close(self) -> None:
        self.reader.close()


def recorded(path: Path, spoil: Spoil, **more: Any) -> Path:
    """A snapshot of what the spoiled cluster answers."""
    recorder = Recorder(Spoiled(spoil, **more))
    systems.load("rook").facts(Cluster(recorder))
    return recorder.save(path)


# --- What a person types -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "named", "next_step"),
    [
        pytest.param(["run", "rook/helth"], "'rook/helth'", "did you mean rook/health", id="runbook"),
        pytest.param(["plan", "osd-down"], "'osd-down'", "rook/osd-down", id="runbook without its system"),
        pytest.param(["run", "rook/osd-down", "-p", "odd=1"], "'odd'", "did you mean osd", id="parameter"),
        pytest.param(["run", "rook/osd-down"], "'osd'", "-p osd=", id="parameter left out"),
        pytest.param(["run", "rook/osd-down", "-p", "osd=x"], "'x'", "-p osd=", id="type"),
        pytest.param(["run", "rook/osd-down", "-p", "osd=-1"], "'-1'", "-p osd=", id="below its least"),
        pytest.param(["run", "rook/repair-pg", "-p", "pg=1"], "'1'", "-p pg=", id="pattern"),
        pytest.param(["findings", "--cluster", "nowhere"], "'nowhere'", "known: demo", id="cluster"),
        pytest.param(["findings", "--cluster", "dem"], "'dem'", "did you mean demo", id="cluster, nearly"),
        pytest.param(["findings", "--system", "rok"], "'rok'", "did you mean rook", id="system"),
        pytest.param(["findings", "--fail-on", "bad"], "'bad'", "warning", id="severity"),
        pytest.param(["run", "rook/health", "--timeout", "soon"], "'soon'", "--timeout", id="duration"),
        pytest.param(["resume", "lost"], "'lost'", "there is no run yet", id="run"),
        pytest.param(["approve", "lost.json"], "lost.json", "opskit", id="plan"),
    ],
)
def test_what_is_mistyped(words: list[str], named: str, next_step: str) -> None:
    ended = opskit(*words)
    assert ended.exit_code == 2, ended.output
    assert named in ended.stderr
    assert next_step in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param('{"cells":[],"metadata":{},"nbformat":4,"nbformat_minor":5}', "no runbook", id="plain"),
        pytest.param("hello", "no notebook", id="text"),
        pytest.param('{"cells": [', "no notebook", id="cut off"),
        pytest.param("[]", "no notebook", id="a list"),
        pytest.param('{"a": 1}', "no notebook", id="other JSON"),
    ],
)
def test_a_notebook_that_is_no_runbook(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "mine.ipynb").write_text(text)
    ended = opskit("run", "mine.ipynb")
    assert ended.exit_code == 2, ended.output
    assert said in ended.stderr
    assert "mine.ipynb" in ended.stderr
    assert "Next: name one of `opskit runbooks`" in ended.stderr


# --- Snapshots -----------------------------------------------------------------------------------


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def flipped(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 3] ^= 0x01
    path.write_bytes(bytes(body))


def replaced(path: Path) -> None:
    path.write_text("not a snapshot")


@pytest.mark.parametrize("spoil", [cut, emptied, flipped, replaced])
def test_a_snapshot_that_is_cut_off_or_tampered_with(spoil: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "it.opskit"
    shutil.copyfile(DEMO / "default.opskit", path)
    spoil(path)
    for words in (["findings", "--cluster", "it.opskit"], ["diff", "it.opskit", "it.opskit"]):
        ended = opskit(*words)
        assert ended.exit_code == 2, ended.output
        assert "The snapshot is damaged" in ended.stderr
        assert "it.opskit" in ended.stderr
        assert "capture it anew" in ended.stderr


def test_a_snapshot_that_is_not_there() -> None:
    ended = opskit("findings", "--cluster", "./gone.opskit")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "gone.opskit" in ended.stderr


# --- Answers -------------------------------------------------------------------------------------


def of_ceph(word: str, change: Callable[[Answer], Answer]) -> Spoil:
    """Spoils what `ceph WORD …` answers."""

    def spoil(read: Read, answer: Answer) -> Answer:
        return change(answer) if isinstance(read, RunTool) and word in read.argv else answer

    return spoil


def body(of: Callable[[bytes], bytes]) -> Callable[[Answer], Answer]:
    return lambda answer: replace(answer, body=of(answer.body))


BAD = {
    "truncated": body(lambda whole: whole[: len(whole) // 2]),
    "empty": body(lambda _: b""),
    "a list where an object is due": body(lambda _: b"[1, 2]"),
    "HTML": body(lambda _: b"<html>Bad gateway</html>"),
    "not UTF-8": body(lambda _: b"\xff\xfe{}"),
    "null": body(lambda _: b"null"),
    "text before the JSON": body(lambda whole: b"Error EAGAIN: try again\n" + whole),
}


@pytest.mark.parametrize("bad", BAD)
def test_an_answer_of_ceph_that_is_no_answer(bad: str, tmp_path: Path) -> None:
    """The part is named with its command, the rest is judged, and nobody is told that all is well."""
    path = recorded(tmp_path / "it.opskit", of_ceph("status", BAD[bad]))
    ended = opskit("findings", "--cluster", str(path), "--system", "rook", "--json", "--fail-on", "warning")
    assert ended.exit_code == 3, ended.output
    found = json.loads(ended.stdout)["findings"]
    (told,) = [each for each in found if each["severity"] != "info"]
    assert (told["code"], told["subject"]) == ("rook/PART_UNREAD", "status")
    assert "`ceph status`" in told["summary"]
    assert "Next: " in told["summary"]


def test_a_plan_is_refused_where_ceph_can_not_be_understood(tmp_path: Path) -> None:
    path = recorded(tmp_path / "it.opskit", of_ceph("dump", BAD["truncated"]))
    ended = opskit("plan", "rook/osd-down", "-p", "osd=1", "--cluster", str(path))
    assert ended.exit_code == 5, ended.output
    assert "ceph osd dump" in ended.stderr
    assert "Next:" in ended.stderr


def without_prometheus(read: Read, answer: Answer) -> Answer:
    if isinstance(read, QueryMetrics):
        raise NotInstalled(
            "No server 'prometheus' is named in opskit.toml or found in the cluster.",
            where="services of all namespaces",
            hint="name it in opskit.toml: [clusters.NAME.servers.prometheus] url = …",
        )
    return answer


def test_a_missing_prometheus_is_said_and_the_rest_is_judged(tmp_path: Path) -> None:
    path = recorded(tmp_path / "it.opskit", without_prometheus)
    ended = opskit("findings", "--cluster", str(path), "--system", "rook")
    assert ended.exit_code == 0, ended.output
    assert "prometheus" in (ended.stdout + ended.stderr).lower()


def test_a_cluster_on_which_nothing_is_installed(tmp_path: Path) -> None:
    path = recorded(tmp_path / "it.opskit", lambda _, answer: answer, lists=False)
    ended = opskit("findings", "--cluster", str(path), "--system", "rook")
    assert ended.exit_code == 0, ended.output
    assert "rook" in ended.stdout
    assert "CephCluster" in ended.stdout
