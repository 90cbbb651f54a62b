"""Judge what operators have brought: every check, causes before their consequences.

One function a code, named after it, in `checks_<area>`. A resource whose trouble another finding
explains is told there and not again.
"""

from opskit.core.findings import Finding, by_severity
from opskit.systems.operators import (
    checks_crd,
    checks_deletion,
    checks_olm,
    checks_olm1,
    checks_quorum,
    checks_resources,
)
from opskit.systems.operators.facts import Facts

CHECKS = (
    *checks_crd.CHECKS,
    *checks_quorum.CHECKS,
    *checks_olm.CHECKS,
    *checks_olm1.CHECKS,
    *checks_resources.CHECKS,
    *checks_deletion.CHECKS,
)
"""In the order in which equally grave findings are told: causes first."""

_EXPLAINED = frozenset({"RESOURCE_UNHEALTHY", "RESOURCE_NOT_RECONCILED", "QUORUM_SIZE_DIFFERS"})
_EXPLAINING = frozenset({"QUORUM_LOST", "QUORUM_UNREADABLE", "QUORUM_MEMBER_DOWN"})


def check(facts: Facts) -> list[Finding]:
    """All findings, the true cause first. Pure: the same facts give the same findings."""
    found = [finding for judge in CHECKS for finding in judge(facts)]
    explained = {each.subject for each in found if _code(each) in _EXPLAINING}
    kept = [each for each in found if not (_code(each) in _EXPLAINED and each.subject in explained)]
    return by_severity(kept)


def _code(finding: Finding) -> str:
    return finding.code.partition("/")[2]
