"""The Ceph cluster's components: monitors, manager, OSDs on memory stores, and if asked MDS and RGW."""

import socket
from collections.abc import Callable
from functools import partial

from opskit.sandbox.component import Component
from opskit.sandbox.kube import Json
from opskit.sandbox.light import ceph_daemons, ceph_files
from opskit.sandbox.light.options import MONS, LightOptions
from opskit.sandbox.rados import shared
from opskit.sandbox.site import Site

POOL = "replicapool"
"""The replicated pool that holds data from the start."""

_SEED_OBJECTS = 96
_SEED_BYTES = 65_536


def components(options: LightOptions) -> list[Component]:
    """Ceph's components."""
    mons = [f"mon.{name}" for name in MONS[: options.mons]]
    osds = [f"osd.{number}" for number in range(options.osds)]
    return [
        Component(
            name="ceph-files",
            programs=("ceph", "rados", "ceph-mon", "ceph-mgr", "ceph-osd", "monmaptool"),
            prepare=partial(ceph_files.write, options=options),
        ),
        *(_daemon(name, needs=("ceph-files",)) for name in mons),
        Component(
            name="ceph-quorum",
            needs=tuple(map(ceph_daemons.process_name, mons)),
            ready=lambda site: len(_ask(site, "quorum_status")["quorum"]) == options.mons,
            settle=_configure,
        ),
        _daemon("mgr.a", needs=("ceph-quorum",)),
        *(_daemon(name, needs=("ceph-quorum",)) for name in osds),
        Component(
            name="ceph-pools",
            needs=tuple(map(ceph_daemons.process_name, osds)),
            ready=lambda site: _ask(site, "osd stat")["num_up_osds"] == options.osds,
            settle=_make_pools,
        ),
        *(_filesystem() if options.mds else []),
        *(_object_store() if options.rgw else []),
        Component(
            name="ceph-health", needs=("ceph-mgr.a", *served(options)), ready=is_healthy, deadline=300.0
        ),
    ]


def served(options: LightOptions) -> tuple[str, ...]:
    """The components that must be ready before the cluster can be healthy."""
    mds = ("ceph-mds.myfs-a",) if options.mds else ()
    return ("ceph-pools", *mds, *(("ceph-rgw.my-store-a",) if options.rgw else ()))


def is_healthy(site: Site) -> bool:
    """Whether Ceph says HEALTH_OK and every PG is active and clean."""
    status = _ask(site, "status")
    return status["health"]["status"] == "HEALTH_OK" and pgs_clean(status)


def pgs_clean(status: Json) -> bool:
    """Whether every PG of a `ceph status` is active and clean, scrubbing or not."""
    states = [set(each["state_name"].split("+")) for each in status["pgmap"].get("pgs_by_state", [])]
    return bool(states) and all({"active", "clean"} <= state <= _QUIET for state in states)


_QUIET = {"active", "clean", "scrubbing", "deep", "snaptrim", "snaptrim_wait"}


def _daemon(daemon: str, *, needs: tuple[str, ...], ready: Callable[[Site], bool] | None = None) -> Component:
    sort = daemon.partition(".")[0]
    return Component(
        name=ceph_daemons.process_name(daemon),
        programs=(ceph_daemons.PROGRAMS[sort],),
        needs=needs,
        command=partial(ceph_daemons.command, daemon=daemon),
        mortal=True,
        ready=ready or partial(answers, daemon=daemon),
    )


def answers(site: Site, *, daemon: str) -> bool:
    """Whether the daemon listens on its admin socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(ceph_daemons.admin_socket(site, daemon)) == 0


def _ask(site: Site, prefix: str) -> Json:
    return shared(ceph_files.conf(site)).mon(prefix)


def _configure(site: Site) -> None:
    """What must be known before manager and OSDs start."""
    rados = shared(ceph_files.conf(site))
    for name, value in {
        "mgr/prometheus/server_addr": "127.0.0.1",
        "mgr/prometheus/server_port": str(site.port("mgr-metrics")),
        "mgr/prometheus/scrape_interval": "5",
        "mgr/balancer/active": "false",
    }.items():
        rados.mon("config set", who="mgr", name=name, value=value, force=True)
    for disk in ceph_files.disks(site):
        rados.mon("osd new", uuid=disk.uuid, id=disk.osd)


def _make_pools(site: Site) -> None:
    rados = shared(ceph_files.conf(site))
    rados.mon("osd crush rule create-replicated", name=POOL, root="default", type="host")
    rados.mon("osd pool create", pool=POOL, pg_num=32, pgp_num=32, pool_type="replicated", rule=POOL)
    rados.mon("osd pool application enable", pool=POOL, app="rbd")
    rados.put(POOL, {f"seed.{number:04}": bytes([number]) * _SEED_BYTES for number in range(_SEED_OBJECTS)})


def _filesystem() -> list[Component]:
    return [
        Component(name="ceph-filesystem", needs=("ceph-pools",), settle=_make_filesystem),
        _daemon(
            "mds.myfs-a",
            needs=("ceph-filesystem",),
            ready=lambda site: "active" in str(_ask(site, "mds stat")) and answers(site, daemon="mds.myfs-a"),
        ),
    ]


def _make_filesystem(site: Site) -> None:
    rados = shared(ceph_files.conf(site))
    for pool in ("myfs-metadata", "myfs-replicated"):
        rados.mon("osd pool create", pool=pool, pg_num=16, pgp_num=16, pool_type="replicated", rule=POOL)
    rados.mon("fs new", fs_name="myfs", metadata="myfs-metadata", data="myfs-replicated")
    rados.mon("fs set", fs_name="myfs", var="standby_count_wanted", val="0")


def _object_store() -> list[Component]:
    return [_daemon("rgw.my-store-a", needs=("ceph-pools",), ready=_gateway_answers)]


def _gateway_answers(site: Site) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", site.port("radosgw"))) == 0
