"""How a finding about OpenShift is worded."""

from datetime import datetime, timedelta

from opskit.core.judging import Judge
from opskit.core.kinds import WireCondition

_DOCS = "https://docs.redhat.com/en/documentation/openshift_container_platform/latest/html"
UPDATE_DOC = f"{_DOCS}/updating_clusters/"
OPERATORS_DOC = f"{_DOCS}/operators/cluster-operators-ref"
MACHINES_DOC = f"{_DOCS}/machine_configuration/"
ROUTES_DOC = f"{_DOCS}/ingress_and_load_balancing/routes"
BUILDS_DOC = f"{_DOCS}/builds_using_buildconfig/"
PROJECTS_DOC = f"{_DOCS}/building_applications/projects"
SUPPORT_DOC = f"{_DOCS}/support/troubleshooting"


finding = Judge("openshift", _DOCS)


def said(condition: WireCondition) -> str:
    """`Degraded=True (IngressDegraded): …`."""
    reason = f" ({condition.reason})" if condition.reason else ""
    message = f": {condition.message.strip()[:400]}" if condition.message else ""
    return f"{condition.type}={condition.status}{reason}{message}"


def lasting(moment: datetime | None, now: datetime) -> timedelta:
    """For how long; nothing where it is not known."""
    return now - moment if moment else timedelta()


_OWN = ("openshift", "kube-", "default")
"""How the names of the platform's own namespaces begin."""


def of_platform(namespace: str) -> bool:
    """Whether a namespace is the platform's own."""
    return namespace.startswith(_OWN)
