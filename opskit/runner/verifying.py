"""The verdict: goal conditions and findings, read again."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from opskit.core.clock import elapsed
from opskit.core.errors import DeadlineExceeded, NotLocated, ReadError, Unreachable
from opskit.core.findings import Data, Finding, Severity, at_or_above
from opskit.core.parts import Unread, unread
from opskit.core.plan import Condition
from opskit.core.wait import until
from opskit.core.wording import count, first_sentence
from opskit.runner.record import Record, Status
from opskit.runner.verdict import Goal, Verdict

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster
    from opskit.core.conditions import Conditions
    from opskit.core.system import System
    from opskit.runner.session import Run

PATIENCE = 60.0
"""Seconds for which a goal may stay unanswered before the verdict says so."""


class Gaps(Data, frozen=True):
    """What of the facts could not be read, and why."""

    unread: tuple[str, ...] = ()
    """Each spoils the verdict."""
    lacking: tuple[str, ...] = ()
    """A sound system may be without these."""


def judge(run: "Run", facts: Any) -> Verdict:
    """What is true now."""
    changed = run.outcome is not None
    wanted = run.planned.goal if changed and run.planned else ()
    return verdict(
        run.cluster,
        run.folder.read(),
        found=run.found,
        goal=goals(run.cluster, run.system.conditions, wanted),
        changed=changed,
        gaps=gaps(run.system, facts),
    )


def verdict(
    cluster: "Cluster",
    record: Record,
    *,
    found: tuple[Finding, ...],
    goal: tuple[Goal, ...],
    changed: bool,
    gaps: Gaps,
) -> Verdict:
    """The verdict on what was read."""
    info = cluster.info
    return Verdict(
        cluster=info.name,
        cluster_uid=info.uid,
        runbook=record.runbook,
        run=record.run,
        findings=found,
        worst=found[0].severity.value if found else "",
        changed=changed,
        goal=goal,
        unread=gaps.unread,
        lacking=gaps.lacking,
        good=all(each.ok for each in goal) and not at_or_above(found, Severity.WARNING) and not gaps.unread,
        sentence=" ".join(_sentences(record.status, goal, found, gaps)),
        at=cluster.now(),
    )


def goals(cluster: "Cluster", conditions: "Conditions", wanted: Iterable[Condition]) -> tuple[Goal, ...]:
    """Each condition, read now; servers that do not answer are asked again for `PATIENCE` seconds in all."""
    over = elapsed() + PATIENCE
    return tuple(_goal(cluster, conditions, each, over) for each in wanted)


def _goal(cluster: "Cluster", conditions: "Conditions", condition: Condition, over: float) -> Goal:
    try:
        return until(
            lambda: _read(cluster, conditions, condition),
            lambda _: True,
            deadline=max(0.0, over - elapsed()),
            what="an answer",
        )
    except DeadlineExceeded as error:
        return Goal(text=condition.text or condition.name, ok=None, state=str(error))


def _read(cluster: "Cluster", conditions: "Conditions", condition: Condition) -> Goal:
    """The condition, or why it can't be told; that no answer came is raised, because one may come yet."""
    text = condition.text or condition.name
    try:
        held = conditions.read(cluster, condition)
    except (Unreachable, DeadlineExceeded, NotLocated):
        raise
    except ReadError as error:
        return Goal(text=text, ok=None, state=str(error))
    return Goal(text=text, ok=held.ok, state=held.state)


def gaps(system: "System[Any]", facts: Any) -> Gaps:
    """What could not be read: parts that had to be, and optional ones that are not installed."""
    # Of a system that is not there every part is unread: that is said once, by its finding.
    every = [] if system.absent(facts) else list(unread(facts))
    lacking = [part for name, part in every if system.may_lack(name, part)]
    return Gaps(
        unread=tuple(_line(part) for _, part in every if part not in lacking),
        lacking=tuple(_line(part) for part in lacking),
    )


def _line(part: Unread) -> str:
    return f"{part.part}: {part.reason}"


def _sentences(
    status: Status, goal: tuple[Goal, ...], found: tuple[Finding, ...], gaps: Gaps
) -> Iterator[str]:
    if status is Status.PLANNED_ONLY:
        yield "Nothing was changed."
    if status is Status.NOTHING_TO_DO:
        yield "There was nothing to do, and nothing was changed."
    if goal:
        held = sum(1 for each in goal if each.ok)
        yield (
            "The goal is reached."
            if held == len(goal)
            else f"The goal is not reached: {held} of {len(goal)} hold."
        )
    yield _counted(found)
    if gaps.unread:
        parts = count(len(gaps.unread), "part")
        yield f"{parts} of the facts could not be read, so this is not the whole picture."
    if gaps.lacking:
        yield f"Judged without {'; '.join(map(first_sentence, gaps.lacking))}."


def _counted(found: tuple[Finding, ...]) -> str:
    if not found:
        return "No findings."
    counts = {each: sum(1 for one in found if one.severity is each) for each in reversed(Severity)}
    named = ", ".join(_of(number, each) for each, number in counts.items() if number)
    return f"Findings: {named}. First: {found[0].summary}"


def _of(number: int, severity: Severity) -> str:
    """`2 warnings`; `info` and `critical` have no plural."""
    word = severity.value
    return count(number, word) if severity in (Severity.WARNING, Severity.ERROR) else f"{number} {word}"
