"""BIRD on every node: its configuration, as calico-node makes it of Calico's objects, and what it answers."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from opskit.core.errors import ToolFailed
from opskit.sandbox.binaries import require
from opskit.sandbox.files import read_json, write_private
from opskit.sandbox.kube import Json
from opskit.sandbox.network import fabric
from opskit.sandbox.network.options import DEFAULT_AS
from opskit.sandbox.processes import Command
from opskit.sandbox.running import run
from opskit.sandbox.site import Site

REFLECTOR = "projectcalico.org/RouteReflectorClusterID"
ADDRESS = "projectcalico.org/IPv4Address"
AS_NUMBER = "projectcalico.org/ASNumber"
STATES = ("Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Established")

_SESSION = re.compile(r"^(\S+)\s+BGP\s+\S+\s+\S+\s+(\S+)\s+(\S+)", re.MULTILINE)
_HAS = re.compile(r"^(!?)has\(([^)]+)\)$")
_IS = re.compile(r"^(\S+) == '([^']*)'$")

_HEAD = """log stderr all;
router id {address};
protocol device {{}}
protocol direct {{ interface "lo"; ipv4; }}
protocol kernel {{ scan time 5; ipv4 {{ import none; export all; }}; }}
protocol static {{ ipv4; {routes} }}
template bgp calico {{
  local as {local};
  source address {address};
  graceful restart;
  connect delay time 1; connect retry time 3; error wait time 2,6; hold time 9;
  ipv4 {{ import all; export all; next hop self; }};
{reflecting}}}
"""


def name(node: str) -> str:
    """The name of a node's BIRD as a process."""
    return f"bird-{node}"


def configuration(site: Site, node: str) -> Path:
    """A node's bird.conf."""
    return site.folder("bird") / f"{node}.conf"


def socket(site: Site, node: str) -> Path:
    """Where a node's BIRD takes commands."""
    return site.run / f"{node}.ctl"


def overrides(site: Site) -> Path:
    """What faults put into a node's configuration against Calico's objects."""
    return site.state / "bird-overrides.json"


def prepare(site: Site, node: str) -> None:
    """A configuration without peers, to start with."""
    text = "log stderr all;\nrouter id 192.0.2.1;\nprotocol device {}\n"
    write_private(configuration(site, node), text)


def command(site: Site, node: str) -> Command:
    """What runs a node's BIRD."""
    own = (require("bird"), "-f", "-c", str(configuration(site, node)), "-s", str(socket(site, node)))
    return Command(argv=fabric.inside(site, node, *own))


def ask(site: Site, node: str, *words: str) -> str:
    """What a node's BIRD answers.

    Raises:
        ToolFailed: it does not run.

    """
    client = Path(require("bird")).with_name("birdcl")
    return run([str(client), "-s", str(socket(site, node)), *words], deadline=10.0)


def runs(site: Site, node: str) -> bool:
    """Whether a node's BIRD answers."""
    try:
        ask(site, node, "show", "status")
    except ToolFailed:
        return False
    return True


def sessions(site: Site, node: str) -> dict[str, tuple[str, str]]:
    """Protocol → since when, and the BGP state, as `show protocols` tells."""
    found = _SESSION.findall(ask(site, node, "show", "protocols"))
    return {protocol: (since, state if state in STATES else "Idle") for protocol, since, state in found}


def all_established(site: Site, nodes: Iterable[str]) -> bool:
    """Whether every BIRD has sessions, and all are established."""
    held = [sessions(site, node) for node in nodes]
    return all(each and all(state == "Established" for _, state in each.values()) for each in held)


def configure(site: Site, node: str, text: str) -> None:
    """Give a node's BIRD a new configuration; one that does not run reads it when it starts."""
    path = configuration(site, node)
    if path.read_text() != text:
        write_private(path, text)
        if runs(site, node):
            ask(site, node, "configure")


