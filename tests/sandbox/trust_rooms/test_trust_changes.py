"""Both changes to their end on the real software, headless with an approval file."""

import pytest
from trust_lab import Lab

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.timeout(900),
    # The sandbox looks whether its servers answer, whoever signed their certificates.
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),
]

PREFIX = "kubernetes/creds/view"


def test_a_certificate_is_renewed(lab: Lab) -> None:
    every = lab.kubectl("get", "certificates", "-A")["items"]
    chosen = next(each for each in every if each["spec"]["issuerRef"]["name"] in ("ca", "openbao"))
    namespace, name = chosen["metadata"]["namespace"], chosen["metadata"]["name"]
    verdict = lab.run("certmanager/renew-certificate", namespace=namespace, certificate=name)
    assert all(each["ok"] for each in verdict["goal"]), verdict
    now = lab.kubectl("-n", namespace, "get", "certificate", name)
    assert now["status"]["revision"] == chosen["status"]["revision"] + 1
    assert not any(
        each["type"] == "Issuing" and each["status"] == "True" for each in now["status"]["conditions"]
    )


def test_leases_are_revoked(lab: Lab) -> None:
    allowed = lab.bao("kubernetes/roles/view")["data"]["allowed_kubernetes_namespaces"][0]
    for _ in range(2):
        lab.bao(PREFIX, {"kubernetes_namespace": allowed if allowed != "*" else "default"}, method="POST")
    assert len(lab.leases(PREFIX)) >= 2
    accounts = _made(lab)
    assert accounts
    verdict = lab.run("vault/revoke-leases", prefix=PREFIX)
    assert all(each["ok"] for each in verdict["goal"]), verdict
    assert lab.leases(PREFIX) == []
    assert _made(lab) == []


def _made(lab: Lab) -> list[str]:
    """ServiceAccounts that OpenBao made for leases."""
    every = lab.kubectl("get", "serviceaccounts", "-A")["items"]
    return [each["metadata"]["name"] for each in every if each["metadata"]["name"].startswith("v-")]
