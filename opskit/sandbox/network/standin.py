"""The process `calico-stand-in`: `python -m opskit.sandbox.network.standin NAME`.

It does what can't be had here: calico-node's part that writes BIRD's configuration of Calico's objects and
reports CalicoNodeStatus, and the CNI plug-in's bookkeeping of addresses. BIRD itself is real. Felix does not
exist: no packet is ever filtered by a policy.
"""

import sys
import threading

import structlog

from opskit.core.errors import OpsError, ToolFailed
from opskit.sandbox.control_plane import api
from opskit.sandbox.kube import Json, KubeApi
from opskit.sandbox.network import bird
from opskit.sandbox.network.addresses import V3, Ledger
from opskit.sandbox.network.options import NODES
from opskit.sandbox.nodes import timestamp
from opskit.sandbox.site import Site

EVERY, REPORT_EVERY = 1.0, 8
"""Seconds between two passes, and passes between two reports when nothing changed."""

_TYPES = {"Mesh": "NodeMesh", "Node": "NodePeer", "Global": "GlobalPeer"}
_log = structlog.get_logger()


class StandIn:
    """What calico-node and the CNI plug-in would do, for all nodes."""

    def __init__(self, site: Site, client: KubeApi) -> None:
        self._site, self._api = site, client
        self._ledger = Ledger(client)
        self._reported: dict[str, Json] = {}
        self._passes = 0

    def once(self) -> None:
        """One pass."""
        nodes = [n for n in self._api.items("/api/v1/nodes") if n["metadata"]["name"] in NODES]
        self._configure(nodes)
        self._ledger.keep()
        for node in NODES:
            self._report(node)
        self._passes += 1

    def _configure(self, nodes: list[Json]) -> None:
        settings = self._api.get(f"{V3}/bgpconfigurations/default")["spec"]
        peers = [each["spec"] for each in self._api.items(f"{V3}/bgppeers")]
        claims = [each["spec"] for each in self._api.items(f"{V3}/blockaffinities")]
        for node in nodes:
            name = node["metadata"]["name"]
            blocks = sorted(each["cidr"] for each in claims if each["node"] == name)
            text = bird.render(self._site, node, nodes, settings, peers, blocks)
            bird.configure(self._site, name, text)

    def _report(self, node: str) -> None:
        status = _status(self._site, node)
        if status == self._reported.get(node) and self._passes % REPORT_EVERY:
            return
        path = f"{V3}/caliconodestatuses/{node}/status"
        self._api.patch(path, {"status": {**status, "lastUpdated": timestamp()}})
        self._reported[node] = status


def _status(site: Site, node: str) -> Json:
    try:
        sessions, state = bird.sessions(site, node), "Ready"
    except ToolFailed:
        sessions, state = {}, "NotReady"
    peers = [
        {
            "peerIP": protocol.partition("_")[2].replace("_", "."),
            "type": _TYPES[protocol.partition("_")[0]],
            "state": said,
            "since": since,
        }
        for protocol, (since, said) in sessions.items()
    ]
    up = sum(peer["state"] == "Established" for peer in peers)
    counts = {"numberEstablishedV4": up, "numberNotEstablishedV4": len(peers) - up}
    none = {"numberEstablishedV6": 0, "numberNotEstablishedV6": 0}
    return {"agent": {"birdV4": {"state": state}}, "bgp": {**counts, **none, "peersV4": peers}}


def main() -> None:
    """Run until ended by a signal."""
    site = Site(sys.argv[1])
    standin = StandIn(site, api(site, user="kubelet", manager="calico-stand-in"))
    said, pause = "", threading.Event()
    while True:
        try:
            standin.once()
            said = ""
        except OpsError as error:
            if str(error) != said:
                said = str(error)
                _log.warning("pass failed", error=said)
        pause.wait(EVERY)


if __name__ == "__main__":
    main()
