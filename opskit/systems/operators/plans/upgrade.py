"""Upgrade a system that votes by its resource; its operator replaces one member after the other.

Follows https://etcd.io/docs/latest/upgrades/upgrading-etcd/ (one minor version at a time, never back) and
https://dev.mysql.com/doc/mysql-operator/en/mysql-operator-innodbcluster-manage.html.
"""

import re
from collections.abc import Iterator

from opskit.core.plan import Change, Draft, Patch, Step
from opskit.core.wording import count
from opskit.systems.operators.facts import Facts
from opskit.systems.operators.plans import guards
from opskit.systems.operators.quorum import Quorum

STEP_SECONDS = 3600

_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)$")


def upgrade_quorum(facts: Facts, *, resource: str, namespace: str, name: str, version: str) -> Draft:
    """Set the version that the resource asks for, and wait until every member runs it and votes.

    Args:
        facts: of the cluster.
        resource: as kubectl names it, `etcdclusters.operator.etcd.io`.
        namespace: of the resource.
        name: of the resource.
        version: wanted, `3.7.4`, with or without `v` as the resource has it now.

    Raises:
        Refused: a downgrade, a skipped minor version, a member that is not healthy, or a sort whose version
            is no plain field.

    """
    what = f"Upgrading {resource} {namespace}/{name} to {version}"
    hint = "mend what is named, then plan again; take a snapshot of the data first"
    missing = list(guards.there(facts, resource, namespace, name))
    guards.refuse(missing, what=what, where=f"{namespace}/{name}", hint=hint)
    found = facts.quorum(resource, namespace, name)
    if found is None:
        raise AssertionError(what)
    guards.refuse(_reasons(found, version), what=what, where=found.subject, hint=hint)
    running = version.removeprefix("v") if found.sort.software == "etcd" else ""
    goal = (guards.condition(found, found.wanted, version=running),)
    title, lock = f"Upgrade {found.subject} to {version}", guards.lock_of(found)
    if found.version == version:
        told = f"{found.subject} asks for {version} already."
        return Draft(title=title, steps=(), goal=goal, lock=lock, nothing_to_do=told)
    return Draft(title=title, steps=(_step(found, version, running),), goal=goal, lock=lock)


def _reasons(found: Quorum, version: str) -> Iterator[str]:
    if not found.sort.version_field:
        yield f"{found.sort.kind} names an image or a major version, which its operator's own guide upgrades"
        return
    yield from version_reasons(found.version, version, software=found.sort.software)
    yield from guards.whole(found)
    if found.wanted < 3:
        yield f"with {count(found.wanted, 'member')} the service stops while one is replaced"


def version_reasons(before: str, after: str, *, software: str) -> Iterator[str]:
    """Why a version may not follow another: back, or over a minor version."""
    old, new = _VERSION.match(before), _VERSION.match(after)
    if new is None:
        yield f"{after!r} is no version such as 3.7.4"
    if old is None:
        yield f"the version now, {before!r}, is not understood"
    if old is None or new is None:
        return
    was, will = (tuple(int(part) for part in each.groups()) for each in (old, new))
    if will < was:
        yield f"{software} can't go back from {before} to {after}"
    elif will[0] != was[0] or will[1] > was[1] + 1:
        yield f"from {before} to {after} a minor version is left out: go one at a time"


def _step(found: Quorum, version: str, running: str) -> Step:
    field = found.sort.version_field
    return Step(
        id="upgrade",
        title=f"Ask for {found.sort.software} {version}",
        action=Patch(patch={"spec": {field: version}}),
        target=guards.target(found),
        reason="The operator replaces one member after the other, and goes on once each is healthy.",
        precondition=(guards.condition(found, found.wanted),),
        postcondition=(guards.condition(found, found.wanted, version=running),),
        expected=(Change(path=f"spec.{field}", before=found.version, after=version),),
        no_undo=f"{found.sort.software} can't go back once a member runs the new version.",
        deadline_seconds=STEP_SECONDS,
        risk="high",
        confirm=found.name,
    )
