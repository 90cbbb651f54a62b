"""Where exec and port-forward of the mesh's pods lead."""

import sys
from pathlib import Path

from opskit.sandbox.kube import Json
from opskit.sandbox.kwok_config import forward_through, forward_to
from opskit.sandbox.mesh import istiod, network, tracing
from opskit.sandbox.mesh.workloads import MESHED, PORT, SYSTEM, Workload, control
from opskit.sandbox.site import Site

_RELAY = Path(__file__).with_name("relay.py")
_LOOPBACK = (15000, 15020, 15090, PORT)
"""Ports that are reached from inside of the pod, as kubelet's port-forward does."""


def documents(site: Site) -> list[Json]:
    """Every document that kwok needs."""
    ports = (istiod.PLAIN_XDS, istiod.METRICS, istiod.READINESS, istiod.WEBHOOKS)
    real = {port: (istiod.local(site), port) for port in ports} | {istiod.XDS: (control(site), istiod.XDS)}
    to_istiod = forward_to("istiod", selector={"matchNamespaces": [SYSTEM]}, ports=real)
    return [to_istiod, *tracing.documents(site), *(_into(site, each) for each in MESHED)]


def _into(site: Site, each: Workload) -> Json:
    chosen = {"matchNamespaces": [each.namespace], "matchNames": [each.pod]}
    relay = (*network.inside(site, each), sys.executable, "-I", "-S", str(_RELAY))
    return forward_through(
        each.name, selector=chosen, commands={port: (*relay, str(port)) for port in _LOOPBACK}
    )
