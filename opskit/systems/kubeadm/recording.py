"""What a capture of a kubeadm cluster holds beyond the facts: what plans ask for."""

from opskit.core.cluster import Cluster
from opskit.systems.kubeadm import facts, hosts, looks
from opskit.systems.kubeadm.facts import Facts


def record(cluster: Cluster, _: Facts) -> None:
    """Read what the planners will want to know of this moment, and the machines that opskit.toml names."""
    looks.workloads(cluster)
    if names := facts.named(cluster):
        hosts.ask(cluster, names)
