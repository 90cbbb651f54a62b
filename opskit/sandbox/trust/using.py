"""What people and programs do with the servers of `trust`: log in, borrow access."""

from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.trust import openbao, openldap
from opskit.sandbox.trust.login import log_in

LEASED = "kubernetes/creds/view"
"""Where OpenBao lends ServiceAccounts."""


def borrow_access(sandbox: Sandbox) -> None:
    """Five leases: each is a ServiceAccount that OpenBao makes."""
    bao = openbao.root(sandbox.site)
    for _ in range(5):
        bao.put(LEASED, {"kubernetes_namespace": "default"})


def log_people_in(sandbox: Sandbox) -> None:
    """Alice and bob log in through Dex, and hold refresh tokens."""
    for user in ("alice", "bob"):
        log_in(sandbox.site, user, openldap.passwords(sandbox.site)[user])
