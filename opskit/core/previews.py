"""What the server's dry run says of each step, before any of them is done."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from opskit.core.comparing import fields
from opskit.core.errors import NotFound, ReadError
from opskit.core.kinds import Kind, Object
from opskit.core.plan import Apply, Change, Delete, Patch, Scale, Step, Target

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster
    from opskit.core.writes import Writer

Previews = tuple[tuple[Change, ...] | None, ...]


def pinned(cluster: "Cluster", step: Step) -> Step:
    """The step with its target's UID; without one where the object does not exist, or is not recorded."""
    target = step.target
    if not target.plural or target.uid:
        return step
    return replace(step, target=replace(target, uid=_uid(cluster, target)))


def previews(writer: "Writer", steps: tuple[Step, ...]) -> Previews:
    """Each step's preview, as if the steps before it had been done.

    The server's dry run sees the object as it is now; what earlier steps of the same plan set on
    the same target is laid over it.

    Raises:
        WriteRejected: the server would refuse a step.
        PlanChanged, ReadError: a target is another one, or can't be read.

    """
    laid: dict[str, dict[str, object]] = {}
    found: list[tuple[Change, ...] | None] = []
    for step in steps:
        key = f"{step.target.plural}.{step.target.group} {step.target}"
        overlay = laid.get(key)
        preview = _preview(writer, step, overlay)
        found.append(preview)
        if preview is not None:
            laid[key] = {**(overlay or {}), **{change.path: change.after for change in preview}}
    return tuple(found)


def _preview(writer: "Writer", step: Step, overlay: dict[str, object] | None) -> tuple[Change, ...] | None:
    if step.skip:
        return None
    try:
        preview = writer.preview(step)
    except NotFound:
        # An earlier step makes the object.
        if overlay is None:
            raise
        return None
    if isinstance(step.action, Delete) and overlay is not None:
        # What an earlier step makes can't be dry-run away yet.
        return preview or None
    return preview if preview is None or overlay is None else laid_over(step, preview, overlay)


def laid_over(step: Step, preview: tuple[Change, ...], overlay: dict[str, object]) -> tuple[Change, ...]:
    """The preview, if the object had the overlay's values."""
    wanted = {change.path: change.after for change in preview} | {
        path: value for path, value in _sets(step).items() if path in overlay
    }
    before = {change.path: change.before for change in preview} | overlay
    return tuple(
        Change(path=path, before=before.get(path), after=wanted[path])
        for path in sorted(wanted)
        if before.get(path) != wanted[path]
    )


def _sets(step: Step) -> dict[str, object]:
    """The fields that the step sets, by path."""
    match step.action:
        case Scale():
            return {"spec.replicas": step.action.replicas}
        case Patch():
            return dict(fields(step.action.patch))
        case Apply():
            return dict(fields(step.action.manifest))
        case _:
            return {}


def _uid(cluster: "Cluster", target: Target) -> str:
    kind = Kind(target.group, target.version, target.kind, target.plural, Object)
    try:
        if cluster.live:
            return cluster.metadata(kind, target.name, namespace=target.namespace).uid
        return cluster.get(kind, target.name, namespace=target.namespace).metadata.uid
    except NotFound:
        return ""
    except ReadError:
        if cluster.live:
            raise
        return ""
