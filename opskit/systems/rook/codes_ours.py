"""Codes that Ceph does not raise: what opskit itself judges of Rook, capacity and placement."""

from opskit.core.findings import Severity
from opskit.systems.rook.code import DOCS, ROOK_TROUBLE, Code, documented

_INFO, _WARN, _ERR, _CRIT = Severity.INFO, Severity.WARNING, Severity.ERROR, Severity.CRITICAL
_ROOK = "https://rook.io/docs/rook/latest/CRDs/Cluster/ceph-cluster-crd/"

OURS: tuple[Code, ...] = (
    *documented(
        "Rook",
        (
            "NOT_INSTALLED",
            _INFO,
            "Rook's resources are not served by this cluster, so there is no Ceph to judge.",
            "If there should be one, install Rook or name its namespace in opskit.toml.",
        ),
        (
            "NO_CLUSTER",
            _INFO,
            "Rook is installed, but the namespace holds no CephCluster.",
            "Name the right namespace as `rook.namespace` in opskit.toml.",
        ),
        (
            "TOOLBOX_MISSING",
            _WARN,
            "No toolbox pod is ready, so Ceph itself can't be asked.",
            "Deploy Rook's toolbox (deployment rook-ceph-tools), or name its selector as `rook.toolbox`.",
        ),
        (
            "CEPH_SILENT",
            _CRIT,
            "The toolbox runs, but no quorum of monitors answers: Ceph serves no client that must ask them.",
            "See how many monitors run; a majority of the monmap must be up.",
        ),
        (
            "PART_UNREAD",
            _INFO,
            "A part of the facts could not be read, so what it would show is not judged.",
            "Mend what the reason names, then look again.",
        ),
        (
            "ROOK_READY_NOT_HEALTHY",
            _INFO,
            "The CephCluster says Ready, as it has since its first success; Ceph itself is not healthy.",
            "Judge by status.ceph.health, never by the phase.",
        ),
        (
            "ROOK_NOT_READY",
            _WARN,
            "Rook has not brought the CephCluster to what its spec wants.",
            "Read status.message and the operator's log.",
        ),
        (
            "ROOK_RESOURCE_NOT_READY",
            _WARN,
            "Rook has not brought a resource to what its spec wants.",
            "Read its status and the operator's log.",
        ),
        (
            "ROOK_STATUS_STALE",
            _WARN,
            "The operator has not looked at Ceph for a while, so the CephCluster's status is old.",
            "See whether the operator runs.",
        ),
        (
            "OPERATOR_DOWN",
            _WARN,
            "Rook's operator does not run: nothing is reconciled, failed monitors are not replaced.",
            "Scale it to 1 unless a procedure is under way that needs it paused.",
        ),
        (
            "CLEANUP_CONFIRMED",
            _CRIT,
            "The cleanup policy is confirmed: reconciliation is stopped, and deleting the CephCluster "
            "wipes every disk.",
            "Empty spec.cleanupPolicy.confirmation unless the cluster is to be destroyed.",
        ),
        (
            "DAEMON_NOT_READY",
            _WARN,
            "A daemon's pod is not ready.",
            "See why its pod does not run.",
        ),
        (
            "FORGOTTEN_MAINTENANCE",
            _WARN,
            "A maintenance mark has passed its end, and the flag is still set.",
            "Finish the maintenance: the flag keeps Ceph from healing.",
        ),
        (
            "MAINTENANCE",
            _INFO,
            "A host is under maintenance that was announced and has not passed its end.",
            "Nothing; the run that began it ends it.",
        ),
        url=_ROOK,
    ),
    *documented(
        "placement",
        (
            "OSD_DOWN_OUT",
            _INFO,
            "An OSD is down and out: Ceph has healed around it and is silent, but its capacity is gone.",
            "Replace it, or bring it back.",
        ),
        (
            "OSD_SLOW",
            _WARN,
            "One OSD takes much longer to commit than its peers, and every write to it waits.",
            "Look at the disk's SMART values and the host's kernel log; replace the OSD if it stays.",
        ),
        (
            "FAILURE_DOMAIN_TOO_SMALL",
            _WARN,
            "A pool's copies can't all be placed again when one failure domain is lost.",
            "Add a host (or rack), or accept running degraded until the lost one is back.",
        ),
        (
            "FAILURE_DOMAIN_OSD",
            _WARN,
            "A pool may put all copies onto disks of one host: that host's loss makes data unavailable.",
            "Set its failureDomain to host.",
        ),
        (
            "MIN_SIZE_ONE",
            _WARN,
            "A pool accepts writes while only one copy is left; if that disk dies too, they are lost.",
            "Set min_size to 2.",
        ),
        (
            "CAPACITY_FORECAST",
            _WARN,
            "At the pace of the last day an OSD or the cluster will soon be over a ratio.",
            "See which pool grows; order disks or delete data before then.",
        ),
        (
            "HOST_LOSS_OVERFILLS",
            _INFO,
            "If the fullest host were lost, the others could not take its data without passing backfillfull.",
            "Add capacity: until then a lost host can't heal.",
        ),
        url=f"{DOCS}/rados/configuration/mon-config-ref/#storage-capacity",
    ),
    *documented(
        "monitor",
        (
            "MON_COUNT",
            _WARN,
            "The number of monitors does not survive the loss of one.",
            "Set mon.count to 3 (or 5), on different hosts.",
        ),
        (
            "MON_CLOCK_UNCHECKED",
            _INFO,
            "The leader's clock checks have not finished, so skew can't be told.",
            "Look again in a few minutes.",
        ),
        (
            "VERSION_SKEW",
            _WARN,
            "Daemons of more than one version run side by side.",
            "If no upgrade is under way, find the daemon left behind and restart it on the wanted image.",
        ),
        url=ROOK_TROUBLE,
    ),
)
