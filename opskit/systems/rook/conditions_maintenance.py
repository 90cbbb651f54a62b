"""Predicates over hosts in maintenance: their OSDs, flags and marks, and the monitors that must stay.

A mark `opskit/noout/<host>` in Ceph's config-key store says until when a host's `noout` is meant,
so that a forgotten one can be told from one that is needed.
"""

from typing import TYPE_CHECKING

import msgspec

from opskit.core.conditions import Conditions, Held
from opskit.systems.rook.answers import CrushNode, OsdDump, Status, Tree
from opskit.systems.rook.conditions_ceph import ENOENT, ask
from opskit.systems.rook.reading import ceph_argv, toolbox

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster

MAINTENANCE_CONDITIONS = Conditions()

MARKS = "opskit/noout/"


@MAINTENANCE_CONDITIONS.named("rook/osds-up-on-host")
def osds_up_on_host(cluster: "Cluster", *, host: str, count: int) -> Held:
    """At least `count` OSDs of the host are up and in."""
    there = [each for each in _osds_of(cluster, host) if each.status == "up" and each.reweight > 0]
    return Held(ok=len(there) >= count, state=f"{len(there)} of {count} OSDs of {host} are up and in")


def _osds_of(cluster: "Cluster", host: str) -> list[CrushNode]:
    tree = ask(cluster, "osd", "tree", model=Tree) or Tree()
    node = next((node for node in tree.nodes if node.type == "host" and node.name == host), None)
    return [each for each in tree.nodes if node and each.id in node.children and each.type == "osd"]


@MAINTENANCE_CONDITIONS.named("rook/osds-down-on-host")
def osds_down_on_host(cluster: "Cluster", *, host: str) -> Held:
    """No OSD of the host is up."""
    osds = _osds_of(cluster, host)
    up = [each.name for each in osds if each.status == "up"]
    return Held(ok=bool(osds) and not up, state=f"{len(up)} of {len(osds)} OSDs of {host} are up")


@MAINTENANCE_CONDITIONS.named("rook/mon-quorum")
def mon_quorum(cluster: "Cluster", *, without: list[str]) -> Held:
    """The monitors keep a majority without those named."""
    found = ask(cluster, "status", model=Status) or Status()
    left = [name for name in found.quorum_names if name not in without]
    needed = found.monmap.num_mons // 2 + 1
    text = f"{len(left)} of {found.monmap.num_mons} monitors would stay in quorum, {needed} are needed"
    return Held(ok=bool(left) and len(left) >= needed, state=text)


def read_flags(cluster: "Cluster") -> OsdDump:
    """The cluster-wide flags and those of CRUSH nodes."""
    return ask(cluster, "osd", "dump", model=OsdDump) or OsdDump()


@MAINTENANCE_CONDITIONS.named("rook/flag-is-set")
def flag_is_set(cluster: "Cluster", *, flag: str) -> Held:
    """The cluster-wide OSD flag is set."""
    found = flag in read_flags(cluster).flags_set
    return Held(ok=found, state=f"{flag} is {'set' if found else 'not set'}")


@MAINTENANCE_CONDITIONS.named("rook/flag-is-unset")
def flag_is_unset(cluster: "Cluster", *, flag: str) -> Held:
    """The cluster-wide OSD flag is not set."""
    held = flag_is_set(cluster, flag=flag)
    return Held(ok=not held.ok, state=held.state)


@MAINTENANCE_CONDITIONS.named("rook/host-flag-is-set")
def host_flag_is_set(cluster: "Cluster", *, host: str, flag: str) -> Held:
    """The flag is set on the host's CRUSH node."""
    found = flag in read_flags(cluster).crush_node_flags.get(host, ())
    return Held(ok=found, state=f"{flag} is {'set' if found else 'not set'} on {host}")


@MAINTENANCE_CONDITIONS.named("rook/host-flag-is-unset")
def host_flag_is_unset(cluster: "Cluster", *, host: str, flag: str) -> Held:
    """The flag is not set on the host's CRUSH node."""
    held = host_flag_is_set(cluster, host=host, flag=flag)
    return Held(ok=not held.ok, state=held.state)


@MAINTENANCE_CONDITIONS.named("rook/noout-marked")
def noout_marked(cluster: "Cluster", *, host: str, until: str) -> Held:
    """The mark says until when the host's noout is meant."""
    found = _mark(cluster, host)
    return Held(ok=found == until, state=f"{host} is {f'marked until {found}' if found else 'not marked'}")


@MAINTENANCE_CONDITIONS.named("rook/noout-unmarked")
def noout_unmarked(cluster: "Cluster", *, host: str) -> Held:
    """The host bears no mark."""
    found = _mark(cluster, host)
    return Held(ok=not found, state=f"{host} is {f'marked until {found}' if found else 'not marked'}")


def _mark(cluster: "Cluster", host: str) -> str:
    """Until when the host is marked; "" when it is not, `an unknown time` when the mark can't be read."""
    argv = ceph_argv(("config-key", "get", MARKS + host))
    answer = cluster.tool(argv, place=toolbox(cluster), exit_codes=(0, ENOENT))
    if answer.exit_code or not answer.body.strip():
        return ""
    try:
        return msgspec.json.decode(answer.body, type=dict[str, str]).get("until", "an unknown time")
    except msgspec.MsgspecError:
        return "an unknown time"
