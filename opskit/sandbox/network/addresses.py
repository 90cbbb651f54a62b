"""Blocks, affinities and handles of the pods there are, as Calico's CNI plug-in and collector keep them."""

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

from opskit.sandbox.kube import Json, KubeApi
from opskit.sandbox.network.objects import calico
from opskit.sandbox.network.options import NODES, block

V3 = "/apis/projectcalico.org/v3"
SIZE = 64


def now() -> str:
    """The present, as the CNI plug-in notes it."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f +0000 UTC")


def object_name(cidr: str) -> str:
    """How a block is named: `10-65-0-0-26`."""
    return cidr.replace(".", "-").replace("/", "-")


def empty_block(cidr: str, node: str) -> Json:
    """A block of which nothing is given."""
    spec = {
        "cidr": cidr,
        "affinity": f"host:{node}",
        "strictAffinity": False,
        "allocations": [None] * SIZE,
        "attributes": [],
        "unallocated": list(range(SIZE)),
        "deleted": False,
    }
    return calico("IPAMBlock", object_name(cidr), spec)


def affinity(cidr: str, node: str) -> Json:
    """A node's claim to a block."""
    spec = {"cidr": cidr, "node": node, "state": "confirmed", "type": "host", "deleted": False}
    return calico("BlockAffinity", f"{node}-{object_name(cidr)}", spec)


def claim(api: KubeApi, cidr: str, node: str) -> None:
    """Give a node a block."""
    api.create(f"{V3}/blockaffinities", affinity(cidr, node))
    api.create(f"{V3}/ipamblocks", empty_block(cidr, node))


def claim_all(api: KubeApi) -> None:
    """Give every node its first block."""
    for node in NODES:
        claim(api, block(node), node)


def give(spec: Json, index: int, handle: str, secondary: Json) -> Json:
    """A block's spec with one more address given."""
    attributes = [*spec["attributes"], {"handle_id": handle, "secondary": secondary}]
    allocations = list(spec["allocations"])
    allocations[index] = len(attributes) - 1
    left = [each for each in spec["unallocated"] if each != index]
    return {**spec, "attributes": attributes, "allocations": allocations, "unallocated": left}


def take(spec: Json, handles: set[str]) -> Json:
    """A block's spec without the addresses of these handles."""
    gone = {i for i, each in enumerate(spec["attributes"]) if each.get("handle_id") in handles}
    freed = [at for at, held in enumerate(spec["allocations"]) if held in gone]
    kept = [i for i in range(len(spec["attributes"])) if i not in gone]
    place = {old: new for new, old in enumerate(kept)}
    return {
        **spec,
        "attributes": [spec["attributes"][i] for i in kept],
        "allocations": [None if held is None else place.get(held) for held in spec["allocations"]],
        "unallocated": [*spec["unallocated"], *freed],
    }


class Ledger:
    """Keeps blocks in step with the pods: gives to new ones, takes from those that it saw go.

    What it never saw, as a leak that a fault made, it leaves alone.
    """

    def __init__(self, api: KubeApi) -> None:
        self._api = api
        self._seen: set[str] = set()

    def keep(self) -> None:
        """One pass."""
        pods = [pod for pod in self._api.items("/api/v1/pods") if _has_address(pod)]
        there = {_handle(pod): pod for pod in pods}
        gone = self._seen - set(there)
        for held in self._api.items(f"{V3}/ipamblocks"):
            spec = take(held["spec"], gone) if gone else held["spec"]
            spec = _with(spec, there)
            if spec != held["spec"]:
                self._api.patch(f"{V3}/ipamblocks/{held['metadata']['name']}", {"spec": spec})
        for handle in gone:
            self._api.delete(f"{V3}/ipamhandles/{handle}")
        for handle in set(there) - self._seen:
            self._note(handle, there[handle]["status"]["podIP"])
        self._seen = set(there)

    def _note(self, handle: str, address: str) -> None:
        cidr = str(ip_network(f"{address}/26", strict=False))
        spec = {"handleID": handle, "block": {cidr: 1}, "deleted": False}
        self._api.create(f"{V3}/ipamhandles", calico("IPAMHandle", handle, spec))


def _handle(pod: Json) -> str:
    return f"k8s-pod-network.{pod['metadata']['uid'].replace('-', '')}"


def _has_address(pod: Json) -> bool:
    status = pod.get("status", {})
    running = status.get("phase") == "Running" and not pod["metadata"].get("deletionTimestamp")
    return running and bool(status.get("podIP")) and not pod["spec"].get("hostNetwork")


def _with(spec: Json, pods: dict[str, Json]) -> Json:
    net = ip_network(spec["cidr"])
    held = {each.get("handle_id") for each in spec["attributes"]}
    for handle, pod in pods.items():
        address = ip_address(pod["status"]["podIP"])
        if handle in held or address not in net:
            continue
        owner = {
            "namespace": pod["metadata"]["namespace"],
            "pod": pod["metadata"]["name"],
            "node": pod["spec"]["nodeName"],
            "timestamp": now(),
        }
        spec = give(spec, int(address) - int(net.network_address), handle, owner)
    return spec
