"""Frames of a kubeadm cluster. Pure."""

from typing import TYPE_CHECKING

from opskit.core.aspects import Aspect
from opskit.core.parts import Unread, known
from opskit.core.tables import TIME, frame
from opskit.systems.kubeadm import checks_hosts
from opskit.systems.kubeadm.answers import Alarms, Certificate, Endpoint
from opskit.systems.kubeadm.checks_etcd import configured_quota, members
from opskit.systems.kubeadm.checks_versions import oldest
from opskit.systems.kubeadm.facts import Facts
from opskit.systems.kubeadm.versions import parse, steps

if TYPE_CHECKING:
    import pandas as pd

    from opskit.systems.kubeadm.hosts import Hosts


def nodes(facts: Facts) -> "pd.DataFrame":
    """One row a node: `node` str, `role` str, `ready` bool, `open` bool, `kubelet` str, `runtime` str."""
    planes = {node.name for node in facts.control_planes}
    return frame(
        known(facts.nodes, []),
        {
            "node": ("name", "str"),
            "role": (lambda node: "control plane" if node.name in planes else "worker", "str"),
            "ready": ("ready", "bool"),
            "open": (lambda node: not node.spec.unschedulable, "bool"),
            "kubelet": ("status.node_info.kubelet_version", "str"),
            "runtime": ("status.node_info.container_runtime_version", "str"),
        },
    )


def control_plane(facts: Facts) -> "pd.DataFrame":
    """One row a static pod: `component` str, `node` str, `image` str, `ready` bool, `restarts` int64."""
    return frame(
        known(facts.static_pods, []),
        {
            "component": (lambda pod: pod.labels.get("component", pod.name), "str"),
            "node": ("spec.node_name", "str"),
            "image": (lambda pod: (pod.spec.containers or [None])[0] and pod.spec.containers[0].image, "str"),
            "ready": (
                lambda pod: any(
                    each.type == "Ready" and each.status == "True" for each in pod.status.conditions or []
                ),
                "bool",
            ),
            "restarts": (
                lambda pod: sum(each.restart_count for each in pod.status.container_statuses or []),
                "int64",
            ),
        },
    )


def certificates(facts: Facts) -> "pd.DataFrame":
    """One row a certificate, the first to end first.

    Columns: `node` str, `certificate` str, `authority` bool, `ends` datetime (UTC), `days_left` float64,
    `external` bool.
    """
    rows = [
        (node, each, authority)
        for node, report in facts.certificates.items()
        if not isinstance(report, Unread)
        for authority, found in ((False, report.certificates), (True, report.certificate_authorities))
        for each in found
        if each.expiration_date is not None
    ]

    def days(row: tuple[str, Certificate, bool]) -> float:
        end = row[1].expiration_date or facts.now
        return round((end - facts.now).total_seconds() / 86400, 1)

    return frame(
        sorted(rows, key=days),
        {
            "node": (lambda row: row[0], "str"),
            "certificate": (lambda row: row[1].name, "str"),
            "authority": (lambda row: row[2], "bool"),
            "ends": (lambda row: row[1].expiration_date, TIME),
            "days_left": (days, "float64"),
            "external": (lambda row: row[1].externally_managed, "bool"),
        },
    )


def etcd(facts: Facts) -> "pd.DataFrame":
    """One row a member.

    Columns: `member` str, `endpoint` str, `healthy` boolean, `leader` boolean, `version` str,
    `size_mib` float64, `in_use_mib` float64, `quota_mib` float64, `term` Int64, `alarms` str.
    """
    states = {each.endpoint: each for each in known(facts.endpoints, [])}
    health = {each.endpoint: each.health for each in known(facts.health, [])}
    alarms = known(facts.alarms, Alarms()).alarms or []
    quota = configured_quota(facts)
    rows = [
        (each, url, states.get(url), health.get(url))
        for each in members(facts)
        for url in (each.client_urls or [""])[:1]
    ]

    def mib(state: Endpoint | None, size: int) -> float | None:
        return None if state is None else round(size / 1024**2, 1)

    return frame(
        rows,
        {
            "member": (lambda row: row[0].name or f"{row[0].id:x}", "str"),
            "endpoint": (lambda row: row[1], "str"),
            "healthy": (lambda row: row[3], "boolean"),
            "leader": (lambda row: None if row[2] is None else row[2].status.leader == row[0].id, "boolean"),
            "version": (lambda row: row[2] and row[2].status.version, "str"),
            "size_mib": (lambda row: row[2] and mib(row[2], row[2].status.db_size), "float64"),
            "in_use_mib": (lambda row: row[2] and mib(row[2], row[2].status.db_size_in_use), "float64"),
            "quota_mib": (
                lambda row: row[2] and mib(row[2], row[2].status.db_size_quota or quota),
                "float64",
            ),
            "term": (lambda row: row[2] and row[2].status.header.raft_term, "Int64"),
            "alarms": (
                lambda row: ", ".join(alarm.name for alarm in alarms if alarm.member_id == row[0].id),
                "str",
            ),
        },
    )


def preflight(hosts: "Hosts", *, control_planes: bool = False) -> "pd.DataFrame":
    """One row a machine and rule of kubeadm's preflight, the worst first.

    Columns: `machine` str, `check` str, `verdict` str (`bad`, `doubtful`, `unknown`, `good`), `told` str,
    `command` str (shows the same on the machine), `remedy` str.

    Args:
        hosts: the machines, from `hosts.ask`.
        control_planes: whether they are to be control planes.

    """
    order = ("bad", "doubtful", "unknown", "good")
    rows = sorted(
        checks_hosts.told(hosts, control_planes=control_planes), key=lambda row: order.index(row[1].verdict)
    )
    return frame(
        rows,
        {
            "machine": (lambda row: row[0], "str"),
            "check": (lambda row: row[1].check, "str"),
            "verdict": (lambda row: row[1].verdict, "str"),
            "told": (lambda row: row[1].told, "str"),
            "command": (lambda row: row[1].command, "str"),
            "remedy": (lambda row: row[1].remedy, "str"),
        },
    )


def upgrade_path(facts: Facts, *, target: str) -> "pd.DataFrame":
    """The releases on the way to a target, a row each: `step` int64, `release` str, `first` str, `then` str.

    Args:
        facts: of the cluster.
        target: a version, e.g. `1.39` or `v1.39.2`.

    Raises:
        BadValue: the target is no version, or lies behind.

    """
    from opskit.core.errors import BadValue

    wanted, current = parse(target), oldest(facts)
    if wanted is None or current is None:
        raise BadValue(
            f"{target!r} is no version.", where="target", hint="write a release, e.g. 1.38 or v1.38.1"
        )
    path = list(enumerate(steps(current, wanted), start=1))
    return frame(
        path,
        {
            "step": (lambda row: row[0], "int64"),
            "release": (lambda row: row[1], "str"),
            "first": (lambda _: "kubeadm upgrade apply, on one control-plane node", "str"),
            "then": (lambda _: "kubeadm upgrade node, on each other node; workers drained first", "str"),
        },
    )


COMPARED = (
    Aspect("node", nodes, ("node",), ("role", "ready", "open", "kubelet", "runtime")),
    Aspect("static pod", control_plane, ("component", "node"), ("image", "ready", "restarts")),
    Aspect("certificate", certificates, ("node", "certificate"), ("ends", "external")),
    Aspect("etcd member", etcd, ("member",), ("endpoint", "healthy", "leader", "version", "alarms")),
)
"""What two looks are compared by."""
