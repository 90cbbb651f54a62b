"""Judge an OpenShift cluster: every check, causes before their consequences.

One function a code, named after it, in `checks_<area>`. An operator whose trouble follows from another's is
told in that one's finding, and not again.
"""

from opskit.core.findings import Finding, by_severity
from opskit.systems.openshift import checks_platform, checks_pools, checks_projects, checks_routes
from opskit.systems.openshift.facts import Facts

CHECKS = (
    *checks_pools.CHECKS,
    *checks_platform.CHECKS,
    *checks_routes.CHECKS,
    *checks_projects.CHECKS,
)
"""In the order in which equally grave findings are told: causes first."""


def check(facts: Facts) -> list[Finding]:
    """All findings, the true cause first. Pure: the same facts give the same findings."""
    return by_severity(finding for judge in CHECKS for finding in judge(facts))
