"""Interlocks of changes to a system that votes. Pure: facts in, sentences out."""

from collections.abc import Iterable, Iterator

from opskit.core.errors import Refused
from opskit.core.parts import Unread, known
from opskit.core.plan import Condition, Lock, Target
from opskit.systems.operators.facts import Facts
from opskit.systems.operators.members import unread_members
from opskit.systems.operators.quorum import SORTS, Quorum, sort_of


def refuse(reasons: Iterable[str], *, what: str, where: str, hint: str) -> None:
    """Refuse with every reason at once, if there is any.

    Raises:
        Refused: lists all reasons.

    """
    found = list(dict.fromkeys(reasons))
    if found:
        listed = "".join(f"\n  - {reason}" for reason in found)
        raise Refused(f"{what} is refused:{listed}\n", where=where, hint=hint)


def there(facts: Facts, resource: str, namespace: str, name: str) -> Iterator[str]:
    """The resource exists, and is of a sort that votes."""
    if sort_of(resource) is None:
        yield f"{resource} is no system that votes; known: {', '.join(each.resource for each in SORTS)}"
    elif isinstance(facts.quorums, Unread):
        yield f"the systems that vote could not be read: {facts.quorums.reason}"
    elif facts.quorum(resource, namespace, name) is None:
        held = ", ".join(f"{each.namespace}/{each.name}" for each in known(facts.quorums, []))
        yield f"there is no {resource} {namespace}/{name}; there are: {held or 'none'}"


def whole(found: Quorum) -> Iterator[str]:
    """Every member votes and is healthy, and nothing else is under way."""
    unread = unread_members(found)
    if unread is not None:
        yield f"its members could not be read, and what is not known is not safe: {unread.reason}"
        return
    if found.deleting:
        yield "it is being deleted"
    if not found.known:
        yield "it has no members"
    elif found.spare < 0:
        yield f"it has lost its majority: {found.state}"
    elif found.ill:
        yield f"not every voter is healthy: {found.state}"
    learners = [each.name for each in found.known if each.learner]
    if learners:
        yield f"a change is under way: {', '.join(learners)} is still a learner"
    if found.known and len(found.known) != found.wanted:
        yield f"a change is under way: it asks for {found.wanted} members and has {len(found.known)}"
    if not found.phase_good:
        yield f"its operator says {found.phase!r}"


def condition(found: Quorum, size: int, *, version: str = "") -> Condition:
    """It is whole with so many members."""
    arguments = {
        "resource": found.sort.resource,
        "namespace": found.namespace,
        "name": found.name,
        "size": size,
    }
    tail = f" and run {version}" if version else ""
    return Condition(
        name="operators/quorum-whole",
        arguments={**arguments, "version": version} if version else arguments,
        text=f"all {size} members of {found.subject} vote and are healthy{tail}",
    )


def target(found: Quorum) -> Target:
    """The resource as a target, bound to its UID."""
    return Target(
        kind=found.sort.kind,
        name=found.name,
        namespace=found.namespace,
        group=found.sort.group,
        version=found.sort.version,
        plural=found.sort.plural,
        uid=found.uid,
    )


def lock_of(found: Quorum) -> Lock:
    """One change of a system at a time."""
    return Lock(namespace=found.namespace, name=f"opskit-{found.sort.kind.lower()}-{found.name}"[:63])
