"""What a default deny changes, in words that don't name single pods: those come and go."""

import re
from collections.abc import Iterator

from opskit.core.plan import Change
from opskit.systems.calico.facts import Facts
from opskit.systems.calico.reach import Difference
from opskit.systems.calico.workloads import Pod

MOST = 40
"""Lines of a difference that are shown."""
_HASH = re.compile(r"-[a-f0-9]{6,10}$")


def expected(facts: Facts, difference: Difference) -> tuple[Change, ...]:
    """What is closed and what is opened, one line for each sort of pods, peers and traffic."""
    pods = {f"{pod.namespace}/{pod.name}": pod for pod in facts.objects.pods}
    found = {change.path: change for change in _changes(difference, pods)}
    shown = [found[path] for path in sorted(found)]
    more = len(shown) - MOST
    if more > 0:
        shown = [*shown[:MOST], Change(path=f"... and {more} more, see the runbook's table")]
    return tuple(shown)


def _changes(difference: Difference, pods: dict[str, Pod]) -> Iterator[Change]:
    for each in difference.changes:
        way = "to" if each.direction == "ingress" else "from"
        back = "from" if each.direction == "ingress" else "to"
        peers = ", ".join(sorted({_place(name) for name in each.examples}))
        path = f"{way} {workload(each.endpoint, pods)} {back} {peers}: {each.traffic}"
        before, after = ("denied", "allowed") if each.gained else ("allowed", "denied")
        yield Change(path=path, before=before, after=after)


def _place(name: str) -> str:
    """A peer's namespace; a node or a network as it is."""
    space, slash, _ = name.partition("/")
    return f"pods of {space}" if slash and " " not in space and not space[:1].isdecimal() else name


def workload(name: str, pods: dict[str, Pod]) -> str:
    """What a pod is one of: its owner, without the hash of a Deployment's ReplicaSet."""
    pod = pods.get(name)
    owners = (pod.metadata.owner_references or []) if pod else []
    if not owners or pod is None:
        return name
    owner = owners[0].name
    return f"{pod.namespace}/{_HASH.sub('', owner) if owners[0].kind == 'ReplicaSet' else owner}"
