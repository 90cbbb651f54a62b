"""Give a system that votes more members, or fewer, one at a time.

Follows https://etcd.io/docs/latest/op-guide/runtime-configuration/ and
https://etcd.io/docs/latest/faq/#what-is-failure-tolerance.
"""

from collections.abc import Iterator

from opskit.core.plan import Change, Draft, Patch, Step, Undo
from opskit.core.wording import count
from opskit.systems.operators.facts import Facts
from opskit.systems.operators.plans import guards
from opskit.systems.operators.quorum import Quorum

STEP_SECONDS = 900
"""A new member copies the whole database before it votes."""

SMALLEST = 3


def resize_quorum(facts: Facts, *, resource: str, namespace: str, name: str, size: int) -> Draft:
    """Change the size one member at a time; each step waits until every member votes and is healthy.

    Args:
        facts: of the cluster.
        resource: as kubectl names it, `etcdclusters.operator.etcd.io`.
        namespace: of the resource.
        name: of the resource.
        size: members wanted; odd.

    Raises:
        Refused: an even size, a member that is not healthy, or a change that is under way.

    """
    what = f"Resizing {resource} {namespace}/{name} to {size}"
    missing = list(guards.there(facts, resource, namespace, name))
    hint = "mend what is named, then plan again; `operators/health` tells what to do first"
    guards.refuse(missing, what=what, where=f"{namespace}/{name}", hint=hint)
    found = facts.quorum(resource, namespace, name)
    if found is None:
        raise AssertionError(what)
    guards.refuse(_reasons(found, size), what=what, where=found.subject, hint=hint)
    title, goal, lock = (
        f"Resize {found.subject} to {size}",
        (guards.condition(found, size),),
        guards.lock_of(found),
    )
    if found.wanted == size:
        told = f"{found.subject} has {size} members already."
        return Draft(title=title, steps=(), goal=goal, lock=lock, nothing_to_do=told)
    way = 1 if size > found.wanted else -1
    steps = tuple(_step(found, before, before + way) for before in range(found.wanted, size, way))
    return Draft(title=title, steps=steps, goal=goal, lock=lock)


def _reasons(found: Quorum, size: int) -> Iterator[str]:
    if size % 2 == 0:
        yield f"{size} is even: it bears as many losses as {size - 1}, and needs one vote more"
    if size < SMALLEST:
        yield f"{count(size, 'member', 'bears')} no loss at all; {SMALLEST} is the smallest size that does"
    if size > found.sort.largest:
        yield f"{size} is more than the {found.sort.largest} members that {found.sort.software} is fit for"
    yield from guards.whole(found)


def _step(found: Quorum, before: int, after: int) -> Step:
    field = found.sort.size_field
    more = after > before
    reason = (
        "One new member at a time: it copies the data first, and the majority never hangs on it."
        if more
        else "One member at a time: every vote that is left is healthy when the next one goes."
    )
    return Step(
        id=f"resize-{before}-to-{after}",
        title=f"{'Add' if more else 'Remove'} a member: {before} → {after}",
        action=Patch(patch={"spec": {field: after}}),
        target=guards.target(found),
        reason=reason,
        precondition=(guards.condition(found, before),),
        postcondition=(guards.condition(found, after),),
        expected=(Change(path=f"spec.{field}", before=before, after=after),),
        undo=Undo(
            action=Patch(patch={"spec": {field: before}}), postcondition=(guards.condition(found, before),)
        ),
        deadline_seconds=STEP_SECONDS,
        risk="low" if more else "medium",
        confirm="" if more else found.name,
    )
