"""Codes about monitors, managers, authentication, crashes and telemetry."""

from opskit.core.findings import Severity
from opskit.systems.rook.code import Code, documented

_INFO, _WARN, _ERR, _CRIT = Severity.INFO, Severity.WARNING, Severity.ERROR, Severity.CRITICAL

MONITOR: tuple[Code, ...] = documented(
    "monitor",
    (
        "DAEMON_OLD_VERSION",
        _WARN,
        "Daemons of several releases have run side by side for longer than an upgrade should take.",
        "Compare `ceph versions`; let Rook finish the upgrade, or find which daemon could not be restarted.",
    ),
    (
        "MON_DOWN",
        _WARN,
        "A monitor is out of quorum. The rest serve, but fewer losses are left until quorum is lost.",
        "See why the pod of that monitor does not run, or why its peers can't reach it.",
    ),
    (
        "MON_CLOCK_SKEW",
        _WARN,
        "A monitor's clock is further from the leader's than `mon_clock_drift_allowed` (0.05 s).",
        "Mend time synchronisation (chrony) on the node of that monitor.",
    ),
    (
        "MON_MSGR2_NOT_ENABLED",
        _WARN,
        "A monitor has no v2 address, so connections to it can't be encrypted.",
        "Run `ceph mon enable-msgr2` once all monitors can be restarted in turn.",
    ),
    (
        "MON_DISK_LOW",
        _WARN,
        "The file system of a monitor's store has less than `mon_data_avail_warn` (30 %) left.",
        "See what else fills `dataDirHostPath` on that node; then see whether the store itself is large.",
    ),
    (
        "MON_DISK_CRIT",
        _CRIT,
        "The file system of a monitor's store has less than `mon_data_avail_crit` (5 %) left; "
        "a monitor that can't write stops.",
        "Free space on that node now.",
    ),
    (
        "MON_DISK_BIG",
        _WARN,
        "A monitor's store has grown over `mon_data_size_warn` (15 GiB), mostly because PGs have long "
        "not been active+clean, so that old maps can't be trimmed.",
        "Get the PGs clean first; then compact the store with `ceph tell mon.ID compact`.",
    ),
    (
        "MON_NETSPLIT",
        _WARN,
        "Monitors of different locations can't hear each other.",
        "Look for the network fault between the locations that `ceph health detail` names.",
    ),
    (
        "AUTH_INSECURE_GLOBAL_ID_RECLAIM",
        _WARN,
        "Clients reconnect in the old way that lets a ticket be stolen (CVE-2021-20288).",
        "Update the clients that `ceph health detail` names.",
    ),
    (
        "AUTH_INSECURE_GLOBAL_ID_RECLAIM_ALLOWED",
        _WARN,
        "Monitors still admit clients that reconnect in the old, insecure way (CVE-2021-20288).",
        "When no client needs it: `ceph config set mon auth_allow_insecure_global_id_reclaim false`.",
    ),
    (
        "AUTH_INSECURE_KEYS_CREATABLE",
        _WARN,
        "New keys may still be made of a weak cipher.",
        "Allow only the strong cipher for new keys once every daemon and client knows it.",
    ),
    (
        "AUTH_INSECURE_KEYS_ALLOWED",
        _WARN,
        "Keys of a weak cipher are still accepted.",
        "Rotate the old keys, then forbid the weak cipher.",
    ),
    (
        "AUTH_INSECURE_SERVICE_TICKETS",
        _WARN,
        "Tickets for services are still sealed with a weak cipher.",
        "Move the service cipher to the strong one once all daemons are upgraded.",
    ),
    (
        "AUTH_INSECURE_SERVICE_KEY_TYPE",
        _WARN,
        "A daemon's own key is of a weak cipher.",
        "Rotate the keys that `ceph health detail` names.",
    ),
    (
        "AUTH_INSECURE_ROTATING_SERVICE_KEY_TYPE",
        _WARN,
        "The rotating service keys are of a weak cipher.",
        "Wait for their next rotation, or rotate them, after the service cipher was changed.",
    ),
    (
        "AUTH_INSECURE_CLIENT_KEY_TYPE",
        _WARN,
        "A client's key is of a weak cipher.",
        "Rotate the keys that `ceph health detail` names; with Rook, raise the key generation of the CR.",
    ),
    (
        "AUTH_EMERGENCY_CIPHERS_SET",
        _WARN,
        "An emergency override widens which ciphers are accepted.",
        "Remove the override as soon as the clients that needed it are mended.",
    ),
    (
        "AUTH_BAD_CAPS",
        _WARN,
        "The capabilities of a user can't be parsed, so that user may do less than intended, or nothing.",
        "Write the capabilities again with `ceph auth caps`.",
    ),
)

MANAGER: tuple[Code, ...] = documented(
    "manager",
    (
        "MGR_DOWN",
        _ERR,
        "No manager is active: figures stand still, metrics stop, and commands that it answers hang. "
        "Clients' reads and writes go on.",
        "See why the pods of `rook-ceph-mgr` do not run.",
    ),
    (
        "MGR_MODULE_DEPENDENCY",
        _WARN,
        "A manager module that is enabled lacks something it needs.",
        "Read `ceph health detail`; disable the module or supply what it lacks.",
    ),
    (
        "MGR_MODULE_ERROR",
        _WARN,
        "A manager module died of an unexpected error.",
        "Read its traceback in the manager's log; `ceph mgr fail` starts it anew on the standby.",
    ),
)

MISCELLANEOUS: tuple[Code, ...] = documented(
    "miscellaneous",
    (
        "RECENT_CRASH",
        _WARN,
        "A daemon crashed in the last two weeks and nobody has acknowledged it.",
        "Read `ceph crash info ID`; when understood, `ceph crash archive ID`.",
    ),
    (
        "RECENT_MGR_MODULE_CRASH",
        _WARN,
        "A manager module crashed lately and nobody has acknowledged it.",
        "Read `ceph crash info ID`; when understood, `ceph crash archive ID`.",
    ),
    (
        "TELEMETRY_CHANGED",
        _INFO,
        "Telemetry is on, but what it would send has changed, so nothing is sent until somebody agrees.",
        "Review with `ceph telemetry show`, then turn it on again or off.",
    ),
    (
        "DASHBOARD_DEBUG",
        _WARN,
        "The dashboard is in debug mode and shows tracebacks to whoever meets an error.",
        "Run `ceph dashboard debug disable`.",
    ),
    (
        "OSD_NO_DOWN_OUT_INTERVAL",
        _WARN,
        "`mon_osd_down_out_interval` is 0: an OSD that dies is never given up, so nothing heals by itself.",
        "Set it to 600 s again unless somebody watches around the clock.",
    ),
    (
        "NVMEOF_SINGLE_GATEWAY",
        _WARN,
        "An NVMe-oF group has one gateway, so its loss cuts the hosts off.",
        "Add a second gateway to the group.",
    ),
    (
        "NVMEOF_GATEWAY_DOWN",
        _ERR,
        "An NVMe-oF gateway is down.",
        "See why its pod does not run.",
    ),
    (
        "NVMEOF_GATEWAY_DELETING",
        _WARN,
        "An NVMe-oF gateway is being removed and still holds load.",
        "Wait for its load to be taken over; if it stays, look at the group's other gateways.",
    ),
)
