"""How checks are registered, and how a finding about Ceph is worded."""

from collections.abc import Callable, Iterable

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.judging import Judge
from opskit.systems.rook.code import Code
from opskit.systems.rook.codes import explain
from opskit.systems.rook.facts import Facts

Check = Callable[[Facts], list[Finding]]

REGISTRY: list[tuple[tuple[str, ...], Check]] = []
"""Every check with the Ceph codes that it speaks for."""


def judges(*codes: str) -> Callable[[Check], Check]:
    """Decorator: when this check finds something, these codes of Ceph need no finding of their own."""

    def keep(check: Check) -> Check:
        REGISTRY.append((codes, check))
        return check

    return keep


UNASKED = ("NotInstalled", "NotFound", "Forbidden", "PodNotReady")
"""Errors that say that Ceph was not asked at all: its own health is unknown."""


_judge = Judge("rook", "https://docs.ceph.com/en/latest")


def finding(
    code: str,
    subject: str,
    summary: str,
    *,
    severity: Severity | None = None,
    evidence: Iterable[Evidence] = (),
    cause: str = "",
    remedy: Remedy | None = None,
) -> Finding:
    """A finding of this system; what is not given comes from the table of codes."""
    known = explain(code)
    return _judge(
        code,
        severity or known.severity,
        subject,
        summary,
        evidence=evidence,
        cause=cause or known.meaning,
        remedy=remedy or known.next,
        source=known.url,
    )


def said(facts: Facts, code: str, *, lines: int = 5) -> list[Evidence]:
    """What Ceph itself says of a code: its summary and the first lines of its detail."""
    check = facts.raised.get(code)
    if check is None:
        return []
    shown = [check.summary.message, *(line.message for line in check.detail[:lines])]
    more = len(check.detail) - lines
    text = "; ".join(shown) + (f"; and {more} more" if more > 0 else "")
    return [Evidence(text=f"{code}: {text}", command="ceph health detail")]


def raised(facts: Facts, code: str) -> bool:
    """Whether Ceph raises the code."""
    return code in facts.raised


__all__ = ["Code", "Severity", "finding", "judges", "raised", "said"]
