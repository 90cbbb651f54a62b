"""CephFS: filesystems without an active MDS, failed and damaged ranks."""

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import known
from opskit.core.wording import count, some
from opskit.systems.rook.answers_daemons import FsDump, MdsMap
from opskit.systems.rook.checks_mon import of_daemon
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.judging import finding, judges, raised, said


def _maps(facts: Facts) -> list[MdsMap]:
    return [each.mdsmap for each in known(facts.fs_dump, FsDump()).filesystems]


def _active(mds: MdsMap) -> int:
    return sum(info.state == "up:active" for info in mds.info.values())


@judges("MDS_ALL_DOWN", "FS_WITH_FAILED_MDS")
def mds_all_down(facts: Facts) -> list[Finding]:
    """Filesystems without any MDS."""
    return [_all_down(facts, mds) for mds in _maps(facts) if mds.max_mds and not mds.info]


def _all_down(facts: Facts, mds: MdsMap) -> Finding:
    deployed = [
        each
        for each in known(facts.deployments, [])
        if each.labels.get("app") == "rook-ceph-mds" and each.labels.get("rook_file_system") == mds.fs_name
    ]
    name = deployed[0].labels.get("ceph_daemon_id", "") if deployed else ""
    why = of_daemon(facts, "rook-ceph-mds", name)
    return finding(
        "MDS_ALL_DOWN",
        f"filesystem {mds.fs_name}",
        f"{mds.fs_name} has no MDS: every client of it hangs.",
        evidence=[
            *said(facts, "MDS_ALL_DOWN"),
            *said(facts, "FS_WITH_FAILED_MDS"),
            Evidence(text=f"{mds.fs_name}: up {mds.up}, failed {mds.failed}", command="ceph fs dump"),
            *why.evidence,
        ],
        cause=why.text,
        remedy=Remedy(text=f"Bring an MDS of {mds.fs_name} back."),
    )


@judges("FS_DEGRADED")
def fs_degraded(facts: Facts) -> list[Finding]:
    """Filesystems with ranks that are not active though an MDS is there or wanted."""
    if not raised(facts, "FS_DEGRADED"):
        return []
    hurt = [mds for mds in _maps(facts) if mds.failed or mds.damaged or _active(mds) < len(mds.in_)]
    return [_degraded(facts, mds) for mds in hurt]


def _degraded(facts: Facts, mds: MdsMap) -> Finding:
    on_the_way = [f"{info.name} is {info.state}" for info in mds.info.values() if info.state != "up:active"]
    return finding(
        "FS_DEGRADED",
        f"filesystem {mds.fs_name}",
        f"{mds.fs_name} has {_active(mds)} of {count(len(mds.in_), 'rank')} active: clients may hang.",
        evidence=[
            *said(facts, "FS_DEGRADED"),
            Evidence(text=some(on_the_way) or f"failed ranks {mds.failed}", command="ceph fs status"),
        ],
        cause="An MDS is taking the rank over and replays its journal: wait."
        if on_the_way
        else "No MDS is left to take the rank.",
    )


@judges("MDS_DAMAGE", "FS_DAMAGED_MDS")
def mds_damage(facts: Facts) -> list[Finding]:
    """Ranks that are marked damaged."""
    return [
        finding(
            "MDS_DAMAGE",
            f"filesystem {mds.fs_name}",
            f"{some(f'rank {rank}' for rank in mds.damaged)} of {mds.fs_name} is damaged and can't start.",
            severity=Severity.CRITICAL,
            evidence=[
                *said(facts, "MDS_DAMAGE"),
                Evidence(text=f"damaged: {mds.damaged}", command="ceph fs dump"),
            ],
        )
        for mds in _maps(facts)
        if mds.damaged
    ]
