"""Let's Encrypt's limits against a real ACME issuer's objects, which is taken for Let's Encrypt's here."""

import copy
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from opskit.core.errors import Refused
from opskit.systems.certmanager import checks_budget
from opskit.systems.certmanager.checks import check
from opskit.systems.certmanager.checks_budget import DOMAIN, FAILED, ORDERED, SET
from opskit.systems.certmanager.facts import Facts, read
from opskit.systems.certmanager.plans import renew_certificate

from .replay import Objects, cluster

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def _recorded_is_production(monkeypatch: pytest.MonkeyPatch) -> None:
    issuers = [each for each in Objects("acme-ready").objects if "acme" in each.get("spec", {})]
    monkeypatch.setattr(checks_budget, "PRODUCTION", issuers[0]["spec"]["acme"]["server"])


def recorded(kind: str) -> Json:
    return next(each for each in Objects("acme-ready").objects if each["kind"] == kind)


def again(
    number: int, *, ago: timedelta, revision: int = 1, state: str = "valid", names: Any = None
) -> list[Json]:
    """Another request and its order, made so long before now."""
    made = f"{Objects('acme-ready').time - ago:%Y-%m-%dT%H:%M:%SZ}"
    request, order = copy.deepcopy(recorded("CertificateRequest")), copy.deepcopy(recorded("Order"))
    for each in (request, order):
        each["metadata"] |= {
            "name": f"more-{number}",
            "uid": f"{each['kind']}-{number}",
            "creationTimestamp": made,
        }
    request["metadata"]["annotations"]["cert-manager.io/certificate-revision"] = str(revision)
    order["metadata"]["ownerReferences"][0]["uid"] = request["metadata"]["uid"]
    order["status"]["state"] = state
    if names:
        order["spec"]["dnsNames"] = names
    return [request, order]


def facts(*more: list[Json], revision: int | None = None) -> Facts:
    held = read(cluster("acme-ready", more=tuple(one for several in more for one in several)))
    assert isinstance(held.certificates, list)
    (certificate,) = held.certificates
    status = replace(certificate.status, revision=revision or certificate.status.revision)
    return replace(held, certificates=[replace(certificate, status=status)])


def used(held: Facts) -> dict[str, int]:
    return {each.limit: each.used for each in checks_budget.uses(held)}


DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ([], {SET: 1, DOMAIN: 1, ORDERED: 1}),
        ([again(1, ago=DAY)], {SET: 2, DOMAIN: 2, ORDERED: 1}),
        ([again(1, ago=DAY, revision=2)], {SET: 2, DOMAIN: 1, ORDERED: 1}),
        ([again(1, ago=8 * DAY)], {SET: 1, DOMAIN: 1, ORDERED: 1}),
        ([again(1, ago=MINUTE, state="invalid")], {SET: 1, DOMAIN: 1, FAILED: 1, ORDERED: 2}),
        ([again(1, ago=61 * MINUTE, state="invalid")], {SET: 1, DOMAIN: 1, ORDERED: 2}),
        ([again(1, ago=4 * 60 * MINUTE, state="invalid")], {SET: 1, DOMAIN: 1, ORDERED: 1}),
    ],
)
def test_what_counts_against_which_limit(more: list[list[Json]], counts: dict[str, int]) -> None:
    assert used(facts(*more)) == counts


def test_revisions_of_a_young_certificate_count_though_their_orders_are_gone() -> None:
    assert used(facts(revision=4))[SET] == 4


@pytest.mark.parametrize(("times", "code"), [(2, None), (3, "RATE_BUDGET_LOW"), (4, "RATE_BUDGET_SPENT")])
def test_one_set_of_names_again_and_again(times: int, code: str | None) -> None:
    found = check(facts(*(again(each, ago=DAY, revision=2) for each in range(times))))
    told = [each for each in found if "RATE_BUDGET" in each.code]
    assert [each.code for each in told] == ([f"certmanager/{code}"] if code else [])


def test_a_renewal_is_refused_where_its_names_are_used_up_and_not_for_its_domain() -> None:
    certificate = recorded("Certificate")["metadata"]
    named = {"namespace": certificate["namespace"], "certificate": certificate["name"]}
    many = facts(*(again(each, ago=DAY, names=[f"h{each}.sandbox.test", "x.lab.test"]) for each in range(60)))
    assert renew_certificate(many, **named).steps
    with pytest.raises(Refused, match="same set of names"):
        renew_certificate(facts(*(again(each, ago=DAY, revision=2) for each in range(4))), **named)


def gateway(*, asks: bool = True, **listener: Any) -> Json:
    given = {"name": "https", "hostname": "a.lab.test", "port": 443, "protocol": "HTTPS"}
    tls = {"mode": "Terminate", "certificateRefs": [{"name": "a-tls"}]}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {
            "name": "edge",
            "namespace": "default",
            "annotations": {"cert-manager.io/cluster-issuer": "acme"} if asks else {},
        },
        "spec": {"listeners": [{**given, "tls": tls, **listener}]},
    }


@pytest.mark.parametrize(
    ("made", "cause"),
    [
        (gateway(), "enableGatewayAPI"),
        (gateway(hostname=""), "without hostname"),
        (gateway(tls={"mode": "Passthrough"}), "does not end TLS"),
        (gateway(tls={"mode": "Terminate"}), "without tls.certificateRefs"),
        (gateway(asks=False), None),
        (gateway(protocol="HTTP", tls=None), None),
    ],
)
def test_a_listener_that_asks_and_has_none_is_told_why(made: Json, cause: str | None) -> None:
    found = check(read(cluster("acme-ready", more=(made,))))
    assert [each.code for each in found] == (["certmanager/GATEWAY_UNCOVERED"] if cause else [])
    assert all(str(cause) in each.cause for each in found)


def test_a_listener_of_another_name_than_its_certificate() -> None:
    secret = recorded("Certificate")["spec"]["secretName"]
    tls = {"mode": "Terminate", "certificateRefs": [{"name": secret}]}
    space = recorded("Certificate")["metadata"]["namespace"]
    made = gateway(asks=False, hostname="else.lab.test", tls=tls)
    made["metadata"]["namespace"] = space
    (one,) = check(read(cluster("acme-ready", more=(made,))))
    assert "serves else.lab.test, and its certificate is for" in one.summary
