"""The targets and conditions that both ways of host maintenance share."""

from opskit.core.plan import Condition, Target
from opskit.systems.rook.workloads import Node


def noout(host: str, state: str) -> Condition:
    """Noout on the host's CRUSH node is `set` or `unset`."""
    return Condition(
        name=f"rook/host-flag-is-{state}",
        arguments={"host": host, "flag": "noout"},
        text=f"noout is {state} on {host}",
    )


def marked(host: str, until: str) -> Condition:
    """The mark says until when noout is meant."""
    arguments = {"host": host, "until": until}
    return Condition(
        name="rook/noout-marked", arguments=arguments, text=f"noout of {host} is marked until {until}"
    )


def unmarked(host: str) -> Condition:
    """There is no mark."""
    return Condition(name="rook/noout-unmarked", arguments={"host": host}, text=f"{host} bears no mark")


def cordoned(node: Node) -> Condition:
    """No new pods come to the node."""
    return Condition(
        name="rook/node-cordoned", arguments={"node": node.name}, text=f"{node.name} is cordoned"
    )


def open_(node: Node) -> Condition:
    """New pods may come to the node."""
    return Condition(
        name="rook/node-open", arguments={"node": node.name}, text=f"{node.name} is open for new pods"
    )


def down(host: str) -> Condition:
    """No OSD of the host is up."""
    return Condition(name="rook/osds-down-on-host", arguments={"host": host}, text=f"no OSD of {host} is up")


def node_target(node: Node) -> Target:
    """The node, bound to its UID."""
    return Target(kind="Node", name=node.name, version="v1", plural="nodes", uid=node.metadata.uid)


def host_target(host: str) -> Target:
    """The CRUSH host."""
    return Target(kind="host", name=host)
