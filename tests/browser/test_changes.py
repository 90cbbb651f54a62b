"""Changes of the trust profile by click, on its real servers: typed, approved, watched to the verdict."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from opskit.core.errors import Refused
from opskit.sandbox.rehearsing.asking import environment
from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.trust import openbao
from opskit.sandbox.trust.login import log_in, refresh
from opskit.sandbox.trust.openldap import passwords
from tests.browser.changing import change
from tests.browser.conftest import watched
from tests.browser.jupyter import Server, Watched

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.timeout(1800),
    # The sandbox looks whether its servers answer, whoever signed their certificates.
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),
]

PREFIX = "kubernetes/creds/view"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    lent = os.environ.get("OPSKIT_TEST_SANDBOX")
    if lent:
        yield Sandbox.attach(lent)
        return
    with Sandbox.up(profile="trust", name=f"clicked-{os.getpid()}") as made:
        yield made


@pytest.fixture(scope="module")
def live_lab(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("live")
    server = Server.start(home, home / "workspace", **environment(sandbox))
    yield server
    server.stop()


@pytest.fixture
def live_page(browser: BrowserContext, live_lab: Server, tmp_path: Path) -> Iterator[Watched]:
    yield from watched(browser, live_lab, tmp_path)


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
