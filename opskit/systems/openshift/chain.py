"""Which cluster operator is the guilty one, where several are in trouble. Pure.

What an operator rests on follows the operators' own repositories and
https://docs.redhat.com/en/documentation/openshift_container_platform/latest/html/operators/cluster-operators-ref.
"""

import re
from collections.abc import Iterable, Mapping

from opskit.systems.openshift.facts import says
from opskit.systems.openshift.kinds import ClusterOperator

RESTS_ON: Mapping[str, Mapping[str, str]] = {
    "kube-apiserver": {"etcd": r"etcd"},
    "openshift-apiserver": {
        "kube-apiserver": r"kube-apiserver|kubernetes api",
        "etcd": r"etcd",
        "network": r"network|sdn|ovn|service unavailable",
        "dns": r"dns|no such host",
    },
    "kube-controller-manager": {"kube-apiserver": r"kube-apiserver|connection refused"},
    "kube-scheduler": {"kube-apiserver": r"kube-apiserver|connection refused"},
    "dns": {"network": r"network|sdn|ovn|cni"},
    "ingress": {
        "dns": r"dns|no such host|lookup",
        "network": r"network|sdn|ovn|cni",
        "cloud-controller-manager": r"load ?balancer",
        "machine-config": r"node|machine",
    },
    "authentication": {
        "ingress": r"route|router|ingress|canary|EOF|no route to host|apps\.",
        "dns": r"no such host|lookup",
        "openshift-apiserver": r"openshift-?apiserver|oauth-?apiserver",
        "kube-apiserver": r"kube-apiserver",
        "etcd": r"etcd",
        "network": r"network|sdn|ovn",
    },
    "console": {
        "ingress": r"route|router|ingress|canary|EOF|apps\.",
        "authentication": r"oauth|authentication|login",
        "dns": r"no such host|lookup",
    },
    "monitoring": {
        "ingress": r"route",
        "storage": r"volume|pvc|persistent",
        "network": r"network",
        "machine-config": r"node",
    },
    "image-registry": {"storage": r"volume|pvc|persistent|storage", "ingress": r"route"},
    "storage": {"cloud-controller-manager": r"cloud", "kube-controller-manager": r"kube-controller"},
    "operator-lifecycle-manager-packageserver": {"kube-apiserver": r"apiservice", "network": r"network"},
    "marketplace": {"operator-lifecycle-manager": r"olm|catalog", "network": r"network"},
    "insights": {"network": r"timeout|connect"},
    "machine-config": {"kube-apiserver": r"kube-apiserver", "etcd": r"etcd"},
}
"""Operator → what it rests on → what its message says when that is why."""


def in_trouble(operator: ClusterOperator) -> bool:
    """Whether it is not available, or degraded."""
    conditions = operator.status.conditions
    return says(conditions, "Available", "False") or says(conditions, "Degraded", "True")


def messages(operator: ClusterOperator) -> str:
    """What it says of its trouble."""
    conditions = operator.status.conditions or []
    bad = [
        each
        for each in conditions
        if (each.type, each.status) in (("Available", "False"), ("Degraded", "True"))
    ]
    return " ".join(f"{each.reason or ''} {each.message or ''}" for each in bad)


def roots(operators: Iterable[ClusterOperator]) -> dict[str, list[str]]:
    """Each operator whose trouble is its own → those in trouble because of it, nearest first.

    One follows from another where it rests on it and says so, or where the other is not available at all.
    """
    ill = {each.name: each for each in operators if in_trouble(each)}
    cause = {name: _cause(each, ill) for name, each in ill.items()}
    found: dict[str, list[str]] = {name: [] for name in ill if not cause[name]}
    ways = sorted((_way(name, cause) for name in ill), key=len)
    for first, *_, root in (way for way in ways if len(way) > 1):
        found.setdefault(root, []).append(first)
    return found


def _cause(operator: ClusterOperator, ill: Mapping[str, ClusterOperator]) -> str:
    said = messages(operator)
    rests_on = RESTS_ON.get(operator.name, {})
    named = [
        name for name, words in rests_on.items() if name in ill and re.search(words, said, re.IGNORECASE)
    ]
    gone = [
        name for name in rests_on if name in ill and says(ill[name].status.conditions, "Available", "False")
    ]
    return (named or gone or [""])[0]


def _way(name: str, cause: Mapping[str, str]) -> list[str]:
    """From an operator to the one at fault."""
    way = [name]
    while (further := cause.get(way[-1], "")) and further not in way:
        way.append(further)
    return way
