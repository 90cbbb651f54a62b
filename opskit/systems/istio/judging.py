"""How checks are registered, and how a finding about the mesh is worded."""

from collections.abc import Callable

from opskit.core.findings import Data, Finding
from opskit.core.judging import Judge
from opskit.systems.istio.facts import Facts


class Judgement(Data, frozen=True):
    """A finding, and the hosts whose requests suffer by it: what else is seen of them is its symptom."""

    finding: Finding
    hosts: frozenset[str] = frozenset()
    pods: frozenset[str] = frozenset()
    """`NAMESPACE/POD` of the proxies that it is about."""
    symptom: bool = False
    """Whether another finding about the same hosts is its cause."""


Check = Callable[[Facts], list[Judgement]]

REGISTRY: list[Check] = []
"""Every check, in the order in which equally grave findings are told."""

DOCS = "https://istio.io/latest/docs"


def check_of(check: Check) -> Check:
    """Decorator: this function is a check."""
    REGISTRY.append(check)
    return check


finding = Judge("istio", DOCS)


def named(each: object) -> str:
    """`KIND NAMESPACE/NAME` of a resource."""
    kind = type(each).__name__
    metadata = getattr(each, "metadata", None)
    return f"{kind} {metadata.namespace}/{metadata.name}" if metadata else kind
