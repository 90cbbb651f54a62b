"""How each Ceph daemon is run. `up` and the kubelet stand-in start them the same way."""

from opskit.core.errors import UnknownName
from opskit.sandbox.binaries import require
from opskit.sandbox.light.ceph_files import address, ceph_folder, conf, disk_of, mon_node
from opskit.sandbox.nodes import NODES
from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site

PROGRAMS = {"mon": "ceph-mon", "mgr": "ceph-mgr", "osd": "ceph-osd", "mds": "ceph-mds", "rgw": "radosgw"}


def process_name(daemon: str) -> str:
    """The process's name, e.g. `ceph-osd.0` of `osd.0`."""
    return f"ceph-{daemon}"


def daemon_of(process: str) -> str:
    """The daemon that a process runs, e.g. `osd.0` of `ceph-osd.0`."""
    return process.removeprefix("ceph-")


def admin_socket(site: Site, daemon: str) -> str:
    """The daemon's admin socket."""
    sort, _, name = daemon.partition(".")
    entity = "client.rgw.my.store.a" if sort == "rgw" else f"{sort}.{name}"
    return str(site.run / f"ceph-{entity}.asok")


def node_of(site: Site, daemon: str) -> str:
    """The node that a daemon lives on."""
    sort, _, name = daemon.partition(".")
    if sort == "osd":
        return disk_of(site, int(name)).node
    return mon_node(name) if sort == "mon" else {"mgr": NODES[0], "mds": NODES[1], "rgw": NODES[2]}[sort]


def command(site: Site, daemon: str) -> Command:
    """What runs a daemon.

    Args:
        site: the sandbox.
        daemon: `mon.a`, `mgr.a`, `osd.3`, `mds.myfs-a`, `rgw.my-store-a`.

    Raises:
        UnknownName: there is no such sort of daemon.

    """
    sort, _, name = daemon.partition(".")
    if sort not in PROGRAMS:
        raise UnknownName.among("daemon", sort, PROGRAMS)
    argv = (require(PROGRAMS[sort]), "-f", *_arguments(site, sort, name))
    return Command(argv=argv, env={"CEPH_CONF": str(conf(site))})


def _arguments(site: Site, sort: str, name: str) -> tuple[str, ...]:
    where = address(site, node_of(site, f"{sort}.{name}"))
    if sort == "rgw":
        frontend = f"beast endpoint=127.0.0.1:{site.port('radosgw')}"
        own = ("--rgw_frontends", frontend, "--keyring", str(ceph_folder(site) / "keyring"))
        return ("-n", "client.rgw.my.store.a", *own)
    addresses = ("--public_addr", where, "--cluster_addr", where) if sort != "mon" else ()
    if sort == "osd":
        crush = f"root=default host={disk_of(site, int(name)).node}"
        return ("-i", name, *addresses, "--crush_location", crush)
    return ("-i", name, *addresses)
