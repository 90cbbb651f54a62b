"""OSDs and pools that are full or soon will be, against the live ratios."""

from math import isfinite

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import Unread, known
from opskit.core.wording import count, some
from opskit.systems.rook.answers import OsdDump, PoolEntry
from opskit.systems.rook.answers_daemons import Df
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.inventory import Osd
from opskit.systems.rook.judging import finding, judges, said
from opskit.systems.rook.sources import Growth

DAY = 86_400
SOON_DAYS = 14
"""A ratio that is passed sooner than this at the present pace is worth a warning."""
SKEWED = 1.25
"""An OSD this much fuller than the mean points at the balancer, not at the amount of data."""


@judges("OSD_FULL")
def osd_full(facts: Facts) -> list[Finding]:
    """OSDs over the full ratio: writes are refused."""
    return _over(facts, "OSD_FULL", Severity.CRITICAL)


@judges("OSD_BACKFILLFULL")
def osd_backfillfull(facts: Facts) -> list[Finding]:
    """OSDs over the backfillfull ratio and not yet full."""
    return _over(facts, "OSD_BACKFILLFULL", Severity.WARNING)


@judges("OSD_NEARFULL")
def osd_nearfull(facts: Facts) -> list[Finding]:
    """OSDs over the nearfull ratio and not yet backfillfull."""
    return _over(facts, "OSD_NEARFULL", Severity.WARNING)


def level(facts: Facts, utilization: float) -> str | None:
    """The code of the highest live ratio that this utilization has passed."""
    dump = known(facts.osd_dump, OsdDump())
    ladder = (
        ("OSD_FULL", dump.full_ratio),
        ("OSD_BACKFILLFULL", dump.backfillfull_ratio),
        ("OSD_NEARFULL", dump.nearfull_ratio),
    )
    return next((code for code, ratio in ladder if 0 < ratio <= utilization), None)


def _over(facts: Facts, code: str, severity: Severity) -> list[Finding]:
    if isinstance(facts.osd_df, Unread) or isinstance(facts.osd_dump, Unread):
        return []
    osds = [osd for osd in facts.osds.values() if osd.up and level(facts, osd.utilization) == code]
    if not osds:
        return []
    osds.sort(key=lambda osd: -osd.utilization)
    ratio = getattr(facts.osd_dump, code.removeprefix("OSD_").lower() + "_ratio")
    worst = osds[0]
    return [
        finding(
            code,
            worst.subject if len(osds) == 1 else f"{count(len(osds), 'OSD')}, {worst.name} the fullest",
            f"{some(f'{osd.name} ({osd.utilization:.0%})' for osd in osds)} "
            f"{'is' if len(osds) == 1 else 'are'} over the live {code.removeprefix('OSD_').lower()} ratio "
            f"of {ratio:.0%}.",
            severity=severity,
            evidence=[*said(facts, code), _df(worst), *_pools(facts)],
            cause=_why_full(facts, worst),
            remedy=_remedy(facts, code, worst),
        )
    ]


def _df(osd: Osd) -> Evidence:
    return Evidence(
        text=f"{osd.name}: {osd.utilization:.1%} of {osd.bytes_total} bytes", command="ceph osd df"
    )


def _pools(facts: Facts) -> list[Evidence]:
    pools = sorted(known(facts.df, Df()).pools, key=lambda pool: -pool.stats.bytes_used)[:3]
    told = [f"{pool.name} {pool.stats.bytes_used} bytes" for pool in pools if pool.stats.bytes_used]
    return [Evidence(text="largest pools: " + ", ".join(told), command="ceph df detail")] if told else []


def mean_utilization(facts: Facts, device_class: str) -> float:
    """Mean utilization of the OSDs of one device class that are in, 0 to 1."""
    alike = [osd for osd in facts.osds.values() if osd.in_ and osd.device_class == device_class]
    size = sum(osd.bytes_total for osd in alike)
    return sum(osd.bytes_used for osd in alike) / size if size else 0.0


def _why_full(facts: Facts, worst: Osd) -> str:
    mean = mean_utilization(facts, worst.device_class)
    if mean and worst.utilization > SKEWED * mean:
        return (
            f"{worst.name} is much fuller than the mean of its class ({mean:.0%}): data lies unevenly. "
            "See `ceph balancer status`, its CRUSH weight and the pool's number of PGs."
        )
    return (
        f"The OSDs of class {worst.device_class or 'none'} are {mean:.0%} full on the whole: data has grown."
    )


