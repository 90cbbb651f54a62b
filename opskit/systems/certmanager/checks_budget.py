"""What is left of an ACME server's rate limits, as far as the objects that are still there tell.

Let's Encrypt's, of its production server: https://letsencrypt.org/docs/rate-limits/. Whatever has the same
names as a certificate before it is a renewal there, and counts against the limits of those names alone.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import known
from opskit.systems.certmanager import chain
from opskit.systems.certmanager.facts import Facts
from opskit.systems.certmanager.judging import finding
from opskit.systems.certmanager.kinds import Order

SET, DOMAIN = "same set of names", "registered domain"
FAILED, ORDERED = "failed validations of a name", "orders of an account"
LIMITS = {
    SET: (5, timedelta(days=7), "7 days"),
    DOMAIN: (50, timedelta(days=7), "7 days"),
    FAILED: (5, timedelta(hours=1), "hour"),
    ORDERED: (300, timedelta(hours=3), "3 hours"),
}
"""Limit → how many, within which time, and that time in words."""
OF_RENEWALS = (SET, FAILED)
"""What a renewal counts against."""
PRODUCTION = "acme-v02.api.letsencrypt.org"
NEAR = 0.8


class Use(NamedTuple):
    """What counts against one limit."""

    issuer: str
    limit: str
    what: str
    used: int
    allowed: int


Key = tuple[str, str, str]
"""Issuer, limit, what is limited."""


def uses(facts: Facts) -> list[Use]:
    """Use of Let's Encrypt's production limits, the fullest first.

    Orders are deleted with their requests, so that this is the least that was used. A registered domain
    is taken for the last two labels of a name, which is wrong under suffixes such as `co.uk`.
    """
    counted = Counter(key for issuer, order in _orders(facts) for key in _counts(facts, issuer, order))
    for key, revision in _young(facts):
        counted[key] = max(counted[key], revision)
    found = [Use(*key, used, LIMITS[key[1]][0]) for key, used in counted.items()]
    return sorted(found, key=lambda each: -each.used / each.allowed)


def _orders(facts: Facts) -> Iterator[tuple[str, Order]]:
    for order in known(facts.orders, []):
        issuer = chain.issuer_of(order.spec.issuer_ref, order.namespace, facts)
        if issuer is not None and issuer.spec.acme is not None and PRODUCTION in issuer.spec.acme.server:
            yield issuer.subject, order


def _counts(facts: Facts, issuer: str, order: Order) -> Iterator[Key]:
    """Every limit that an order counts against."""
    names = sorted(order.spec.dns_names or [])
    renewal = _renewal(facts, order)
    if order.status.state == "valid" and _within(facts, order, SET):
        yield issuer, SET, ", ".join(names)
    if order.status.state == "valid" and not renewal and _within(facts, order, DOMAIN):
        yield from ((issuer, DOMAIN, each) for each in {_domain(name) for name in names})
    if order.status.state == "invalid" and _within(facts, order, FAILED):
        yield from ((issuer, FAILED, name) for name in names)
    if not renewal and _within(facts, order, ORDERED):
        yield issuer, ORDERED, issuer


def _young(facts: Facts) -> Iterator[tuple[Key, int]]:
    """Certificates that are younger than their limit's time: each revision was one that counts."""
    for each in known(facts.certificates, []):
        issuer = chain.issuer_of(each.spec.issuer_ref, each.namespace, facts)
        made = each.metadata.creation_timestamp
        if issuer is None or issuer.spec.acme is None or PRODUCTION not in issuer.spec.acme.server:
            continue
        if made is not None and facts.now - made <= LIMITS[SET][1] and each.status.revision:
            yield (issuer.subject, SET, ", ".join(sorted(each.spec.dns_names or []))), each.status.revision


def _within(facts: Facts, order: Order, limit: str) -> bool:
    made = order.metadata.creation_timestamp
    return made is not None and facts.now - made <= LIMITS[limit][1]


def _renewal(facts: Facts, order: Order) -> bool:
    owners = {each.uid for each in order.metadata.owner_references or []}
    return any(each.metadata.uid in owners and each.revision > 1 for each in known(facts.requests, []))


def _domain(name: str) -> str:
    return ".".join(name.split(".")[-2:])


def budget_low(facts: Facts) -> list[Finding]:
    """A rate limit that is nearly used up."""
    return [_low(use) for use in uses(facts) if use.used >= use.allowed * NEAR]


def _low(use: Use) -> Finding:
    _, _, span = LIMITS[use.limit]
    spent = use.used >= use.allowed
    return finding(
        "RATE_BUDGET_SPENT" if spent else "RATE_BUDGET_LOW",
        Severity.ERROR if spent else Severity.WARNING,
        f"{use.issuer}: {use.what}",
        f"At least {use.used} of the {use.allowed} that Let's Encrypt allows within {span} are used: "
        f"{use.limit} ({use.what}).",
        evidence=[
            Evidence(
                text=f"{use.used} of {use.allowed} within {span}",
                command="kubectl get orders -A --sort-by=.metadata.creationTimestamp",
            )
        ],
        cause=_CAUSES[use.limit],
        remedy=Remedy(
            text="Stop what asks again, and do not delete Certificates or Secrets meanwhile: each new try "
            "counts. Try with the staging server. Revoking gives nothing back."
        ),
        source="https://letsencrypt.org/docs/rate-limits/",
    )


_CAUSES = {
    SET: "One set of names is issued again and again: two that write one Secret, a renewal loop, or a Secret "
    "that is deleted and made anew.",
    DOMAIN: "Many certificates of one domain were made this week: one with a wildcard, or with many names, "
    "counts once.",
    FAILED: "The proof of the name fails each time; see the finding about its Challenge.",
    ORDERED: "Many certificates were made at once: a new cluster, or a restore without its Secrets.",
}
