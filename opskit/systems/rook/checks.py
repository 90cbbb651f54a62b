"""Judge a Ceph cluster: every check, causes before their consequences.

One function a code, named after it, in `checks_<area>`; what Ceph raises beyond them is explained
from the table of codes, so that nothing that Ceph says is lost.
"""

from importlib import import_module

import msgspec

from opskit.core.findings import Finding, Severity
from opskit.systems.rook.codes import explain
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.judging import REGISTRY, finding, said
from opskit.systems.rook.ranking import ranked, short

AREAS = (
    "osd",
    "mon",
    "capacity",
    "pg",
    "slow",
    "fs",
    "flags",
    "device",
    "crash",
    "placement",
    "versions",
    "rook",
)
"""The order in which equally grave findings are told."""

for _area in AREAS:
    import_module(f"opskit.systems.rook.checks_{_area}")


def check(facts: Facts) -> list[Finding]:
    """All findings, the true cause first. Pure: the same facts give the same findings."""
    findings: list[Finding] = []
    covered: set[str] = set()
    for codes, judge in REGISTRY:
        found = judge(facts)
        findings += found
        if found:
            covered.update(codes)
    findings += [known(facts, code) for code in facts.raised if code not in covered]
    return ranked(_unless_muted(facts, each) for each in findings)


def known(facts: Facts, code: str) -> Finding:
    """A code of Ceph that no check judges deeper."""
    check = facts.raised[code]
    severity = explain(code).severity
    if check.severity == "HEALTH_ERR":
        severity = max(severity, Severity.ERROR)
    return finding(
        code,
        "the Ceph cluster",
        f"{check.summary.message or code}.",
        severity=severity,
        evidence=said(facts, code, lines=8),
    )


def _unless_muted(facts: Facts, each: Finding) -> Finding:
    raised = facts.raised.get(short(each.code))
    if raised is None or not raised.muted:
        return each
    return msgspec.structs.replace(
        each, severity=Severity.INFO, summary=f"{each.summary} (muted with `ceph health mute`)"
    )
