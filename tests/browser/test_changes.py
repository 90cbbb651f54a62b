"""Changes of the trust profile by click, on its real servers: typed, approved, watched to the verdict."""

import pytest

from opskit.core.errors import Refused
from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.trust import openbao
from opskit.sandbox.trust.login import log_in, refresh
from opskit.sandbox.trust.openldap import passwords
from tests.browser.changing import change
from tests.browser.jupyter import Watched

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.timeout(1800),
    # The sandbox looks whether its servers answer, whoever signed their certificates.
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),
]

PREFIX = "kubernetes/creds/view"

PROFILE = "trust"
"""Of the sandbox that is changed."""


def test_leases_are_revoked_by_click(live_page: Watched, sandbox: Sandbox) -> None:
    bao = openbao.root(sandbox.site)
    bao.put(PREFIX, {"kubernetes_namespace": "default"})
    change(live_page, "vault/revoke-leases", typed=PREFIX, cluster=sandbox.context, prefix=PREFIX)
    accounts = sandbox.kubectl("-n", "default", "get", "serviceaccounts", "-o", "name").split()
    assert [each for each in accounts if each.startswith("serviceaccount/v-")] == []


def test_a_certificate_is_renewed_by_click(live_page: Watched, sandbox: Sandbox) -> None:
    where = ("-n", "shop", "get", "certificate", "shop", "-o", "jsonpath={.status.revision}")
    before = int(sandbox.kubectl(*where))
    change(
        live_page,
        "certmanager/renew-certificate",
        cluster=sandbox.context,
        namespace="shop",
        certificate="shop",
    )
    assert int(sandbox.kubectl(*where)) == before + 1


def test_access_is_revoked_by_click(live_page: Watched, sandbox: Sandbox) -> None:
    tokens = log_in(sandbox.site, "alice", passwords(sandbox.site)["alice"])
    change(live_page, "dex/revoke-access", typed="alice", cluster=sandbox.context, user="alice")
    with pytest.raises(Refused, match="Refresh token is invalid"):
        refresh(sandbox.site, tokens.refresh_token)
