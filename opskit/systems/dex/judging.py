"""How findings about Dex are worded."""

from collections.abc import Callable

from opskit.core.findings import Finding
from opskit.core.judging import Judge
from opskit.systems.dex.facts import Facts

Check = Callable[[Facts], list[Finding]]

DOCS = "https://dexidp.io/docs"
KUBERNETES = "https://kubernetes.io/docs/reference/access-authn-authz/authentication/"


APISERVER_LOG = "kubectl -n kube-system logs -l component=kube-apiserver --since=1h"
RELOADED = r"reloaded authentication config|authentication config.*(?:successfully|reloaded)"
"""In an API server's log: whatever it said before of its authentication file is over."""

finding = Judge("dex", DOCS, page="/kubernetes/")


def logs_command(facts: Facts) -> str:
    """What shows Dex's log."""
    return f"kubectl -n {facts.namespace} logs deploy/dex"