def render(
    site: Site, node: Json, nodes: list[Json], settings: Json, peers: list[Json], blocks: Iterable[str]
) -> str:
    """A node's configuration, of Calico's objects.

    Args:
        site: the sandbox, for what faults override.
        node: the Node object.
        nodes: all of them.
        settings: `spec` of BGPConfiguration `default`.
        peers: every BGPPeer's `spec`.
        blocks: the node's blocks of addresses.

    """
    given: dict[str, str] = read_json(overrides(site), {}).get(node["metadata"]["name"], {})
    reflects = _annotation(node, REFLECTOR)
    head = _HEAD.format(
        address=_address(node),
        local=given.get("as") or _as(node, settings),
        routes=" ".join(f"route {block} blackhole;" for block in blocks),
        reflecting=f"  rr cluster id {reflects};\n" if reflects else "",
    )
    secret = f' password "{given["password"]}";' if "password" in given else ""
    found = [*_mesh(node, nodes, settings), *_peers(node, nodes, settings, peers)]
    client = " rr client;" if reflects else ""
    return head + "".join(
        f"protocol bgp {kind}_{where.replace('.', '_')} from calico {{ neighbor {where} as {number};"
        f"{client if kind != 'Mesh' else ''}{secret} }}\n"
        for kind, where, number in dict.fromkeys(found)
    )


def _mesh(node: Json, nodes: list[Json], settings: Json) -> Iterator[tuple[str, str, int]]:
    """Reflectors take no part in the mesh."""
    if settings.get("nodeToNodeMeshEnabled") is False or _annotation(node, REFLECTOR):
        return
    for other in nodes:
        if other is not node and not _annotation(other, REFLECTOR):
            yield "Mesh", _address(other), _as(other, settings)


def _peers(
    node: Json, nodes: list[Json], settings: Json, peers: list[Json]
) -> Iterator[tuple[str, str, int]]:
    for peer in peers:
        wanted, selected = peer.get("peerSelector", ""), peer.get("nodeSelector", "")
        mine = peer.get("node", "") == node["metadata"]["name"] if peer.get("node") else _fits(selected, node)
        if mine and peer.get("peerIP"):
            kind = "Node" if peer.get("node") or selected else "Global"
            yield kind, peer["peerIP"], int(peer.get("asNumber") or DEFAULT_AS)
        for other in nodes if wanted else ():
            back = _fits(wanted, node) and _fits(selected, other)
            if other is not node and ((mine and _fits(wanted, other)) or back):
                yield "Node", _address(other), _as(other, settings)


def _fits(selector: str, node: Json) -> bool:
    """The selectors that this sandbox's own objects use: all(), has(…), !has(…) and key == 'value'."""
    labels: Mapping[str, str] = node["metadata"].get("labels") or {}
    if selector in ("", "all()"):
        return True
    if has := _HAS.match(selector):
        return (has[2] in labels) is not bool(has[1])
    if is_ := _IS.match(selector):
        return labels.get(is_[1]) == is_[2]
    raise ValueError(f"the stand-in does not know the selector {selector!r}")


def _annotation(node: Json, key: str) -> str:
    return (node["metadata"].get("annotations") or {}).get(key, "")


def _address(node: Json) -> str:
    return _annotation(node, ADDRESS).partition("/")[0]


def _as(node: Json, settings: Json) -> int:
    return int(_annotation(node, AS_NUMBER) or settings.get("asNumber") or DEFAULT_AS)


def wrappers(site: Site) -> None:
    """What `kubectl exec` into a calico-node pod finds as `birdcl` and `cat`: those in the node's network."""
    client = Path(require("bird")).with_name("birdcl")
    real = {"birdcl": f'shift 2; set -- {client} -s "$OPSKIT_BIRD" "$@"', "cat": 'set -- /bin/cat "$@"'}
    for tool, how in real.items():
        # Other pods' commands are left alone.
        text = (
            "#!/bin/sh\n"
            f'[ -n "$OPSKIT_NETNS" ] || exec /bin/{tool} "$@"\n'
            f'{how}\nexec {require("nsenter")} --net="$OPSKIT_NETNS" "$@"\n'
        )
        path = site.folder("bin") / tool
        write_private(path, text)
        path.chmod(0o700)
