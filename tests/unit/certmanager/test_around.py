"""What stands around the certificates: who serves them, Ingresses, budgets, and what can't be read."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.core.cluster import Cluster
from opskit.core.durations import seconds
from opskit.core.errors import Forbidden, NotInstalled, Refused
from opskit.core.plan import NOW, Patch
from opskit.systems.certmanager import controller_log, pem, views
from opskit.systems.certmanager.checks import check
from opskit.systems.certmanager.facts import read
from opskit.systems.certmanager.plans import renew_certificate
from opskit.systems.certmanager.system import SYSTEM

from .replay import Objects, cluster


def ingress(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": "web",
            "namespace": "default",
            "annotations": {"cert-manager.io/cluster-issuer": "ca"},
        },
        "spec": spec,
        "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}},
    }


def issued(state: str) -> str:
    import base64

    found = next(each for each in Objects(state).objects if each["kind"] == "CertificateRequest")
    return base64.b64decode(found["status"]["certificate"]).decode()


SERVED = ingress(
    tls=[{"hosts": ["leaf.lab.test"], "secretName": "leaf-tls"}], rules=[{"host": "leaf.lab.test"}]
)


def test_the_served_certificate_is_the_issued_one() -> None:
    facts = read(cluster("ca-ready", more=(SERVED,), pem=issued("ca-ready")))
    assert check(facts) == []
    assert list(views.served(facts)["same"]) == [True]


def test_another_certificate_is_served() -> None:
    found = check(read(cluster("ca-ready", more=(SERVED,), pem=issued("acme-ready"))))
    assert [each.code for each in found] == ["certmanager/SERVED_OTHER"]
    assert "-connect 192.0.2.1:443 -servername leaf.lab.test" in found[0].evidence[0].command


@pytest.mark.parametrize(
    ("spec", "bare"),
    [
        ({"rules": [{"host": "leaf.lab.test"}]}, "leaf.lab.test"),
        ({"tls": [{"hosts": ["leaf.lab.test"], "secretName": "other"}]}, "leaf.lab.test"),
        (
            {
                "tls": [{"hosts": ["leaf.lab.test"], "secretName": "leaf-tls"}],
                "rules": [{"host": "b.lab.test"}],
            },
            "b.lab.test",
        ),
    ],
)
def test_an_ingress_without_certificate(spec: dict[str, Any], bare: str) -> None:
    found = check(read(cluster("ca-ready", more=(ingress(**spec),), pem=issued("ca-ready"))))
    assert [each.code for each in found] == ["certmanager/INGRESS_UNCOVERED"]
    assert f"none covers {bare}." in found[0].summary


def test_two_certificates_write_one_secret() -> None:
    twin = next(each for each in Objects("ca-ready").objects if each["kind"] == "Certificate")
    other = {**twin, "metadata": {**twin["metadata"], "name": "twin", "uid": "2"}}
    found = check(read(cluster("ca-ready", more=(other,))))
    assert [each.code for each in found] == ["certmanager/SECRET_SHARED"]


def test_renewing_sets_one_condition_and_keeps_the_others() -> None:
    facts = read(cluster("ca-ready", more=(SERVED,), pem=issued("ca-ready")))
    draft = renew_certificate(facts, namespace="default", certificate="leaf")
    assert [step.id for step in draft.steps] == [
        "ask-for-renewal",
        "wait-issued",
        "wait-served-leaf.lab.test-192.0.2.1-443",
    ]
    action = draft.steps[0].action
    assert isinstance(action, Patch)
    assert action.subresource == "status"
    conditions = {each["type"]: each for each in action.patch["status"]["conditions"]}
    assert conditions["Issuing"]["lastTransitionTime"] == NOW
    assert conditions["Ready"]["status"] == "True"
    assert [each.name for each in draft.goal] == ["certmanager/renewed", "certmanager/serves-issued"]
    assert draft == renew_certificate(facts, namespace="default", certificate="leaf")


@pytest.mark.parametrize(
    ("state", "name", "reason"),
    [
        ("ca-ready", "none", "there is no certificate none in namespace default"),
        ("issuer-missing", "noissuer", "it is being issued already, and that fails: ClusterIssuer no-such"),
        ("request-denied", "denied", "its issuer ClusterIssuer ca does not exist"),
        ("acme-server-down", "down", "its issuer is not ready: Nothing listens"),
    ],
)
def test_a_renewal_that_can_not_succeed_is_refused(state: str, name: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        renew_certificate(read(cluster(state)), namespace="default", certificate=name)
    assert reason in str(refused.value)


class Closed(Objects):
    """A cluster that has no cert-manager, or lets nobody read it."""

    error: type[Exception] = NotInstalled

    def pages(self, read: Any, *, deadline: float) -> Any:
        raise self.error(f"no {read.plural}")


def test_a_cluster_without_cert_manager_is_told_so() -> None:
    facts = read(Cluster(Closed("ca-ready")))
    assert SYSTEM.absent(facts) == "not installed"
    assert check(facts) == []


def test_no_rights_is_a_fact() -> None:
    class Denied(Closed):
        error = Forbidden

    facts = read(Cluster(Denied("ca-ready")))
    assert SYSTEM.absent(facts) == ""
    assert facts.certificates.error == "Forbidden"  # type: ignore[union-attr]
    with pytest.raises(Refused, match="could not be read"):
        renew_certificate(facts, namespace="default", certificate="leaf")


@pytest.mark.parametrize(
    "line",
    [
        'cm-0: E1123 04:22:39.1  1 controller.go:157] "re-queuing item" err="error creating new order: 500 '
        ': \\"x\\"" '
        'logger="cert-manager.orders" key="default/o-1"',
        'cm-0: {"ts":1,"msg":"re-queuing","err":"error creating new order: 500 : '
        '\\"x\\"","key":"default/o-1"}',
    ],
)
def test_the_log_of_both_forms_is_understood(line: str) -> None:
    log = f"cm-0: I1123 unrelated\n{line}\n"
    assert controller_log.said_of(log, "default", "o-1") == 'error creating new order: 500 : "x"'
    assert controller_log.said_of(log, "default", "o-11") == ""


@given(st.text(), st.text(min_size=1), st.text(min_size=1))
def test_no_log_breaks_the_reader(log: str, namespace: str, name: str) -> None:
    assert isinstance(controller_log.said_of(log, namespace, name), str)


@given(st.binary(), st.text())
def test_no_certificate_breaks_the_reader(body: bytes, text: str) -> None:
    assert pem.read(body) is None
    assert pem.of_request(text) is None


@pytest.mark.parametrize(
    ("text", "expected"), [("2160h", 7776000), ("59m45s", 3585), ("1h0m0s", 3600), ("", 0)]
)
def test_go_durations(text: str, expected: float) -> None:
    assert seconds(text) == expected
