"""The cause of every failure that was provoked for real, from the objects that it left behind."""

from datetime import timedelta

import msgspec
import pytest

from opskit.core.cluster import Cluster
from opskit.core.findings import Severity
from opskit.systems.certmanager.checks import check
from opskit.systems.certmanager.facts import read
from opskit.systems.certmanager.link import short

from .replay import STATES, Objects, cluster

CAUSES = [
    ("issuer-missing", "ISSUER_NOT_FOUND", "There is no ClusterIssuer no-such"),
    ("ca-secret-missing", "ISSUER_NOT_READY", "A Secret that the issuer names does not exist"),
    ("acme-server-untrusted", "ISSUER_NOT_READY", "certificate is not trusted"),
    ("acme-server-down", "ISSUER_NOT_READY", "Nothing listens at the server's address"),
    ("dns-key-missing", "ISSUER_NOT_READY", "A Secret that the issuer names does not exist"),
    ("dns-wrong-key", "CHALLENGE_STUCK", "refuses the key that signs the update"),
    ("dns-update-refused", "CHALLENGE_STUCK", "refuses updates of this zone"),
    ("acme-name-rejected", "NAME_REJECTED", "its policy forbids it"),
    ("acme-rate-limited", "RATE_LIMITED", "does not keep its Retry-After"),
    ("acme-validation-fails", "CHALLENGE_FAILED", "The CA could not read the DNS record"),
    ("expired", "ISSUER_NOT_FOUND", "There is no ClusterIssuer no-such"),
    ("request-denied", "REQUEST_DENIED", "names under lab.test need a ticket"),
    ("approval-missing", "REQUEST_NOT_APPROVED", "proves nothing: every request gets it"),
    ("bao-bad-token", "SIGNING_FAILED", "a token is never tried"),
    ("bao-role-missing", "SIGNING_FAILED", "the PKI role in the path does not exist"),
    ("bao-name-not-allowed", "SIGNING_FAILED", "does not allow this name"),
    ("bao-audience", "ISSUER_NOT_READY", "wants another audience"),
    ("bao-auth-denied", "ISSUER_NOT_READY", "not bound to the service account"),
    ("bao-server-down", "ISSUER_NOT_READY", "Nothing listens at the server's address"),
    ("renewed", "RENEWAL_LOOP", "renewBefore and the lifetime do not fit"),
]
HEALTHY = ["acme-ready", "ca-ready", "bao-ready", "acme-in-progress"]


@pytest.mark.parametrize(("state", "code", "cause"), CAUSES)
def test_the_cause_is_named_and_stands_alone(state: str, code: str, cause: str) -> None:
    found = check(read(cluster(state)))
    assert [each.code for each in found] == [f"certmanager/{code}"], found
    assert cause in found[0].cause
    assert found[0].evidence[0].command
    assert found[0].remedy is not None


LEFT = {
    "acme-name-rejected": ("NAME_REJECTED", "its policy forbids it"),
    "acme-rate-limited": ("RATE_LIMITED", "does not keep its Retry-After"),
    "acme-validation-fails": ("CHALLENGE_FAILED", "The CA could not read the DNS record"),
    "request-denied": ("ISSUANCE_FAILED", "names under lab.test need a ticket"),
    "bao-bad-token": ("ISSUANCE_FAILED", "a token is never tried"),
    "bao-role-missing": ("ISSUANCE_FAILED", "the PKI role in the path does not exist"),
    "bao-name-not-allowed": ("ISSUANCE_FAILED", "does not allow this name"),
}
"""What the certificate alone and the events tell, once the failed request was deleted with all below it."""


@pytest.mark.parametrize("state", LEFT)
def test_the_cause_outlives_the_request_that_failed(state: str) -> None:
    left = Objects(state)
    gone = ("CertificateRequest", "Order", "Challenge")
    left.objects = [each for each in left.objects if each["kind"] not in gone]
    (one,) = check(read(Cluster(left)))
    assert (one.code, LEFT[state][1] in one.cause) == (f"certmanager/{LEFT[state][0]}", True), one


