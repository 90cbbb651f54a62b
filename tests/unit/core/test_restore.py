"""A run that takes itself back when a step fails, and a wait that is given up as soon as it is in vain.

What is changed is a stand-in that holds names and numbers; journal, engine and conditions are the real ones.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opskit.core.approval import approve
from opskit.core.clock import elapsed
from opskit.core.cluster import Cluster
from opskit.core.conditions import Conditions, Held
from opskit.core.engine import Engine
from opskit.core.journal import Journal
from opskit.core.lease import Note
from opskit.core.live_http import Response
from opskit.core.plan import Condition, Lock, Plan, Run, Step, Target, Undo, Wait
from opskit.core.progress import Outcome
from opskit.core.reads import Answer, ClusterInfo, Local
from opskit.core.writes import Writer

CONDITIONS = Conditions()


@dataclass
class Settings:
    """What is changed: a name has a number. A command is `set NAME NUMBER`."""

    held: dict[str, int] = field(default_factory=dict)
    said: list[Held] = field(default_factory=list)
    """What the watched version says, the last one for ever."""
    deaf: str = ""
    """A number that is not taken, though the command succeeds."""
    log: list[str] = field(default_factory=list)

    def info(self) -> ClusterInfo:
        return ClusterInfo(name="c", server="s", uid="u", version="v1.37.2", live=True)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def close(self) -> None:
        pass

    def request(self, method: str, path: str, **_: object) -> Response:
        assert path.endswith("/selfsubjectaccessreviews"), "no Kubernetes object is changed here"
        return Response(status=201, headers={}, body=b'{"status": {"allowed": true}}')

    def call(self, *_: object, **__: object) -> Any:
        raise AssertionError("no server is called here")

    def run(self, argv: Sequence[str], *, place: object, deadline: float) -> Answer:
        _, name, number = argv
        self.log.append(f"{name}={number}")
        if number != self.deaf:
            self.held[name] = int(number)
        return Answer(body=b"")

    def pages(self, *_: object, **__: object) -> Iterator[bytes]:
        raise AssertionError("nothing is listed here")

    answer = answers = pages


class Free:
    """A lock that nobody else wants."""

    where, left = "n/l", 60.0

    def acquire(self, **_: object) -> Note:
        return Note()

    def check(self) -> None:
        pass

    abandon = require_ours = check

    def note(self, **_: object) -> None:
        pass

    regain = note

    def release(self, state: str, **_: object) -> None:
        self.state = state


@CONDITIONS.named("t/is")
def _is(cluster: Cluster, *, name: str, number: int) -> Held:
    found = cluster.reader.held.get(name)  # type: ignore[attr-defined]
    return Held(ok=found == number, state=f"{name} is {found}")


@CONDITIONS.named("t/sound")
def _sound(cluster: Cluster) -> Held:
    said: list[Held] = cluster.reader.said  # type: ignore[attr-defined]
    return said.pop(0) if len(said) > 1 else said[0]


def put(name: str, before: int, after: int, *, seconds: int = 30, undo: bool = True) -> Step:
    def command(number: int) -> Run:
        return Run(argv=("set", name, str(number)), place=Local(), repeatable=True)

    def is_(number: int) -> tuple[Condition, ...]:
        return (Condition(name="t/is", arguments={"name": name, "number": number}),)

    return Step(
        id=f"{name}-to-{after}",
        title=f"Set {name} to {after}",
        action=command(after),
        target=Target(kind="setting", name=name),
        reason="because",
        postcondition=is_(after),
        undo=Undo(action=command(before), postcondition=is_(before)) if undo else None,
        no_undo="" if undo else "It can't be.",
        deadline_seconds=seconds,
    )


def watch(number: int = 1, *, seconds: int = 600) -> Step:
    return Step(
        id=f"watch-{number}",
        title="Watch",
        action=Wait(),
        target=Target(kind="setting", name="x"),
        reason="because",
        postcondition=(Condition(name="t/sound"),),
        no_undo="It changes nothing.",
        deadline_seconds=seconds,
    )


def needing(step: Step, name: str, number: int) -> Step:
    """The same, which is refused unless that name has that number."""
    before = Condition(name="t/is", arguments={"name": name, "number": number})
    return msgspec.structs.replace(step, precondition=(before,))


def ran(
    settings_: Settings, *steps: Step, restore: bool = True, stop: Callable[[], str | None] = lambda: None
) -> tuple[Outcome, list[str]]:
    plan = Plan(
        runbook="r",
        system="t",
        title="t",
        cluster="c",
        cluster_uid="u",
        parameters={},
        code="c0",
        lock=Lock(namespace="n", name="l"),
        steps=steps,
        goal=(),
        made=datetime.now(UTC),
        restore=restore,
    )
    cluster = Cluster(settings_)  # type: ignore[arg-type]
    with TemporaryDirectory() as folder:
        journal = Journal.create(Path(folder) / "journal.jsonl", run="run", heads=Path(folder))
        engine = Engine(
            cluster,
            plan,
            approval=approve(plan, by="me", lasts=timedelta(hours=1)),
            conditions=CONDITIONS,
            writer=Writer(cluster),
            journal=journal,
            lock=Free(),  # type: ignore[arg-type]
            stop=stop,  # type: ignore[arg-type]
        )
        return engine.apply(), [each.phase for each in journal.records]


FINE, SLOW = Held(ok=True, state="fine"), Held(ok=False, state="watched for 3 of 60 s")
BAD = Held(ok=False, state="12.0% failed: worse than 2.0%", vain=True)


def test_what_fails_is_taken_back_at_once() -> None:
    held = Settings({"v2": 10}, said=[SLOW, BAD])
    began = elapsed()
    outcome, phases = ran(held, put("v2", 10, 30), watch())
    assert elapsed() - began < 30, "nobody waits ten minutes for what is in vain"
    assert held.held == {"v2": 10}
    assert held.log == ["v2=30", "v2=10"]
    assert (outcome.status, outcome.exit_code) == ("failed", 6)
    assert "12.0% failed: worse than 2.0%" in outcome.text
    assert "All that this run had changed was taken back." in outcome.text
    assert outcome.error is not None
    assert outcome.error["next"] == "look at what failed, then plan again"
    assert phases.index("undoing") < phases.index("undo-done")
    assert {each.id: each.state for each in outcome.steps} == {"v2-to-30": "undone", "watch-1": "failed"}


def test_what_is_refused_midway_is_taken_back_too() -> None:
    held = Settings({"v2": 10, "ready": 0})
    outcome, phases = ran(held, put("v2", 10, 30), needing(put("v2", 30, 50), "ready", 1))
    assert held.held == {"v2": 10, "ready": 0}
    assert (outcome.status, outcome.exit_code) == ("failed", 6)
    assert "All that this run had changed was taken back." in outcome.text
    assert "undo-done" in phases


def test_what_is_refused_at_once_has_nothing_to_take_back() -> None:
    held = Settings({"v2": 10, "ready": 0})
    outcome, phases = ran(held, needing(put("v2", 10, 30), "ready", 1))
    assert (outcome.status, outcome.exit_code) == ("refused", 5)
    assert "taken back" not in outcome.text
    assert "undoing" not in phases


def test_a_stop_takes_nothing_back_and_says_how_to() -> None:
    held = Settings({"v2": 10}, said=[SLOW])
    outcome, phases = ran(
        held, put("v2", 10, 30), watch(), stop=lambda: "SIGTERM" if held.held["v2"] == 30 else None
    )
    assert held.held == {"v2": 30}
    assert (outcome.status, outcome.exit_code) == ("stopped", 143)
    assert "In place: v2-to-30; `opskit undo run` takes it back." in outcome.text
    assert "undoing" not in phases


def test_without_being_told_so_nothing_is_taken_back() -> None:
    held = Settings({"v2": 10}, said=[BAD])
    outcome, phases = ran(held, put("v2", 10, 30), watch(), restore=False)
    assert held.held == {"v2": 30}
    assert (outcome.status, outcome.exit_code) == ("failed", 6)
    assert "undoing" not in phases
    assert "v2-to-30" in outcome.undoable


def test_a_wait_that_is_not_in_vain_lasts_until_its_deadline() -> None:
    held = Settings({"v2": 10}, said=[SLOW])
    outcome, _ = ran(held, put("v2", 10, 30), watch(seconds=1))
    assert held.held == {"v2": 10}
    assert "did not succeed in time" in outcome.text
    assert outcome.exit_code == 6


def test_a_wait_that_holds_at_last_goes_on() -> None:
    held = Settings({"v2": 10}, said=[SLOW, FINE])
    outcome, phases = ran(held, put("v2", 10, 30), watch(), put("v2", 30, 50))
    assert (outcome.status, outcome.exit_code, held.held) == ("done", 0, {"v2": 50})
    assert "undoing" not in phases


def test_what_can_not_be_taken_back_is_passed_by() -> None:
    held = Settings({"a": 0, "b": 0}, said=[BAD])
    ran(held, put("a", 0, 1), put("b", 0, 1, undo=False), watch())
    assert held.held == {"a": 0, "b": 1}


def test_a_way_back_that_fails_names_its_step() -> None:
    held = Settings({"v2": 10}, said=[BAD], deaf="10")
    outcome, _ = ran(held, put("v2", 10, 30, seconds=1), watch())
    assert (held.held, outcome.exit_code) == ({"v2": 30}, 6)
    assert "'Set v2 to 30' did not succeed in time" in outcome.text
    assert "was taken back" not in outcome.text


@pytest.mark.parametrize("first", [FINE, BAD])
def test_what_held_before_the_run_is_not_taken_back(first: Held) -> None:
    """The step found that it was so already: it is not this run's to undo."""
    held = Settings({"a": 1, "b": 0}, said=[first])
    ran(held, put("a", 0, 1), put("b", 0, 1), watch())
    assert held.held == ({"a": 1, "b": 1} if first.ok else {"a": 1, "b": 0})


@given(st.lists(st.integers(1, 99), min_size=1, max_size=5), st.data())
@settings(max_examples=20, deadline=None)
def test_wherever_it_fails_all_is_as_before(numbers: list[int], data: st.DataObject) -> None:
    failing = data.draw(st.integers(0, len(numbers) - 1))
    before = {f"n{at}": 0 for at in range(len(numbers))}
    held = Settings(dict(before), said=[BAD])
    steps: list[Step] = []
    for at, number in enumerate(numbers):
        steps.append(put(f"n{at}", 0, number))
        if at == failing:
            steps.append(watch())
    outcome, _ = ran(held, *steps)
    assert held.held == before
    assert held.log[-1] == "n0=0"
    assert outcome.exit_code == 6
