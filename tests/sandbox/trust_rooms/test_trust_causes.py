"""Causes that stand in a log, a counter or another system's objects only, made on the real servers."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from trust_lab import Lab

from opskit.core.errors import Refused
from opskit.sandbox.trust import openbao
from opskit.sandbox.trust.faults.common import hold_down, let_go
from opskit.sandbox.trust.faults.openbao import status
from opskit.sandbox.trust.login import log_in
from opskit.sandbox.trust.openldap import passwords
from opskit.sandbox.waiting import wait_until

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.timeout(900),
    # The sandbox looks whether its servers answer, whoever signed their certificates.
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),
]

NODE = "openbao-2"


def told(lab: Lab, system: str, code: str) -> dict[str, Any]:
    """The finding, once it is there; what is only worth knowing counts, too."""
    found: list[dict[str, Any]] = []

    def named() -> bool:
        done = lab.opskit("findings", "--system", system, "--cluster", lab.sandbox.context, "--json")
        every = json.loads(done.stdout)["findings"]
        found[:] = [each for each in every if each["code"] == f"{system}/{code}"]
        return bool(found)

    wait_until(named, what=f"{system}/{code} is told", deadline=120.0, every=1.0)
    return found[0]


@pytest.fixture
def unbound(lab: Lab) -> Iterator[Callable[[str], None]]:
    """Takes a ClusterRoleBinding away; it is put back."""
    taken: list[dict[str, Any]] = []

    def take(name: str) -> None:
        taken.append(lab.kubectl("get", "clusterrolebinding", name))
        lab.sandbox.kubectl("delete", "clusterrolebinding", name)

    yield take
    for each in taken:
        for field in ("uid", "resourceVersion", "creationTimestamp", "managedFields"):
            each["metadata"].pop(field, None)
        file = lab.folder / "binding.json"
        file.write_text(json.dumps(each))
        lab.sandbox.kubectl("create", "-f", str(file))


def test_an_application_with_a_wrong_secret_is_told_though_no_log_has_it(lab: Lab) -> None:
    with pytest.raises(Refused, match="invalid_client"):
        log_in(lab.sandbox.site, "bob", passwords(lab.sandbox.site)["bob"], secret="wrong")
    # The API server counts once a minute.
    found = told(lab, "dex", "CODES_NOT_REDEEMED")
    assert "no application fetched the token" in found["summary"]


def test_whoever_may_read_the_signing_keys_is_named(lab: Lab) -> None:
    role = ("--verb=get,list", "--resource=signingkeies.dex.coreos.com")
    lab.sandbox.kubectl("-n", "dex", "create", "role", "curious", *role)
    lab.sandbox.kubectl(
        "-n", "dex", "create", "rolebinding", "curious", "--role=curious", "--group=oidc:devs"
    )
    try:
        found = told(lab, "dex", "SIGNING_KEYS_READABLE")
        assert found["summary"].startswith("Group oidc:devs may read the keys")
        assert "RoleBinding dex/curious" in found["evidence"][0]["text"]
    finally:
        lab.sandbox.kubectl("-n", "dex", "delete", "role/curious", "rolebinding/curious")


def test_a_reviewer_without_rights_is_told_though_openbao_is_silent(
    lab: Lab, unbound: Callable[[str], None]
) -> None:
    unbound("openbao-server-binding")
    found = told(lab, "vault", "KUBERNETES_NO_REVIEW")
    assert "system:auth-delegator" in found["cause"]


def test_leases_that_can_not_be_revoked_are_told_with_the_right_that_is_missing(
    lab: Lab, unbound: Callable[[str], None]
) -> None:
    lease = lab.bao("kubernetes/creds/view", {"kubernetes_namespace": "default"}, method="PUT")["lease_id"]
    unbound("openbao-dynamic")
    lab.bao("sys/leases/revoke", {"lease_id": lease, "sync": False}, method="PUT")
    found = told(lab, "vault", "LEASES_NOT_REVOKED")
    assert "may not delete resource" in found["cause"]


def test_a_node_that_refuses_its_configuration_is_told_with_its_last_words(lab: Lab) -> None:
    file = lab.sandbox.site.folder(NODE) / "config.json"
    right = file.read_text()
    wrong = openbao.configuration(lab.sandbox.site, NODE)
    wrong["storage"]["raft"]["retry_join"] = []
    file.write_text(json.dumps(wrong))
    hold_down(lab.sandbox, NODE)
    let_go(lab.sandbox, NODE)
    try:
        wait_until(
            lambda: "invalid retry_join config" in told(lab, "vault", "NODE_DOWN")["cause"],
            what="opskit tells why it does not start",
            deadline=90.0,
            every=1.0,
        )
    finally:
        file.write_text(right)
        wait_until(lambda: status(lab.sandbox, NODE) == 503, what="it is sealed", deadline=120.0)
        openbao.unseal(lab.sandbox.site, NODE)
        wait_until(lambda: not lab.sandbox.ailments(), what="all is well", deadline=60.0)
