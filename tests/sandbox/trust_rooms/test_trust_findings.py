"""A healthy cluster has no finding; each real fault is named first, with its cause."""

import pytest
from trust_lab import Lab

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.timeout(900),
    # The sandbox looks whether its servers answer, whoever signed their certificates.
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),
]


def test_healthy_is_no_finding(lab: Lab) -> None:
    assert lab.findings("certmanager") == []
    assert lab.findings("vault") == []


@pytest.mark.parametrize(
    ("fault", "code", "cause"),
    [
        ("issuer-missing", "ISSUER_NOT_FOUND", "There is no"),
        ("acme-wrong-tsig-key", "CHALLENGE_STUCK", "refuses the key that signs the update"),
        ("ca-secret-deleted", "ISSUER_NOT_READY", "A Secret that the issuer names does not exist"),
        ("certificate-denied", "REQUEST_DENIED", ""),
    ],
)
def test_the_cause_of_a_certificate_is_named_first(lab: Lab, fault: str, code: str, cause: str) -> None:
    lab.sandbox.inject(fault)
    found = lab.findings("certmanager")
    assert found[0]["code"] == f"certmanager/{code}", found
    assert cause in found[0]["cause"]


@pytest.mark.parametrize(
    ("fault", "code"), [("openbao-sealed", "SEALED"), ("openbao-leader-killed", "NODE_DOWN")]
)
def test_the_cause_in_openbao_is_named_first(lab: Lab, fault: str, code: str) -> None:
    lab.sandbox.inject(fault)
    found = lab.findings("vault")
    assert found[0]["code"] == f"vault/{code}", found
