"""Flows that a namespace needs, as an operator declares them: `app=web->app=db:TCP/5432`.

    [NAMESPACE/]LABELS->[NAMESPACE/]LABELS:PROTOCOL/PORT

LABELS is `*` (every pod), or `key=value`, several joined by `&`. Without a namespace it is the one that is
closed; instead of either side a network such as `10.1.0.0/16` may stand.
"""

import re
from ipaddress import ip_network
from typing import Any

from opskit.core.errors import BadValue
from opskit.core.findings import Data
from opskit.systems.calico.reach.traffic import PROTOCOLS

_FLOW = re.compile(
    r"^\s*(?P<source>.+?)\s*->\s*(?P<destination>.+?)\s*:\s*(?P<protocol>[A-Za-z]+)/(?P<port>\d+)\s*$"
)
_LABEL = re.compile(r"^([A-Za-z0-9][A-Za-z0-9_./-]*)=([A-Za-z0-9_.-]*)$")
_WANTED = (
    "write it as app=web->app=db:TCP/5432, NAMESPACE/*->app=api:TCP/8080 or app=api->10.1.0.0/16:TCP/443"
)

Json = dict[str, Any]


class Side(Data, frozen=True):
    """One end of a flow: pods of a namespace by labels, or a network."""

    namespace: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    network: str = ""

    @property
    def selector(self) -> Json:
        """As a label selector; empty selects every pod."""
        return {"matchLabels": dict(self.labels)} if self.labels else {}

    def fits(self, namespace: str, labels: dict[str, str]) -> bool:
        """Whether a pod is meant."""
        return namespace == self.namespace and all(labels.get(key) == value for key, value in self.labels)

    def peer(self, home: str) -> Json:
        """As a peer of a NetworkPolicy in the namespace `home`."""
        if self.network:
            return {"ipBlock": {"cidr": self.network}}
        if self.namespace == home:
            return {"podSelector": self.selector}
        space = {"matchLabels": {"kubernetes.io/metadata.name": self.namespace}}
        return {"namespaceSelector": space} | ({"podSelector": self.selector} if self.labels else {})

    def __str__(self) -> str:
        if self.network:
            return self.network
        return f"{self.namespace}/{'&'.join(f'{key}={value}' for key, value in self.labels) or '*'}"


class Flow(Data, frozen=True):
    """Traffic that must stay possible."""

    source: Side
    destination: Side
    protocol: str
    port: int

    def __str__(self) -> str:
        return f"{self.source}->{self.destination}:{self.protocol}/{self.port}"


def parse(text: str, *, namespace: str) -> Flow:
    """A flow as it is written.

    Args:
        text: see the module.
        namespace: the one that is closed; sides without a namespace are its pods.

    Raises:
        BadValue: it is no flow, or neither end lies in the namespace.

    """
    found = _FLOW.match(text)
    if found is None:
        raise BadValue(f"{text!r} is no flow.", hint=_WANTED)
    protocol, port = found["protocol"].upper(), int(found["port"])
    if protocol not in PROTOCOLS or protocol.startswith("ICMP") or protocol == "UDPLITE":
        raise BadValue(
            f"{found['protocol']!r} is no protocol of a flow.", where=text, hint="TCP, UDP or SCTP"
        )
    if not 0 < port < 65536:
        raise BadValue(f"There is no port {port}.", where=text, hint="give one of 1-65535")
    flow = Flow(
        source=_side(found["source"], namespace, text),
        destination=_side(found["destination"], namespace, text),
        protocol=protocol,
        port=port,
    )
    if namespace not in (flow.source.namespace, flow.destination.namespace):
        raise BadValue(f"Neither end of {text!r} is in {namespace}.", where=text, hint=_WANTED)
    return flow


def _side(text: str, namespace: str, flow: str) -> Side:
    network = _network(text)
    if network:
        return Side(network=network)
    head, slash, tail = text.partition("/")
    # A label's own prefix, such as app.kubernetes.io/name=web, is a domain; a namespace has no dot.
    space, rest = (head, tail) if slash and "." not in head and "=" not in head else ("", text)
    labels = () if rest == "*" else tuple(_label(part, flow) for part in rest.split("&"))
    return Side(namespace=space or namespace, labels=labels)


def _network(text: str) -> str:
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        return ""


def _label(text: str, flow: str) -> tuple[str, str]:
    found = _LABEL.match(text.strip())
    if found is None:
        raise BadValue(f"{text!r} is no label.", where=flow, hint=_WANTED)
    return found[1], found[2]
