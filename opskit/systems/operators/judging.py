"""How a finding about operators is worded, and how checks are registered."""

from collections.abc import Callable
from datetime import datetime

from opskit.core.findings import Finding
from opskit.core.judging import Judge
from opskit.core.wording import spoken
from opskit.systems.operators.facts import Facts

Check = Callable[[Facts], list[Finding]]

CRD_DOC = "https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/"
VERSION_DOC = (
    "https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/"
    "custom-resource-definition-versioning/"
)
FINALIZER_DOC = "https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/"
OLM_DOC = "https://olm.operatorframework.io/docs/troubleshooting/"
OLM1_DOC = "https://operator-framework.github.io/operator-controller/"
CONVENTIONS_DOC = (
    "https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/"
    "api-conventions.md#typical-status-properties"
)
ETCD_DOC = "https://etcd.io/docs/latest/op-guide/runtime-configuration/"


finding = Judge("operators", CRD_DOC)


def ago(moment: datetime | None, now: datetime) -> str:
    """`for 3 h 20 min`; "" where it is not known since when."""
    if moment is None:
        return ""
    return f"for {spoken(now - moment)}"


def namespaced(name: str, namespace: str | None) -> str:
    """`namespace/name`."""
    return f"{namespace}/{name}" if namespace else name
