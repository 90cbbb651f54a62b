"""What a pod says of the process behind it."""

from typing import Final

import msgspec

from opskit.sandbox.kube import Json
from opskit.sandbox.kwok_config import DAEMON

PROBE: Final = "sandbox.opskit.dev/probe"
"""`tcp://host:port` or `https://host:port/path`: how the pod's readiness is asked."""
ADDRESS: Final = "sandbox.opskit.dev/address"
"""The pod's address. Endpoints may not be loopback addresses, which the processes really have."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A pod that stands for a process."""

    uid: str
    name: str
    namespace: str
    daemon: str
    """The name of the process."""
    probe: str
    address: str


def annotations(daemon: str, *, probe: str, address: str) -> dict[str, str]:
    """The annotations of a pod whose daemon is a process."""
    return {DAEMON: daemon, PROBE: probe, ADDRESS: address}


def kept(pod: Json) -> Kept | None:
    """What the pod says of its process; None of a pod that is none of the keeper's, or on no node yet."""
    metadata = pod["metadata"]
    said: dict[str, str] = metadata.get("annotations") or {}
    if PROBE not in said or DAEMON not in said or not pod["spec"].get("nodeName"):
        return None
    names = {"pod": metadata["name"], "index": metadata["name"].rpartition("-")[2]}
    return Kept(
        uid=metadata["uid"],
        name=metadata["name"],
        namespace=metadata["namespace"],
        daemon=said[DAEMON].format(**names),
        probe=said[PROBE].format(**names),
        address=said.get(ADDRESS, "").format(**names),
    )
