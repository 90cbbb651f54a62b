"""What a capture of the mesh holds beyond the facts: histories, ways of requests, and traces."""

from opskit.core.cluster import Cluster
from opskit.core.parts import attempt
from opskit.systems.istio import asking, metrics, reading
from opskit.systems.istio.facts import Facts

DUMPS = 8
"""Envoys whose whole configuration a capture holds."""


def record(cluster: Cluster, facts: Facts) -> None:
    """Read what figures and runbooks will want to know of this moment."""
    metrics.record(cluster)
    attempt("traces", lambda: asking.where_time_goes(cluster, facts))
    for each in facts.proxies[:DUMPS]:
        attempt("config_dump", lambda each=each: reading.config_dump(cluster, each.pod, each.namespace))
        attempt("clusters", lambda each=each: reading.clusters(cluster, each.pod, each.namespace))
