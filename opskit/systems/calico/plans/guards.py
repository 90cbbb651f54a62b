"""Interlocks of a default deny: each yields the reasons why it must not be made."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from opskit.systems.calico.facts import Facts
from opskit.systems.calico.flows import Flow, Side
from opskit.systems.calico.kubernetes_policies import NetworkPolicy
from opskit.systems.calico.plans import bridges, policies
from opskit.systems.calico.reach import Reach, locked_out
from opskit.systems.calico.reach.dns import servers
from opskit.systems.calico.sampling import pairs

PROTECTED = re.compile(
    r"^(kube-system|kube-public|kube-node-lease|calico-system|calico-apiserver|tigera-.*|openshift(-.*)?)$"
)
"""Namespaces that the cluster itself lives in: a mistake there can't be undone through it."""


def before(facts: Facts, namespace: str, flows: Iterable[Flow]) -> Iterator[str]:
    """What can be told without knowing the policies."""
    if PROTECTED.match(namespace):
        yield (
            f"{namespace} is the cluster's own: a deny there can cut off DNS, the API server or Calico itself"
        )
    for part in facts.unjudgeable:
        yield f"{part.part} could not be read: {part.reason}"
    if facts.unjudgeable:
        return
    spaces = {each.name for each in facts.objects.namespaces}
    if namespace not in spaces:
        yield f"there is no namespace {namespace}"
    for name in sorted(servers(facts.reach)):
        if name.startswith(f"{namespace}/"):
            yield f"{name} serves DNS for the cluster"
    for flow in flows:
        yield from _known(facts, spaces, flow.source)
        yield from _known(facts, spaces, flow.destination)


def _known(facts: Facts, spaces: set[str], side: Side) -> Iterator[str]:
    if side.network:
        return
    if side.namespace not in spaces:
        yield f"there is no namespace {side.namespace}, which {side} names"
    elif not any(side.fits(pod.namespace or "", pod.labels) for pod in facts.objects.pods):
        yield f"no pod is {side}: correct the labels, or declare the flow once its pods are there"


def dns(facts: Facts, namespace: str, after: Reach) -> Iterator[str]:
    """DNS must be known, and reachable for the namespace afterwards."""
    if not servers(facts.reach):
        yield (
            "no DNS pods were found (Service kube-system/kube-dns), so DNS can't be allowed: use ingress only"
        )
        return
    for each in locked_out(after):
        if each.namespace == namespace:
            yield f"{each.pods} pods would not reach DNS over {', '.join(each.protocols)}: {each.why}"


def foreign(there: Mapping[str, NetworkPolicy], manifests: Iterable[dict[str, Any]]) -> Iterator[str]:
    """A policy of one of our names that is not ours."""
    names = [str(each["metadata"]["name"]) for each in manifests]
    for name in [*bridges.NAMES, *names]:
        held = there.get(name)
        if held is not None and not policies.MANAGED.items() <= held.labels.items():
            yield f"a NetworkPolicy {name} is there that opskit did not make"
    for name in {each for each in names if names.count(each) > 1}:
        yield f"two sorts of pods would share the name {name}: declare their flows with other labels"


def flow_stays(facts: Facts, after: Reach, flow: Flow) -> Iterator[str]:
    """A declared flow must be open now and afterwards."""
    for source, destination in pairs(facts.objects, flow):
        for reach, when in ((facts.reach, "is denied today"), (after, "would be denied")):
            found = reach.allowed(source, destination, flow.protocol, flow.port)
            if not found.allowed:
                yield f"{flow} {when}: {found.text}"
                return