def test_an_issuer_that_no_controller_looked_at_is_told() -> None:
    held = Objects("ca-secret-missing")
    for each in held.objects:
        if each["kind"].endswith("Issuer"):
            each["status"] = {}
    (one,) = check(read(Cluster(held)))
    assert (one.code, "no controller looked at it" in one.cause) == ("certmanager/ISSUER_NOT_READY", True)


def test_the_next_try_is_told_by_the_usual_back_off() -> None:
    (one,) = check(read(cluster("acme-name-rejected")))
    assert one.remedy is not None
    assert " UTC by its default back-off; to have it tried at once" in one.remedy.text


@pytest.mark.parametrize("state", HEALTHY)
def test_no_false_alarm(state: str) -> None:
    assert check(read(cluster(state))) == []


def test_every_recorded_state_is_judged() -> None:
    told = {state for state, _, _ in CAUSES} | {*HEALTHY, "issuer-wrong-kind", "acme-server-error"}
    assert set(STATES) == told


def test_the_issuer_is_of_the_other_kind() -> None:
    found = check(read(cluster("issuer-wrong-kind", "ca-ready")))
    assert (
        found[0].cause == "issuerRef.kind is Issuer (Issuer when it is left out), and ca is a ClusterIssuer."
    )


def test_only_the_log_tells_that_the_acme_server_fails() -> None:
    found = check(read(cluster("acme-server-error")))
    assert [each.code for each in found] == ["certmanager/ORDER_WITHOUT_STATE"]
    assert "grep -e err500-1-3262699912" in found[0].evidence[0].command


BUSY = (
    'cert-manager-0: E%s 08:25:09.498482 25311 controller.go:155] "re-queuing item due to error processing" '
    'err="error creating new order: 503 urn:ietf:params:acme:error:serverInternal: Service busy; retry '
    'later." logger="cert-manager.controller"'
)


def test_the_log_of_cert_manager_does_not_name_the_order() -> None:
    facts = read(cluster("acme-server-error"))
    made = next(each.metadata.creation_timestamp for each in facts.orders if not each.status.state)  # type: ignore[union-attr]
    assert made is not None
    for day, code in ((made + timedelta(days=1), "ACME_SERVER_ERROR"), (made, "ORDER_WITHOUT_STATE")):
        stamp = f"{day:%m%d}" if day > made else f"{made - timedelta(days=1):%m%d}"
        found = check(msgspec.structs.replace(facts, log=BUSY % stamp))
        assert [each.code for each in found] == [f"certmanager/{code}"]
        assert ("Service busy" in found[0].summary) is (code == "ACME_SERVER_ERROR")
        assert found[0].remedy is not None
        assert found[0].remedy.text.count("by itself") == 1


def test_what_has_expired_is_critical_and_named() -> None:
    found = check(read(cluster("expired")))
    assert found[0].severity is Severity.CRITICAL
    assert found[0].summary.endswith("expired: default/expired.")


def test_one_cause_is_told_once_for_all_that_wait_for_it() -> None:
    found = check(read(cluster("issuer-missing", "expired")))
    assert len(found) == 1
    assert "default/noissuer, default/expired" in found[0].summary


def test_a_proof_that_takes_too_long_is_told() -> None:
    assert check(read(cluster("acme-in-progress", later=60))) == []
    found = check(read(cluster("acme-in-progress", later=3600)))
    assert [each.code for each in found] == ["certmanager/CHALLENGE_STUCK"]
    assert found[0].severity is Severity.ERROR


def test_a_renewal_that_nobody_does_is_overdue_then_expired() -> None:
    month = 24 * 3600 * 30
    assert check(read(cluster("ca-ready", later=month))) == []
    found = check(read(cluster("ca-ready", later=2.2 * month)))
    assert [each.code for each in found] == ["certmanager/RENEWAL_OVERDUE"]
    found = check(read(cluster("ca-ready", later=4 * month)))
    assert found[0].code == "certmanager/CERTIFICATE_EXPIRED"
    assert found[0].severity is Severity.CRITICAL


def test_of_a_long_message_its_last_words_are_kept() -> None:
    assert short(f"Post {'x' * 300}: connection refused.").endswith("x: connection refused")
    assert short("brief. ") == "brief"
