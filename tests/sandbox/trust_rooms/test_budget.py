"""What a real ACME issuer's certificate counts against Let's Encrypt's limits, and hosts without one."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from trust_lab import Lab

from opskit.core.cluster import Cluster
from opskit.sandbox.trust import issuers
from opskit.sandbox.trust.bao_engines import ZONE
from opskit.sandbox.waiting import wait_until
from opskit.systems.certmanager import checks_budget, facts
from opskit.systems.certmanager.checks_budget import DOMAIN, ORDERED, SET

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.timeout(600),
    # The sandbox looks whether its servers answer, whoever signed their certificates.
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),
]
NAME, HOST = "budget", f"budget.{ZONE}"


@pytest.fixture
def cluster(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """The sandbox, whose ACME server is taken for Let's Encrypt's."""
    monkeypatch.setenv("KUBECONFIG", str(lab.sandbox.kubeconfig))
    server = lab.kubectl("get", "clusterissuer", "acme")["spec"]["acme"]["server"]
    monkeypatch.setattr(checks_budget, "PRODUCTION", server)
    with Cluster.open(lab.sandbox.context) as opened:
        yield opened
    for each in (f"certificate/{NAME}", f"secret/{NAME}-tls", f"ingress/{NAME}", "secret/first-tls"):
        lab.sandbox.kubectl("-n", issuers.SHOP, "delete", each, "--ignore-not-found")


def create(lab: Lab, made: dict[str, Any]) -> None:
    file = lab.folder / "made.json"
    file.write_text(json.dumps(made))
    lab.sandbox.kubectl("create", "-f", str(file))


def issued(lab: Lab, revision: int) -> bool:
    found = lab.kubectl("-n", issuers.SHOP, "get", "certificate", NAME).get("status", {})
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in found.get("conditions", ()))
    return ready and found.get("revision") == revision


def used(cluster: Cluster) -> dict[str, int]:
    uses = checks_budget.uses(facts.read(cluster))
    return {each.limit: each.used for each in uses if each.what in (HOST, ZONE) or each.limit == ORDERED}


@pytest.mark.proof
def test_a_renewal_counts_for_its_names_and_not_for_its_domain(lab: Lab, cluster: Cluster) -> None:
    before = used(cluster).get(ORDERED, 0)
    create(lab, issuers.certificate(NAME, issuer="acme", names=(HOST,)))
    wait_until(lambda: issued(lab, 1), what="it is issued", deadline=180.0, every=2.0)
    assert used(cluster) == {SET: 1, DOMAIN: 1, ORDERED: before + 1}
    lab.run("certmanager/renew-certificate", namespace=issuers.SHOP, certificate=NAME)
    assert issued(lab, 2)
    assert used(cluster)[SET] == 2, "the first order is gone with its request; the revision still tells"
    assert DOMAIN not in used(cluster)


def test_a_host_that_only_a_rule_names_has_no_certificate(lab: Lab, cluster: Cluster) -> None:
    backend = {"service": {"name": "shop", "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    hosts = (f"first.{ZONE}", f"second.{ZONE}")
    create(
        lab,
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {
                "name": NAME,
                "namespace": issuers.SHOP,
                "annotations": {"cert-manager.io/cluster-issuer": "ca"},
            },
            "spec": {
                "tls": [{"hosts": [hosts[0]], "secretName": "first-tls"}],
                "rules": [{"host": host, "http": {"paths": [path]}} for host in hosts],
            },
        },
    )
    lab.sandbox.kubectl("-n", issuers.SHOP, "wait", "--for=create", "certificate/first-tls", "--timeout=50s")
    lab.sandbox.kubectl(
        "-n", issuers.SHOP, "wait", "--for=condition=Ready", "certificate/first-tls", "--timeout=50s"
    )
    told = [each for each in lab.findings("certmanager") if each["code"] == "certmanager/INGRESS_UNCOVERED"]
    assert len(told) == 1
    assert f"none covers second.{ZONE}." in told[0]["summary"]
