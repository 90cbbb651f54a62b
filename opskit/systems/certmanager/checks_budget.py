"""What is left of an ACME server's rate limits, as far as the orders that are still there tell."""

from datetime import timedelta
from typing import NamedTuple

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import known
from opskit.systems.certmanager import chain
from opskit.systems.certmanager.facts import Facts
from opskit.systems.certmanager.judging import finding

WINDOW = timedelta(days=7)
SAME_SET = 5
"""Let's Encrypt: certificates for one exact set of names in 7 days (https://letsencrypt.org/docs/rate-limits/)."""
PER_DOMAIN = 50
"""Let's Encrypt: certificates per registered domain in 7 days."""
PRODUCTION = "acme-v02.api.letsencrypt.org"
NEAR = 0.8


class Use(NamedTuple):
    """Orders of the last seven days that count against one limit."""

    issuer: str
    limit: str
    what: str
    used: int
    allowed: int


def uses(facts: Facts) -> list[Use]:
    """Use of Let's Encrypt's production limits, the fullest first.

    Orders are deleted with their requests, so that this is the least that was used. A registered domain
    is taken for the last two labels of a name, which is wrong under suffixes such as `co.uk`.
    """
    sets: dict[tuple[str, str], int] = {}
    domains: dict[tuple[str, str], int] = {}
    for order in known(facts.orders, []):
        issuer = chain.issuer_of(order.spec.issuer_ref, order.namespace, facts)
        made = order.metadata.creation_timestamp
        if issuer is None or issuer.spec.acme is None or PRODUCTION not in issuer.spec.acme.server:
            continue
        if made is None or facts.now - made > WINDOW or order.status.state != "valid":
            continue
        names = sorted(order.spec.dns_names or [])
        _count(sets, (issuer.subject, ", ".join(names)))
        for domain in {".".join(name.split(".")[-2:]) for name in names}:
            _count(domains, (issuer.subject, domain))
    found = [Use(who, "same set of names", what, used, SAME_SET) for (who, what), used in sets.items()]
    found += [Use(who, "registered domain", what, used, PER_DOMAIN) for (who, what), used in domains.items()]
    return sorted(found, key=lambda each: -each.used / each.allowed)


def _count(counts: dict[tuple[str, str], int], key: tuple[str, str]) -> None:
    counts[key] = counts.get(key, 0) + 1


def budget_low(facts: Facts) -> list[Finding]:
    """A rate limit that is nearly used up."""
    return [
        finding(
            "RATE_BUDGET_LOW",
            Severity.WARNING,
            f"{use.issuer}: {use.what}",
            f"At least {use.used} of {use.allowed} certificates of the last 7 days are used for the "
            f"{use.limit} {use.what}.",
            evidence=[
                Evidence(
                    text=f"{use.used} valid Orders of the last 7 days",
                    command="kubectl get orders -A --sort-by=.metadata.creationTimestamp",
                )
            ],
            cause="Certificates are issued more often than they are renewed: a loop, or objects that are "
            "deleted and made anew.",
            remedy=Remedy(text="Find what has them issued again; use the staging server for tries."),
        )
        for use in uses(facts)
        if use.used >= use.allowed * NEAR
    ]
