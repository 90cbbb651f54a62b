"""The verdict: goal conditions and findings, read again."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from opskit.core.errors import ReadError
from opskit.core.findings import Finding, Severity, at_or_above
from opskit.core.plan import Condition
from opskit.runner.record import Record, Status
from opskit.runner.verdict import Goal, Verdict

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster
    from opskit.core.conditions import Conditions
    from opskit.runner.session import Run


@runtime_checkable
class _Unread(Protocol):
    """A part of the facts that could not be read."""

    part: str
    error: str
    reason: str


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
        missing=tuple(unread(facts)),
    )


def verdict(
    cluster: "Cluster",
    record: Record,
    *,
    found: tuple[Finding, ...],
    goal: tuple[Goal, ...],
    changed: bool,
    missing: tuple[str, ...],
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
        unread=missing,
        good=all(each.ok for each in goal) and not at_or_above(found, Severity.WARNING) and not missing,
        sentence=" ".join(_sentences(record.status, goal, found, missing)),
        at=cluster.now(),
    )


def goals(cluster: "Cluster", conditions: "Conditions", wanted: Iterable[Condition]) -> tuple[Goal, ...]:
    """Each condition, read now."""
    return tuple(_goal(cluster, conditions, each) for each in wanted)


def _goal(cluster: "Cluster", conditions: "Conditions", condition: Condition) -> Goal:
    text = condition.text or condition.name
    try:
        held = conditions.read(cluster, condition)
    except ReadError as error:
        return Goal(text=text, ok=None, state=str(error))
    return Goal(text=text, ok=held.ok, state=held.state)


def unread(facts: Any) -> Iterator[str]:
    """Why each part of the facts that could not be read was not."""
    for name in getattr(facts, "__struct_fields__", ()):
        part = getattr(facts, name)
        if isinstance(part, _Unread):
            yield f"{part.part}: {part.reason}"


def _sentences(
    status: Status, goal: tuple[Goal, ...], found: tuple[Finding, ...], missing: tuple[str, ...]
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
    if missing:
        yield f"{len(missing)} part(s) of the facts could not be read, so this is not the whole picture."


def _counted(found: tuple[Finding, ...]) -> str:
    if not found:
        return "No findings."
    counts = {each: sum(1 for one in found if one.severity is each) for each in reversed(Severity)}
    named = ", ".join(f"{count} {each.value}" for each, count in counts.items() if count)
    return f"Findings: {named}. First: {found[0].summary}"
