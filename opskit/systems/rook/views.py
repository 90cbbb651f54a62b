"""Every frame that can be made of a Ceph cluster's facts. Pure: facts in, frame out.

Sizes are bytes, shares are 0 to 1, and every frame has its columns also when it is empty.
"""

from opskit.core.aspects import Aspect
from opskit.systems.rook.views_cluster import health as health
from opskit.systems.rook.views_cluster import hosts as hosts
from opskit.systems.rook.views_cluster import osds as osds
from opskit.systems.rook.views_cluster import pg_states as pg_states
from opskit.systems.rook.views_cluster import pools as pools
from opskit.systems.rook.views_daemons import daemon_list as daemons
from opskit.systems.rook.views_daemons import mons as mons
from opskit.systems.rook.views_daemons import versions as versions
from opskit.systems.rook.views_trends import capacity as capacity
from opskit.systems.rook.views_trends import crush as crush
from opskit.systems.rook.views_trends import latency as latency
from opskit.systems.rook.views_trends import recovery as recovery

__all__ = [
    "COMPARED",
    "capacity",
    "crush",
    "daemons",
    "health",
    "hosts",
    "latency",
    "mons",
    "osds",
    "pg_states",
    "pools",
    "recovery",
    "versions",
]


COMPARED = (
    Aspect("health", health, ("code",), ("severity", "muted", "message")),
    Aspect("mon", mons, ("mon",), ("in_quorum", "address")),
    Aspect(
        "osd",
        osds,
        ("osd",),
        ("up", "in", "host", "node", "device_class", "crush_weight", "reweight", "bytes"),
    ),
    Aspect("pool", pools, ("pool",), ("size", "min_size", "rule", "failure_domain", "pgs", "application")),
    Aspect("PGs", pg_states, ("state",), ("pgs",)),
    Aspect("version", versions, ("daemon", "version"), ("daemons",)),
    Aspect("deployment", daemons, ("deployment",), ("wanted", "ready", "node")),
)
"""What two looks are compared by."""
