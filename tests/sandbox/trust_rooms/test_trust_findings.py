"""A healthy cluster has no finding; each real fault is seen by the system's own tool, and named first."""

import base64
import urllib.error
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from trust_lab import Lab

from opskit.core.errors import OpsError
from opskit.sandbox.keeper.probing import answers
from opskit.sandbox.rehearsing.named import NAMED, UNNAMED
from opskit.sandbox.trust import authentication, dns
from opskit.sandbox.trust.login import log_in
from opskit.sandbox.trust.openldap import passwords
from opskit.sandbox.waiting import wait_until

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.timeout(900),
    # The sandbox looks whether its servers answer, whoever signed their certificates.
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),
]

VICTIM = "storefront"


def mounts_fail(lab: Lab) -> bool:
    """The leader serves nothing, while its health says that all is well."""
    health = lab.bao("sys/health")
    try:
        lab.bao("sys/mounts")
    except urllib.error.HTTPError as error:
        return error.code == 500 and not health["sealed"]
    return False


def of_victim(lab: Lab, plural: str) -> list[dict[str, Any]]:
    every = lab.kubectl("-n", "shop", "get", plural)["items"]
    return [each for each in every if each["metadata"]["name"].startswith(VICTIM)]


def condition(each: dict[str, Any], type: str) -> dict[str, Any]:
    found = each.get("status", {}).get("conditions", ())
    return next((one for one in found if one["type"] == type), {})


def challenge_says(text: str) -> Callable[[Lab], bool]:
    def ask(lab: Lab) -> bool:
        reasons = [each.get("status", {}).get("reason", "") for each in of_victim(lab, "challenges")]
        return any(text in each for each in reasons)

    return ask


def refused_for_the_time(lab: Lab) -> bool:
    """The Challenge reads as with a wrong key; the DNS server's own log tells them apart."""
    return "(BADTIME)" in lab.sandbox.kubectl("-n", dns.NAMESPACE, "logs", f"deploy/{dns.PROCESS}")


def order_without_state(lab: Lab) -> bool:
    log = lab.sandbox.kubectl("-n", "cert-manager", "logs", "-l", "app.kubernetes.io/component=controller")
    silent = [each for each in of_victim(lab, "orders") if not each.get("status", {}).get("state")]
    return bool(silent) and "error creating new order: 503" in log


def issuer_ready(name: str, status: str) -> Callable[[Lab], bool]:
    return lambda lab: condition(lab.kubectl("get", "clusterissuer", name), "Ready")["status"] == status


def request_is(type: str, reason: str) -> Callable[[Lab], bool]:
    def ask(lab: Lab) -> bool:
        return any(reason in condition(each, type).get("reason", "") for each in lab_requests(lab))

    return ask


def lab_requests(lab: Lab) -> list[dict[str, Any]]:
    return lab.kubectl("-n", "shop", "get", "certificaterequests")["items"]


def shop_expired(lab: Lab) -> bool:
    secret = lab.kubectl("-n", "shop", "get", "secret", "shop-tls")
    shown = x509.load_pem_x509_certificate(base64.b64decode(secret["data"]["tls.crt"]))
    return shown.not_valid_after_utc < datetime.now(UTC)


def login_says(text: str) -> Callable[[Lab], bool]:
    def ask(lab: Lab) -> bool:
        try:
            log_in(lab.sandbox.site, "alice", passwords(lab.sandbox.site)["alice"])
        except OpsError as error:
            return text in str(error)
        return False

    return ask


def dex_says_nothing(lab: Lab) -> bool:
    return not answers(f"{authentication.issuer(lab.sandbox.site)}/.well-known/openid-configuration")


def apiserver_has_another_issuer(lab: Lab) -> bool:
    log = lab.sandbox.kubectl("-n", "kube-system", "logs", "-l", "component=kube-apiserver", "--since=5m")
    return "/dex/" in log and "authentication config" in log


def apiserver_trusts_another_ca(lab: Lab) -> bool:
    log = lab.sandbox.kubectl("-n", "kube-system", "logs", "-l", "component=kube-apiserver", "--since=5m")
    return "failed to update authentication config" in log and "x509" in log


def apiserver_took_its_file(lab: Lab) -> bool:
    log = lab.sandbox.kubectl("-n", "kube-system", "logs", "-l", "component=kube-apiserver", "--since=2m")
    return "reloaded authentication config" in log


CASES: dict[str, tuple[str, Callable[[Lab], bool]]] = {
    "openbao-sealed": (
        "with Shamir shares a node starts sealed",
        lambda lab: lab.bao("sys/seal-status", node=2)["sealed"],
    ),
    "openbao-leader-killed": ("", lambda lab: bool(lab.bao("sys/leader")["is_self"])),
    "openbao-audit-blocked": ("answers nothing it can't log", mounts_fail),
    "openbao-right-revoked": ("the policy of its role lacks", request_is("Ready", "Failed")),
    "acme-wrong-tsig-key": ("refuses the key that signs the update", challenge_says("bad authentication")),
    "issuer-missing": ("There is no", request_is("Ready", "Pending")),
    "acme-errors": ("", order_without_state),
    "ca-secret-deleted": ("A Secret that the issuer names does not exist", issuer_ready("ca", "False")),
    "certificate-expired": ("A Secret that the issuer names does not exist", shop_expired),
    "certificate-denied": ("No policy allows the name", request_is("Denied", "policy.sandbox.test")),
    "dns-clock-skew": ("the two clocks differ", refused_for_the_time),
    "ldap-down": ("directory is down", login_says("500")),
    "dex-wrong-bind-password": ("bindDN or its password is wrong", login_says("500")),
    "dex-wrong-group-base": ("ou=groups,dc=sandbox,dc=test", login_says("500")),
    "dex-wrong-root-ca": ("not the connector's rootCA", login_says("500")),
    "dex-down": ("", dex_says_nothing),
    "apiserver-wrong-ca": ("another key under the same name", apiserver_trusts_another_ca),
    "apiserver-issuer-mismatch": ("letter by letter", apiserver_has_another_issuer),
    "apiserver-no-issuer": ("it was taken within seconds", apiserver_took_its_file),
}
"""Fault → what the finding says of the cause, and the witness, in which opskit has no part."""


def test_every_fault_has_a_case(lab: Lab) -> None:
    every = {each.name for each in lab.sandbox.profile.faults}
    assert set(CASES) == set(NAMED["trust"]) == every - UNNAMED


def test_healthy_is_no_finding(lab: Lab) -> None:
    assert lab.findings() == []


SLOW = ("apiserver-wrong-ca", "apiserver-issuer-mismatch")
"""An API server has to read its authentication configuration anew, which takes minutes on a busy machine."""


@pytest.mark.parametrize(
    "fault", [pytest.param(each, marks=[pytest.mark.proof] if each in SLOW else []) for each in CASES]
)
def test_a_fault_is_seen_named_first_and_gone_when_healed(lab: Lab, fault: str) -> None:
    cause, witness = CASES[fault]
    lab.sandbox.inject(fault)
    wait_until(lambda: witness(lab), what=f"the system's own tool shows {fault}", deadline=90.0, every=1.0)
    code, found = NAMED["trust"][fault], list[dict[str, Any]]()

    def named() -> bool:
        found[:] = lab.findings()
        return bool(found) and found[0]["code"] == code

    wait_until(named, what=f"{code} is first", deadline=120.0, every=1.0, state=lambda: str(found))
    assert cause in found[0]["cause"] + found[0]["summary"]
    lab.sandbox.heal()
    wait_until(lambda: not lab.findings(), what="nothing is wrong any more", deadline=180.0, every=1.0)
