"""What holds everything open while a default deny is put in place: for just those pods that are open today.

A pod that is isolated already must not be opened by it, so that it selects the complement of what isolates:
https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#resources-that-support-set-based-requirements.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from opskit.core import selectors
from opskit.core.findings import Data
from opskit.core.kinds import LabelSelector, LabelSelectorRequirement
from opskit.systems.calico.kubernetes_policies import LabelSelector as PolicySelector
from opskit.systems.calico.kubernetes_policies import NetworkPolicy, Requirement
from opskit.systems.calico.plans import policies
from opskit.systems.calico.reach import Reach
from opskit.systems.calico.reach.kubernetes_rules import policy_types

Json = dict[str, Any]

NAMES = (policies.BRIDGE, f"{policies.BRIDGE}-egress")
"""The second one only where the directions isolate different pods."""
_INVERSE = {"In": "NotIn", "NotIn": "In", "Exists": "DoesNotExist", "DoesNotExist": "Exists"}


class Bridge(Data, frozen=True):
    """One policy that allows everything."""

    name: str
    ways: tuple[str, ...]
    manifest: Json


def held(there: Mapping[str, NetworkPolicy]) -> list[NetworkPolicy]:
    """Those that an earlier run left behind."""
    return [there[name] for name in NAMES if name in there]


def wanted(
    reach: Reach,
    there: Mapping[str, NetworkPolicy],
    pods: Mapping[str, Mapping[str, str]],
    ways: Sequence[str],
    *,
    namespace: str,
) -> list[Bridge]:
    """The bridges that a namespace needs; those that are held already stay as they are.

    Args:
        reach: the cluster now.
        there: the namespace's policies by name.
        pods: `namespace/pod` → labels, of the namespace.
        ways: directions that are to be closed.
        namespace: theirs.

    """
    left = [_left(each) for each in held(there)]
    if left:
        return left
    chosen = {way: _selector(reach, there, pods, way) for way in ways}
    return list(_made(namespace, chosen))


def _left(policy: NetworkPolicy) -> Bridge:
    ways = tuple(each.lower() for each in policy_types(policy.spec))
    selector = {
        "matchExpressions": [_as_json(each) for each in policy.spec.pod_selector.match_expressions or []]
    }
    bare = {} if not selector["matchExpressions"] else selector
    made = policies.bridge(policy.namespace or "", ways, name=policy.name, selector=bare)
    return Bridge(name=policy.name, ways=ways, manifest=made)


def _made(namespace: str, chosen: Mapping[str, Json | None]) -> Iterator[Bridge]:
    groups: list[tuple[Json, list[str]]] = []
    for way, selector in chosen.items():
        same = next((ways for known, ways in groups if known == selector), None)
        if same is not None:
            same.append(way)
        elif selector is not None:
            groups.append((selector, [way]))
    for name, (selector, ways) in zip(NAMES, groups, strict=False):
        made = policies.bridge(namespace, ways, name=name, selector=selector)
        yield Bridge(name=name, ways=tuple(ways), manifest=made)


def _selector(
    reach: Reach, there: Mapping[str, NetworkPolicy], pods: Mapping[str, Mapping[str, str]], way: str
) -> Json | None:
    """Selects the pods that nothing isolates, and no other; None where no selector does."""
    closed = {pod for pod in pods if reach.isolated(pod, way)}
    if not closed:
        return {}
    if len(closed) == len(pods):
        return None
    terms = _complement(each for each in there.values() if way in map(str.lower, policy_types(each.spec)))
    if terms is None:
        return None
    chosen = selectors.parse(LabelSelector(match_expressions=terms).text())
    exact = all(selectors.matches(chosen, labels) is (pod not in closed) for pod, labels in pods.items())
    return {"matchExpressions": [_as_json(each) for each in terms]} if exact else None


def _complement(isolating: Iterable[NetworkPolicy]) -> list[LabelSelectorRequirement] | None:
    """All that none of these selects: a selector can say so where each of them has one term alone."""
    found: list[LabelSelectorRequirement] = []
    for each in isolating:
        terms = list(_terms(each.spec.pod_selector))
        if len(terms) != 1 or terms[0].operator not in _INVERSE:
            return None
        (term,) = terms
        inverse = LabelSelectorRequirement(key=term.key, operator=_INVERSE[term.operator], values=term.values)
        if inverse not in found:
            found.append(inverse)
    return found


def _terms(selector: PolicySelector) -> Iterator[Requirement]:
    for key, value in (selector.match_labels or {}).items():
        yield Requirement(key=key, operator="In", values=[value])
    yield from selector.match_expressions or []


def _as_json(term: Requirement | LabelSelectorRequirement) -> Json:
    return {
        "key": term.key,
        "operator": term.operator,
        **({"values": list(term.values)} if term.values else {}),
    }
