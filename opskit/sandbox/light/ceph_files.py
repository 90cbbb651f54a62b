"""The files of the Ceph cluster: ceph.conf, keyrings, the disks' table, and the empty stores."""

import base64
import os
import re
import struct
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from opskit.core.errors import BadAnswer, NotFound
from opskit.sandbox.binaries import require
from opskit.sandbox.files import private_folder, read_json, write_json, write_private
from opskit.sandbox.light.options import MONS, LightOptions
from opskit.sandbox.nodes import NODES
from opskit.sandbox.running import run
from opskit.sandbox.site import Site

OSD_CAPS = {"mon": "allow profile osd", "mgr": "allow profile osd", "osd": "allow *"}
_CAPS = {
    "mon.": {"mon": "allow *"},
    "client.admin": {"mon": "allow *", "osd": "allow *", "mds": "allow *", "mgr": "allow *"},
    "mgr.a": {"mon": "allow profile mgr", "osd": "allow *", "mds": "allow *"},
    "mds.myfs-a": {"mon": "allow profile mds", "osd": "allow *", "mds": "allow", "mgr": "allow profile mds"},
    "client.rgw.my.store.a": {"mon": "allow rw", "osd": "allow rwx", "mgr": "allow rw"},
}

_UNUSED_MODULES = (
    "alerts influx insights localpool mirroring nfs osd_perf_query osd_support restful selftest "
    "snap_schedule stats telegraf test_orchestrator zabbix"
)
"""Loading each costs the manager's start a part of a second."""

# What differs from Ceph's own defaults, and why:
# - memory stores, saved on a clean stop: an OSD that is killed comes back empty and is refilled by its peers;
# - shorter intervals, so that a rehearsal sees within seconds what production shows within a minute;
# - the free space of this machine's own disk is not what a rehearsal is about.
_CONF = """[global]
fsid = {fsid}
mon_host = {mon_host}
mon_initial_members = {members}
ms_bind_msgr1 = false
ms_bind_ipv6 = false
admin_socket = {run}/$cluster-$name.asok
run_dir = {run}
crash_dir = {ceph}/crash
pid_file =
log_file =
log_to_file = false
log_to_stderr = true
err_to_stderr = true
mon_cluster_log_to_stderr = false
mon_cluster_log_to_file = false
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
auth_allow_insecure_global_id_reclaim = false
osd_pool_default_size = 3
osd_pool_default_min_size = 2
osd_pool_default_pg_num = 32
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 1
rbd_default_features = 3

[mon]
mon_data = {ceph}/mon-$id
keyring = $mon_data/keyring
mon_allow_pool_delete = true
mon_data_avail_warn = 1
mon_data_avail_crit = 0
mon_tick_interval = 2
mon_timecheck_interval = 5
mon_timecheck_skew_interval = 2
paxos_propose_interval = 0.1
paxos_min_wait = 0.02
mgr_initial_modules = prometheus

[mgr]
mgr_data = {ceph}/mgr-$id
keyring = $mgr_data/keyring
mgr_stats_period = 1
mgr_tick_period = 1
mgr_disabled_modules = {unused}

[osd]
osd_data = {ceph}/osd-$id
keyring = $osd_data/keyring
osd_objectstore = memstore
memstore_device_bytes = {osd_bytes}
osd_fast_shutdown = false
osd_recovery_sleep_hdd = 0
osd_mon_report_interval = 2
mgr_stats_period = 1

[mds]
keyring = {ceph}/keyring

[client]
admin_socket =
log_to_stderr = false
keyring = {ceph}/keyring

[client.rgw.my.store.a]
admin_socket = {run}/$cluster-$name.asok
log_to_stderr = true
"""


class Disk(msgspec.Struct, frozen=True, kw_only=True):
    """A disk of a node, and the OSD that lives on it."""

    node: str
    device: str
    osd: int
    uuid: str


def ceph_folder(site: Site) -> Path:
    """The folder of the Ceph cluster."""
    return site.folder("ceph")


def conf(site: Site) -> Path:
    """The cluster's ceph.conf."""
    return site.state / "ceph" / "ceph.conf"


def disks(site: Site) -> list[Disk]:
    """All disks of all nodes."""
    return msgspec.convert(read_json(ceph_folder(site) / "disks.json", []), list[Disk])


def disk_of(site: Site, osd: int) -> Disk:
    """The disk that an OSD lives on.

    Raises:
        NotFound: no disk carries that OSD.

    """
    for disk in disks(site):
        if disk.osd == osd:
            return disk
    known = ", ".join(f"osd.{disk.osd}" for disk in disks(site))
    raise NotFound(f"No disk carries osd.{osd}.", where=f"sandbox {site.name}", hint=f"there are {known}.")


def write_disks(site: Site, table: Sequence[Disk]) -> None:
    """Write the disks' table."""
    write_json(ceph_folder(site) / "disks.json", table)


def address(site: Site, node: str) -> str:
    """The loopback address of a node's daemons."""
    return f"{site.network()}.{NODES.index(node) + 1}"