def _remedy(facts: Facts, code: str, worst: Osd) -> Remedy:
    if code == "OSD_FULL":
        return Remedy(
            text="Delete data or add OSDs now. Only as a bridge to do so: `ceph osd set-full-ratio 0.96`.",
            runbook="rook/health",
        )
    if worst.utilization > SKEWED * mean_utilization(facts, worst.device_class):
        return Remedy(text="Turn the balancer on: `ceph balancer on`; it moves PGs off the fullest OSDs.")
    return Remedy(text="Add OSDs, or delete data; see which pool grows.", runbook="rook/health")


@judges("POOL_FULL", "POOL_NEAR_FULL", "POOL_NEARFULL", "POOL_BACKFILLFULL")
def pool_full(facts: Facts) -> list[Finding]:
    """Pools at or near their quota, or lying on OSDs that are full; told by the flags of the OSD map."""
    found: list[Finding] = []
    use = {each.id: each.stats for each in known(facts.df, Df()).pools}
    by_code: dict[str, list[PoolEntry]] = {}
    for pool in known(facts.osd_dump, OsdDump()).pools:
        if code := _pool_code(pool):
            by_code.setdefault(code, []).append(pool)
    for code, pools in by_code.items():
        quota = [pool for pool in pools if "full_quota" in pool.flags]
        names = some(pool.pool_name for pool in pools)
        found.append(
            finding(
                code,
                f"pool {pools[0].pool_name}" if len(pools) == 1 else count(len(pools), "pool"),
                f"{names} {'is' if len(pools) == 1 else 'are'} {_POOL_WORDS[code]}.",
                evidence=[*said(facts, code), *(_quota(pool, use.get(pool.pool)) for pool in quota)],
                cause="It has reached its quota." if quota else "An OSD that it lies on is over the ratio.",
            )
        )
    return found


_POOL_WORDS = {
    "POOL_FULL": "full: writes are refused",
    "POOL_BACKFILLFULL": "on OSDs that take no more backfills",
    "POOL_NEARFULL": "on OSDs that are nearly full",
}


def _pool_code(pool: PoolEntry) -> str | None:
    ladder = (
        ("full_quota", "POOL_FULL"),
        ("full", "POOL_FULL"),
        ("backfillfull", "POOL_BACKFILLFULL"),
        ("nearfull", "POOL_NEARFULL"),
    )
    return next((code for flag, code in ladder if flag in pool.flags), None)


def _quota(pool: PoolEntry, use: object) -> Evidence:
    stored, objects = getattr(use, "stored", 0), getattr(use, "objects", 0)
    limits = f"{pool.quota_max_bytes or 'no'} bytes, {pool.quota_max_objects or 'no'} objects"
    return Evidence(
        text=f"{pool.pool_name}: quota of {limits}; holds {stored} bytes, {objects} objects",
        command=f"ceph osd pool get-quota {pool.pool_name}",
    )


@judges()
def capacity_forecast(facts: Facts) -> list[Finding]:
    """The OSD that is over nearfull first, if everything grows on as in the last day."""
    rates = known(facts.growth, Growth()).osds
    ratio = known(facts.osd_dump, OsdDump()).nearfull_ratio
    soon = sorted(
        (days, osd.id)
        for osd in facts.osds.values()
        if osd.up and osd.utilization < ratio and isfinite(days := _days(osd, rates.get(osd.name), ratio))
    )
    if not soon or soon[0][0] > SOON_DAYS:
        return []
    days, first = soon[0]
    osd, many = facts.osds[first], sum(each[0] <= SOON_DAYS for each in soon)
    return [
        finding(
            "CAPACITY_FORECAST",
            osd.subject,
            f"At the last day's pace {osd.name} ({osd.utilization:.0%}) passes nearfull ({ratio:.0%}) in "
            f"{days:.1f} days; {count(many, 'OSD')} do within {SOON_DAYS} days.",
            evidence=[
                _df(osd),
                Evidence(
                    text=f"{osd.name} grows by {rates[osd.name] * DAY:.3g} bytes a day", command="ceph df"
                ),
            ],
            cause="Data grows.",
        )
    ]


def _days(osd: Osd, rate: float | None, ratio: float) -> float:
    """Days until the OSD is at the ratio; inf when it does not grow or nothing is known."""
    if rate is None or rate <= 0 or not osd.bytes_total:
        return float("inf")
    return (ratio * osd.bytes_total - osd.bytes_used) / (rate * DAY)
