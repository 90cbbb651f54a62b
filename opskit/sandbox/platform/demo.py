"""Operators and OpenShift in the demo: something broken in each, the guilty one not the loudest."""

from opskit.core.cluster import Cluster
from opskit.sandbox.demo import Demo, State, fault
from opskit.sandbox.sandbox import Sandbox
from opskit.systems.operators import owners


def _broken(sandbox: Sandbox) -> None:
    """An etcd member is dead, an install plan waits, an operator stands still, the ingress canary fails."""
    for name in ("etcd-member-killed", "install-plan-waiting", "operator-stopped", "ingress-degraded"):
        sandbox.inject(name)
    sandbox.inject("route-host-taken")


def _walk_to_owners(cluster: Cluster) -> None:
    owners.walk(cluster, "pods", "orders-0", namespace="shop")


DEMO = Demo(
    systems=("operators", "openshift"),
    asked={"operators": _walk_to_owners},
    states=(
        State(name="default", enter=_broken),
        State(name="pool-degraded", enter=fault("pool-degraded")),
    ),
)
"""What is recorded."""