def mon_node(mon: str) -> str:
    """The node that a monitor lives on."""
    return NODES[MONS.index(mon)]


def mon_addresses(site: Site, options: LightOptions) -> dict[str, str]:
    """Each monitor's `address:port`."""
    found: dict[str, str] = {}
    for mon in MONS[: options.mons]:
        host = address(site, mon_node(mon))
        found[mon] = f"{host}:{site.port(f'mon-{mon}', address=host)}"
    return found


def write(site: Site, options: LightOptions) -> None:
    """Write configuration, keys and the disks' table, and make every daemon's empty store."""
    folder, identity = ceph_folder(site), str(uuid.uuid4())
    private_folder(folder / "crash")
    mons = mon_addresses(site, options)
    _write_conf(site, options, identity, mons)
    count = options.osds // len(NODES)
    table = [
        Disk(
            node=NODES[osd // count],
            device=f"sd{'bcdefghijklmnopqrstuvwxyz'[osd % count]}",
            osd=osd,
            uuid=str(uuid.uuid4()),
        )
        for osd in range(options.osds)
    ]
    write_disks(site, table)
    _write_keyrings(folder, table)
    _make_stores(site, identity, mons, table)


def _write_conf(site: Site, options: LightOptions, identity: str, mons: Mapping[str, str]) -> None:
    text = _CONF.format(
        fsid=identity,
        mon_host=",".join(f"[v2:{where}/0]" for where in mons.values()),
        members=",".join(mons),
        run=site.run,
        ceph=ceph_folder(site),
        unused=_UNUSED_MODULES,
        osd_bytes=options.osd_size * 2**20,
    )
    write_private(conf(site), text)


def _write_keyrings(folder: Path, table: Sequence[Disk]) -> None:
    """One key an entity: each daemon's own file, and all of them in the one that the monitors start from."""
    caps = {**_CAPS, **{f"osd.{disk.osd}": OSD_CAPS for disk in table}}
    entries = {entity: keyring_entry(entity, allowed) for entity, allowed in caps.items()}
    write_private(folder / "initial.keyring", "".join(entries.values()))
    write_private(
        folder / "keyring", "".join(entries[name] for name in entries if name.startswith(("client.", "mds.")))
    )
    write_private(private_folder(folder / "mgr-a") / "keyring", entries["mgr.a"])
    for disk in table:
        write_private(private_folder(folder / f"osd-{disk.osd}") / "keyring", entries[f"osd.{disk.osd}"])


def keyring_entry(entity: str, caps: Mapping[str, str], *, key: str = "") -> str:
    """An entity's section of a keyring file, with a new key where none is given."""
    lines = [f'\tcaps {service} = "{allowed}"' for service, allowed in caps.items()]
    return "\n".join([f"[{entity}]", f"\tkey = {key or _new_key()}", *lines, ""])


def _new_key() -> str:
    """A cephx key: type 1 (AES), creation time in s and ns, length 16, then the secret, little-endian."""
    return base64.b64encode(struct.pack("<hiih", 1, int(time.time()), 0, 16) + os.urandom(16)).decode()


def keys(keyring: Path) -> dict[str, str]:
    """Each entity's key in a keyring file."""
    return dict(re.findall(r"\[(.+?)\]\n\tkey = (\S+)", keyring.read_text()))


def fsid(site: Site) -> str:
    """The cluster's id."""
    found = re.search(r"^fsid = (\S+)$", conf(site).read_text(), flags=re.MULTILINE)
    if found is None:
        raise BadAnswer("ceph.conf has no fsid.", where=str(conf(site)), hint="start the sandbox anew.")
    return found[1]


def _make_stores(site: Site, identity: str, mons: Mapping[str, str], table: Sequence[Disk]) -> None:
    folder = ceph_folder(site)
    monmap = folder / "monmap"
    adds = [part for mon, where in mons.items() for part in ("--addv", mon, f"[v2:{where}]")]
    run_tool(site, "monmaptool", "--create", "--clobber", "--fsid", identity, *adds, str(monmap))
    keyring = ("--keyring", str(folder / "initial.keyring"))
    with ThreadPoolExecutor(max_workers=4) as pool:
        made = [
            pool.submit(run_tool, site, "ceph-mon", "-i", mon, "--mkfs", "--monmap", str(monmap), *keyring)
            for mon in mons
        ]
        made += [pool.submit(make_osd_store, site, disk) for disk in table]
        for each in made:
            each.result()


def make_osd_store(site: Site, disk: Disk) -> None:
    """Make an OSD's empty store."""
    run_tool(site, "ceph-osd", "-i", str(disk.osd), "--mkfs", "--no-mon-config", "--osd-uuid", disk.uuid)


def run_tool(site: Site, program: str, *arguments: str, deadline: float = 60.0) -> str:
    """Run one of Ceph's own tools against this cluster; its standard output.

    Raises:
        ToolFailed: it ended with a nonzero exit code, or not in time.

    """
    env = {**os.environ, "CEPH_CONF": str(conf(site))}
    return run([require(program), *arguments], deadline=deadline, env=env)
