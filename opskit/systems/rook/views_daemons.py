"""Frames of monitors and of Rook's Deployments."""

from collections import defaultdict
from collections.abc import Mapping
from math import nan
from typing import Any

import pandas as pd

from opskit.core.kinds_workloads import Pod
from opskit.core.parts import known
from opskit.systems.rook import answers_daemons as daemons
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.frames import Columns, table

MONS: Columns = {
    "mon": "str",
    "rank": "int64",
    "address": "str",
    "in_quorum": "bool",
    "skew_s": "float64",
    "latency_s": "float64",
}


def mons(facts: Facts) -> pd.DataFrame:
    """Every monitor of the monmap.

    Returns:
        mon (str), rank (int64), address (str), in_quorum (bool), skew_s, latency_s (float64, seconds
        against the leader; NaN where it was not measured).

    """
    dump = known(facts.mon_dump, daemons.MonDump())
    skews = known(facts.time_sync, daemons.TimeSync()).time_skew_status
    return table((_mon_row(mon, dump, skews.get(mon.name)) for mon in dump.mons), MONS)


def _mon_row(mon: daemons.Mon, dump: daemons.MonDump, skew: daemons.Skew | None) -> tuple[Any, ...]:
    return (
        mon.name,
        mon.rank,
        mon.public_addr,
        mon.rank in dump.quorum,
        skew.skew if skew else nan,
        skew.latency if skew else nan,
    )


DAEMONS: Columns = {
    "type": "str",
    "deployment": "str",
    "wanted": "int64",
    "ready": "int64",
    "restarts": "int64",
    "node": "str",
}


def daemon_list(facts: Facts) -> pd.DataFrame:
    """Every Deployment of Rook: one a daemon.

    Returns:
        type (str: osd, mon, mgr, mds, rgw, …), deployment (str), wanted, ready (int64, replicas),
        restarts (int64, of its pods' containers), node (str, where its pods run).

    """
    pods: dict[str, list[Pod]] = defaultdict(list)
    for pod in known(facts.pods, []):
        pods[daemon_key(pod.labels)].append(pod)
    return table(
        (
            (
                each.labels.get("app", "").removeprefix("rook-ceph-"),
                each.name,
                each.spec.replicas,
                each.status.ready_replicas,
                sum(_restarts(pod) for pod in pods[daemon_key(each.labels)]),
                ",".join(sorted({pod.spec.node_name for pod in pods[daemon_key(each.labels)]})),
            )
            for each in known(facts.deployments, [])
        ),
        DAEMONS,
    )


def daemon_key(labels: Mapping[str, str]) -> str:
    """What ties a Deployment of Rook to its pods: the app and the daemon's ID."""
    return f"{labels.get('app', '')}/{labels.get('ceph_daemon_id', labels.get('ceph-osd-id', ''))}"


def _restarts(pod: Pod) -> int:
    return sum(each.restart_count for each in pod.status.container_statuses or [])


VERSIONS: Columns = {"daemon": "str", "version": "str", "daemons": "int64"}


def versions(facts: Facts) -> pd.DataFrame:
    """What runs in which version of Ceph.

    Returns:
        daemon (str: mon, mgr, osd, …), version (str), daemons (int64, how many).

    """
    rows = [
        (daemon, version, count)
        for daemon, counted in known(facts.versions, {}).items()
        if daemon != "overall"
        for version, count in counted.items()
    ]
    return table(rows, VERSIONS)
