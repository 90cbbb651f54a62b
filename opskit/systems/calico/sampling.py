"""Which pairs of pods stand for a flow: all of a small namespace, one of each sort of a large one."""

from collections.abc import Iterator
from itertools import islice, product

from opskit.systems.calico.flows import Flow, Side
from opskit.systems.calico.reach import Objects

MOST = 400
"""Pairs that are asked about at most."""


def pairs(objects: Objects, flow: Flow) -> list[tuple[str, str]]:
    """Sources and destinations as `Reach.allowed` takes them; pods of one label set are asked for once."""
    ends = list(_names(objects, flow.source)), list(_names(objects, flow.destination))
    return [(a, b) for a, b in islice(product(*ends), MOST) if a != b]


def _names(objects: Objects, side: Side) -> Iterator[str]:
    if side.network:
        yield side.network.partition("/")[0]
        return
    seen: set[tuple[frozenset[tuple[str, str]], bool]] = set()
    for pod in objects.pods:
        sort = (frozenset(pod.labels.items()), bool(pod.addresses))
        if pod.finished or sort in seen or not side.fits(pod.namespace or "", pod.labels):
            continue
        seen.add(sort)
        yield f"{pod.namespace}/{pod.name}"
