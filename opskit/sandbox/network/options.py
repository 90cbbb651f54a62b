"""What can be chosen of a `network` sandbox, and who its nodes are."""

import msgspec

from opskit.core.errors import BadValue
from opskit.sandbox.nodes import NODES as WORKERS
from opskit.sandbox.site import Site

NODES = (*WORKERS, "node-d", "node-e")
"""Each has a network namespace with a BIRD of its own."""

SUBNET = "10.99.0"
"""Of the nodes' addresses. Every sandbox has a network of its own, so they may be the same in all."""

POOL = "10.65.0.0/22"
"""Pods' addresses: sixteen blocks."""

DEFAULT_AS = 64512


class NetworkOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the profile."""

    reflectors: int = 0
    """Nodes that reflect routes: 0 is a full mesh; with 1 or 2 the mesh is off."""
    workloads: str = "shop"
    """The namespace of the workloads that policies are shown on."""

    def checked(self) -> "NetworkOptions":
        """Itself, if the values make a network.

        Raises:
            BadValue: which one does not, and what would.

        """
        if self.reflectors not in (0, 1, 2):
            raise BadValue(
                f"{self.reflectors} reflectors can't be had.", where="--reflectors", hint="use 0, 1 or 2."
            )
        return self


def options_of(site: Site) -> NetworkOptions:
    """The options that a sandbox was started with."""
    given = site.record.get("options", {})
    return NetworkOptions(
        reflectors=int(given.get("reflectors", 0)), workloads=given.get("workloads", "shop")
    )


def address(node: str) -> str:
    """The address that a node speaks BGP from."""
    return f"{SUBNET}.{NODES.index(node) + 1}"


def block(node: str) -> str:
    """The node's first block of pod addresses."""
    return f"10.65.0.{64 * NODES.index(node)}/26" if NODES.index(node) < 4 else "10.65.1.0/26"
