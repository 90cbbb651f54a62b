"""Pools whose redundancy or placement does not survive what they are believed to survive."""

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import known
from opskit.core.wording import count, some
from opskit.systems.rook.answers import OsdDump, PoolEntry
from opskit.systems.rook.answers_daemons import Rule
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.inventory import Osd
from opskit.systems.rook.judging import finding, judges, said


@judges("POOL_NO_REDUNDANCY")
def pool_no_redundancy(facts: Facts) -> list[Finding]:
    """Replicated pools of one copy."""
    single = [pool for pool in _pools(facts) if not pool.erasure_coded and pool.size == 1]
    if not single:
        return []
    names = some(pool.pool_name for pool in single)
    return [
        finding(
            "POOL_NO_REDUNDANCY",
            f"pool {names}",
            f"{names} {'keeps' if len(single) == 1 else 'keep'} a single copy of the data.",
            evidence=[
                *said(facts, "POOL_NO_REDUNDANCY"),
                Evidence(text=f"{names}: size 1", command="ceph osd pool ls detail"),
            ],
            remedy=Remedy(
                text=f"`ceph osd pool set {single[0].pool_name} size 3`; with Rook, replicated.size."
            ),
        )
    ]


@judges()
def min_size_one(facts: Facts) -> list[Finding]:
    """Pools that accept writes with one copy left; told, since Ceph itself accepts it silently."""
    bold = [pool for pool in _pools(facts) if not pool.erasure_coded and pool.size > 1 and pool.min_size == 1]
    return [
        finding(
            "MIN_SIZE_ONE",
            f"pool {pool.pool_name}",
            f"{pool.pool_name} has size {pool.size} and min_size 1: it takes writes onto a single copy.",
            severity=Severity.INFO,
            evidence=[Evidence(text=f"{pool.pool_name}: min_size 1", command="ceph osd pool ls detail")],
            remedy=Remedy(text=f"`ceph osd pool set {pool.pool_name} min_size 2`"),
        )
        for pool in bold
    ]


@judges()
def failure_domain_too_small(facts: Facts) -> list[Finding]:
    """Pools that need more failure domains than there are (an error), or all there are (told)."""
    rules = {rule.rule_id: rule for rule in known(facts.rules, [])}
    groups: dict[tuple[str, int, int], list[PoolEntry]] = {}
    for pool in _pools(facts):
        rule = rules.get(pool.crush_rule)
        domain = failure_domain(rule) if rule else ""
        if rule and domain:
            have = len(_domains(facts, rule, domain))
            groups.setdefault((domain, pool.size, have), []).append(pool)
    return [
        _too_small(domain, size, have, pools)
        for (domain, size, have), pools in groups.items()
        if have and size >= have and size > 1 and domain != "osd"
    ]


def _too_small(domain: str, size: int, have: int, pools: list[PoolEntry]) -> Finding:
    names, short = some(pool.pool_name for pool in pools), size > have
    can = "can't be placed at all" if short else f"stay a copy short while one {domain} is away"
    return finding(
        "FAILURE_DOMAIN_TOO_SMALL",
        f"pool {names}",
        f"{names}: {size} copies over {count(have, domain)}, so that PGs {can}.",
        severity=Severity.ERROR if short else Severity.INFO,
        evidence=[Evidence(text=f"{count(have, domain)} with OSDs that are in", command="ceph osd tree in")],
    )


@judges()
def failure_domain_osd(facts: Facts) -> list[Finding]:
    """Pools that spread copies over disks only, on a cluster that has several hosts."""
    rules = {rule.rule_id: rule for rule in known(facts.rules, [])}
    loose = [
        pool
        for pool in _pools(facts)
        if pool.size > 1 and (rule := rules.get(pool.crush_rule)) and failure_domain(rule) == "osd"
    ]
    if not loose or len(facts.hosts) < 2:
        return []
    names = some(pool.pool_name for pool in loose)
    return [
        finding(
            "FAILURE_DOMAIN_OSD",
            f"pool {names}",
            f"{names} may keep all copies of an object on one host: the loss of a host takes data away.",
            severity=Severity.INFO,
            evidence=[Evidence(text=f"failure domain of {names} is osd", command="ceph osd crush rule dump")],
        )
    ]


def failure_domain(rule: Rule) -> str:
    """The CRUSH bucket type over which a rule spreads copies; "" when it can't be told."""
    return next((step.type for step in rule.steps if step.op.startswith("choose") and step.type), "")


def _domains(facts: Facts, rule: Rule, domain: str) -> set[str]:
    root, _, device_class = _take(rule).partition("~")
    return {
        osd.location[domain]
        for osd in facts.osds.values()
        if osd.in_ and domain in osd.location and _under(osd, root) and device_class in ("", osd.device_class)
    }


def _take(rule: Rule) -> str:
    return next((step.item_name for step in rule.steps if step.op == "take"), "")


def _under(osd: Osd, root: str) -> bool:
    return not root or root in osd.location.values()


def _pools(facts: Facts) -> list[PoolEntry]:
    return known(facts.osd_dump, OsdDump()).pools
