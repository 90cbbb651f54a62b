"""What a capture of a Ceph cluster holds beyond the facts: histories, and the answers that plans ask for."""

from opskit.core.cluster import Cluster
from opskit.core.parts import known
from opskit.systems.rook import looks, metrics
from opskit.systems.rook.facts import Facts

OSDS = 60
"""Beyond this many OSDs a capture does not ask about each one: it would take minutes."""


def record(cluster: Cluster, facts: Facts) -> None:
    """Read what figures and plans will want to know of this moment.

    Args:
        cluster: a cluster whose reads are recorded; what fails is recorded as such.
        facts: what was read of it just before.

    """
    metrics.record(cluster)
    if len(facts.osds) <= OSDS:
        for osd in facts.osds:
            looks.may_stop(cluster, osd=osd)
        for host in facts.hosts:
            looks.host(cluster, host=host)
    for pg in known(facts.pgs, []):
        if "inconsistent" in pg.state:
            looks.pg(cluster, pg=pg.pgid)
