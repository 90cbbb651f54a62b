"""How findings about Dex are worded."""

from collections.abc import Callable

from opskit.core.findings import Finding
from opskit.core.judging import Judge
from opskit.systems.dex.facts import Facts

Check = Callable[[Facts], list[Finding]]

DOCS = "https://dexidp.io/docs"
KUBERNETES = "https://kubernetes.io/docs/reference/access-authn-authz/authentication/"


finding = Judge("dex", DOCS, page="/kubernetes/")


def logs_command(facts: Facts) -> str:
    """What shows Dex's log."""
    return f"kubectl -n {facts.namespace} logs deploy/dex"
