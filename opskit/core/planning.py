"""From facts to a plan that can be approved: pinned to a cluster and its objects, and dry-run.

A planner is pure. Where it depends on the answer to a question about its own parameters (may this
OSD stop? what runs on this host?), the question is its `look`; the runner asks it right before it
plans and hands the answers over as further keyword arguments.
"""

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from opskit.core.errors import OpsError
from opskit.core.plan import Call, Draft, Json, Plan, Run, Step, canonical
from opskit.core.previews import pinned, previews

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster
    from opskit.core.writes import Writer

Look = Callable[..., dict[str, Any]]
"""`(cluster, **parameters) -> further keyword arguments`. It reads; it never changes anything."""

PlannerT = TypeVar("PlannerT", bound=Callable[..., Draft])

_LOOK = "__opskit_look__"


def looks(look: Look) -> Callable[[PlannerT], PlannerT]:
    """Decorator: before this planner is called, ask `look` with the same parameters."""

    def keep(planner: PlannerT) -> PlannerT:
        setattr(planner, _LOOK, look)
        return planner

    return keep


def draft(cluster: "Cluster", planner: Callable[..., Draft], facts: Any, **parameters: Any) -> Draft:
    """Ask what the planner needs to know, then plan.

    Args:
        cluster: where to ask.
        planner: a system's planner.
        facts: the system's facts.
        parameters: the planner's own.

    Raises:
        Refused: an interlock said no.
        ReadError: what it must know could not be read.

    """
    look: Look | None = getattr(planner, _LOOK, None)
    answers = look(cluster, **parameters) if look else {}
    return planner(facts, **parameters, **answers)


def make_plan(
    draft: Draft,
    cluster: "Cluster",
    writer: "Writer",
    *,
    runbook: str,
    system: str,
    parameters: Json,
    code: str,
) -> Plan:
    """Pin a draft to the cluster and its objects, and preview each step on the server.

    Args:
        draft: what the planner returned.
        cluster: the one that it is for; of a snapshot the plan has no previews.
        writer: dry-runs the steps.
        runbook: name of the runbook.
        system: name of the system.
        parameters: as the runbook declares them, secrets as references.
        code: digest of the code that made the draft, see `code_digest`.

    Raises:
        WriteRejected: the server would refuse a step; nothing was changed.
        PlanChanged: a target is not the object that the planner saw.
        ReadError: a target could not be read.

    """
    steps = tuple(pinned(cluster, _complete(step)) for step in draft.steps)
    seen = previews(writer, steps) if cluster.live else (None,) * len(steps)
    info = cluster.info
    return Plan(
        runbook=runbook,
        system=system,
        title=draft.title,
        cluster=info.name,
        cluster_uid=info.uid,
        parameters=parameters,
        code=code,
        lock=draft.lock,
        steps=tuple(replace(step, preview=each) for step, each in zip(steps, seen, strict=True)),
        goal=draft.goal,
        made=datetime.now(UTC),
        nothing_to_do=draft.nothing_to_do,
        restore=draft.restore,
    )


def code_digest(paths: Iterable[Path]) -> str:
    """SHA-256 over the code that makes and applies a plan.

    Args:
        paths: files, or folders whose Python files and notebooks count, subfolders included.

    """
    digest = hashlib.sha256()
    for root in sorted(paths):
        for file in sorted(_code_files(root)):
            name = file.relative_to(root.parent).as_posix()
            digest.update(f"{name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def difference(one: Plan | Json, other: Plan | Json) -> list[str]:
    """What of two plans' bindings differs, a line each: `parameters.osd: 3 → 4`.

    Args:
        one: a plan, or its binding: as it was reviewed.
        other: the same: as it is now.

    """
    before, after = _lines(one), _lines(other)
    differing = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    return [f"{path}: {before.get(path, 'absent')} → {after.get(path, 'absent')}" for path in differing]


def _complete(step: Step) -> Step:
    """The step with the name to type, where there is no dry run.

    Raises:
        OpsError: a defect of the planner.

    """
    if not isinstance(step.action, Run | Call) or step.skip:
        return step
    if not step.postcondition:
        raise OpsError(
            f"Step {step.id} has no dry run and no postcondition: its outcome could not be read back.",
            where=step.id,
            hint="report this: the planner lacks a condition",
        )
    return step if step.confirm else replace(step, confirm=step.target.name)


def _code_files(root: Path) -> Iterable[Path]:
    if root.is_file():
        return [root]
    return [file for kind in ("*.py", "*.ipynb") for file in root.rglob(kind)]


def _lines(plan: Plan | Json) -> dict[str, str]:
    binding = plan.binding() if isinstance(plan, Plan) else plan
    import msgspec

    return dict(_flat(msgspec.json.decode(canonical(binding)), ""))


def _flat(value: Any, path: str) -> Iterable[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _flat(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            name = each.get("id") or each.get("path") if isinstance(each, dict) else None
            yield from _flat(each, f"{path}[{name or index}]")
    elif value is not None:
        yield path, str(value)
