"""What a capture of a Vault holds beyond the facts: the leases that a plan would list."""

from opskit.core.cluster import Cluster
from opskit.core.parts import known
from opskit.systems.vault import looks
from opskit.systems.vault.facts import Facts
from opskit.systems.vault.leases import Leases

PREFIXES = 20


def record(cluster: Cluster, facts: Facts) -> None:
    """List the leases of the largest prefixes, as a plan asks for them.

    Args:
        cluster: a cluster whose reads are recorded; what fails is recorded as such.
        facts: what was read of it just before.

    """
    for each in known(facts.leases, Leases(prefixes=())).prefixes[:PREFIXES]:
        looks.under(cluster, prefix=each.path)
