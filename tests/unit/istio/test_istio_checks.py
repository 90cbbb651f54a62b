"""What each check says of a real mesh, altered by one thing, and that it is silent otherwise."""

import json
from datetime import timedelta
from typing import Any

import pytest

from opskit.core.errors import Forbidden, NotInstalled, Unauthorized, Unreachable
from opskit.core.findings import Finding, Severity
from opskit.core.parts import unread
from opskit.systems.istio import kinds, reading
from opskit.systems.istio.checks import check
from opskit.systems.istio.facts import Facts, read
from opskit.systems.istio.judging import REGISTRY
from opskit.systems.istio.system import SYSTEM
from tests.unit import altered
from tests.unit.altered import Edit, Json, add, double, drop, fails, put, says, told

LISTED = (
    kinds.VIRTUAL_SERVICE,
    kinds.DESTINATION_RULE,
    kinds.GATEWAY,
    kinds.SERVICE_ENTRY,
    kinds.PEER_AUTHENTICATION,
    kinds.ENVOY_FILTER,
    kinds.SERVICE,
)
HOST = "reviews.shop.svc.cluster.local"
NOT_READY = [{"type": "Ready", "status": "False"}]
V2 = put("pods", "status.conditions", NOT_READY, name="reviews-v2-0")
GONE = Unreachable("The connection was refused: nothing listens there.")


def routes(*weights: int, **last: Any) -> Edit:
    """The canary's shares; `last` are fields of the second destination."""

    def alter(objects: list[Json]) -> list[Json]:
        for each in objects:
            if each["metadata"]["name"] == "reviews":
                ends = each["spec"]["http"][0]["route"]
                for end, weight in zip(ends, weights, strict=True):
                    end["weight"] = weight
                ends[1]["destination"] |= last
        return objects

    return "virtualservices", alter


def strict(name: str = "default", namespace: str = "shop", mode: str = "STRICT", **labels: str) -> Edit:
    spec: Json = {"mtls": {"mode": mode}} | ({"selector": {"matchLabels": labels}} if labels else {})
    return add("peerauthentications", {"metadata": {"name": name, "namespace": namespace}, "spec": spec})


def counter(pod: str, name: str, value: float) -> Edit:
    return told(f"{pod}:15000/stats", lambda body: body["stats"].append({"name": name, "value": value}))


def synced(proxy: str, **fields: str | None) -> Edit:
    """A proxy of istiod's view: fields set, or, without any, taken out."""

    def alter(body: list[Json]) -> list[Json]:
        for each in body:
            if each["proxy"].startswith(proxy):
                each |= fields
        return body if fields else [each for each in body if not each["proxy"].startswith(proxy)]

    return told("/debug/syncz", alter)


def refused(pod: str, rate: str) -> Edit:
    sample = {"metric": {"namespace": "shop", "pod": pod}, "value": [0, rate]}
    return told("no_filter_chain_match[", lambda body: body["data"]["result"].append(sample))


def measured(query: str, version: str, value: str) -> Edit:
    """What Prometheus says of one version of reviews."""

    def alter(body: Json) -> None:
        for each in body["data"]["result"]:
            metric = each["metric"]
            if metric["destination_service"] == HOST and metric["destination_version"] == version:
                each["value"][1] = value

    return told(query, alter)


def strange_root(body: Json) -> None:
    for pair in body["certificates"]:
        for each in pair["ca_cert"]:
            each["serial_number"] = "another"


def rejected() -> bytes:
    """Of the real dump one listener, as Envoy shows a resource that it refused."""
    with altered.cluster("istio", state="healthy") as cluster:
        dump = reading.config_dump(cluster, "catalog-0", "shop")
    names = [each["name"] for section in dump["configs"] for each in section.get("dynamic_listeners", [])]
    reason = {"details": "Proto constraint validation failed: value is required"}
    return json.dumps({"configs": [{"name": names[0], "error_state": reason}]}).encode()


FILTER = {"metadata": {"name": "rate-limit", "namespace": "shop"},
          "spec": {"workloadSelector": {"labels": {"app": "catalog"}}}}  # fmt: skip
REFUSES = (
    counter("catalog-0", "listener_manager.lds.update_rejected", 3),
    says("catalog-0:15000/config_dump", rejected()),
)
OTHER = {"metadata__namespace": "other", "spec__exportTo": ["."]}
PLAIN = {"tls": {"mode": "DISABLE"}}
OUTLIER = f"cluster.outbound|8080|v2|{HOST};.outlier_detection.ejections_active"
STRANGER = {"hosts": ["x.example.test"], "gateways": ["istio-ingress/shopp"], "http": []}
UNNAMED: list[Json] = [{"name": "web", "protocol": "TCP", "port": 8080}]

HTTP, GRPC_WEB = UNNAMED[0] | {"appProtocol": "http"}, UNNAMED[0] | {"name": "grpc-web"}
DELETED, GOING = "metadata.deletionTimestamp", "2026-11-25T07:00:00Z"

SPEAKS: list[tuple[str, tuple[Edit, ...], list[str]]] = [
    ("istiod is not ready", (put("deployments", "status.readyReplicas", 0), fails("/debug/syncz", GONE)),
     ["ISTIOD_DOWN"]),
    ("istiod hangs", (fails("/debug/syncz", GONE),), ["ISTIOD_DOWN"]),
    ("istiod is gone", (drop("deployments"), fails("/debug/syncz", GONE)), ["ISTIOD_DOWN"]),
    ("a proxy is cut off", (synced("web-0"),), ["PROXY_DISCONNECTED"]),
    ("an Envoy refuses", (*REFUSES, add("envoyfilters", FILTER)), ["CONFIG_REJECTED"]),
    ("a proxy is stale", (synced("web-0", route_acked="2026-11-25T06:00:00Z/1old"),), ["PROXY_STALE"]),
    ("a stale proxy that refuses", (*REFUSES, synced("catalog-0", listener_acked="2026-11-25T06:00:00Z/1")),
     ["CONFIG_REJECTED"]),
    ("a proxy is ahead", (synced("web-0", istio_version="1.32.0"),), ["DATA_PLANE_AHEAD"]),
    ("a proxy is old", (synced("web-0", istio_version="1.29.4"),), ["DATA_PLANE_OLD"]),
    ("another root", (told("web-0:15000/certs", strange_root),), ["ROOT_DIFFERS"]),
    ("plain text is refused", (strict(), refused("catalog-0", "0.5")), ["PLAINTEXT_REFUSED"]),
    ("mTLS switched off", (strict(), put("destinationrules", "spec.trafficPolicy", PLAIN, name="catalog")),
     ["MTLS_CONFLICT"]),
    ("a host that is not there", (routes(90, 10, host="reviewz.shop.svc.cluster.local", subset=""),),
     ["HOST_UNKNOWN"]),
    ("a subset that is not defined", (routes(90, 10, subset="v3"),), ["SUBSET_UNDEFINED"]),
    ("a subset without pods", (V2,), ["SUBSET_WITHOUT_PODS"]),
    ("weights of 80", (routes(70, 10),), ["WEIGHTS"]),
    ("two rules for a host", (double("virtualservices", "catalog", "again"),),
     ["VIRTUAL_SERVICES_CONFLICT"]),
    ("two policies for a host", (double("destinationrules", "catalog", "again"),),
     ["DESTINATION_RULES_CONFLICT"]),
    ("a gateway that is not there", (add("virtualservices", {"metadata": {"name": "x", "namespace": "shop"},
                                                             "spec": STRANGER}),), ["GATEWAY_UNKNOWN"]),
    ("a gateway without pods", (put("gateways", "spec.selector", {"istio": "egressgateway"}),),
     ["GATEWAY_WITHOUT_PODS"]),
    ("a port of no protocol", (put("services", "spec.ports", UNNAMED, name="web"),), ["PORT_NAMING"]),
    ("a version is slow", (measured("histogram_quantile(0.9, sum by (source", "v2", "900"),), ["EDGE_SLOW"]),
    ("an endpoint is ejected", (counter("web-0", OUTLIER, 1),), ["OUTLIER_EJECTED"]),
]  # fmt: skip
"""What is broken, how, and all that is said."""

ISTIOCTL = {"cluster_id": "Kubernetes", "proxy": "test-1.default", "istio_version": "65536.65536.65536"}
"""How istiod lists a session of `istioctl proxy-status`, which was sent nothing."""

SILENT: list[tuple[str, tuple[Edit, ...]]] = [
    ("as it was recorded", ()),
    ("a pod that is just going", (synced("web-0"), put("pods", DELETED, GOING, name="web-0"))),
    ("counted once, refused no more", (counter("catalog-0", "listener_manager.lds.update_rejected", 3),
                                       says("catalog-0:15000/config_dump", b'{"configs": []}'))),
    ("somebody runs istioctl", (told("/debug/syncz", lambda body: [*body, ISTIOCTL]),)),
    ("one minor version behind", (synced("web-0", istio_version="1.30.3"),)),
    ("a build without a version", (synced("web-0", istio_version="latest"),)),
    ("strict with no plain client", (strict(),)),
    ("plain text where it is allowed", (strict(mode="PERMISSIVE"), refused("catalog-0", "0.5"))),
    ("plain text at one that is exempt", (strict(), strict("catalog", mode="PERMISSIVE", app="catalog"),
                                          refused("catalog-0", "0.5"))),
    ("strict elsewhere", (strict(namespace="legacy"), refused("catalog-0", "0.5"))),
    ("mTLS of the mesh, said aloud", (strict(), put("destinationrules", "spec.trafficPolicy",
                                                    {"tls": {"mode": "ISTIO_MUTUAL"}}, name="catalog"))),
    ("mTLS switched off where plain text is taken", (
        put("destinationrules", "spec.trafficPolicy", PLAIN, name="catalog"),)),
    ("a short name", (routes(90, 10, host="reviews"),)),
    ("a host of a ServiceEntry", (routes(90, 10, host="api.example.test", subset=""), add("serviceentries", {
        "metadata": {"name": "e", "namespace": "shop"}, "spec": {"hosts": ["*.example.test"]}}))),
    ("all to one", (routes(100, 0),)),
    ("two rules that never meet", (double("virtualservices", "catalog", "again", **OTHER),
                                   put("virtualservices", "spec.exportTo", ["."], name="catalog"))),
    ("two policies that never meet", (double("destinationrules", "catalog", "again", **OTHER),
                                      put("destinationrules", "spec.exportTo", ["."], name="catalog"))),
    ("two rules of a gateway", (double("virtualservices", "shop", "again"),)),
    ("a port with a protocol", (put("services", "spec.ports", [HTTP], name="web"),)),
    ("a port of gRPC for browsers", (put("services", "spec.ports", [GRPC_WEB], name="web"),)),
    ("a port outside of the mesh", (put("services", "spec.ports", UNNAMED, name="kubernetes"),)),
    ("all versions are slow", (measured("histogram_quantile(0.9, sum by (source", "v2", "900"),
                               measured("histogram_quantile(0.9, sum by (source", "v1", "800"))),
    ("slow of hardly any request", (measured("histogram_quantile(0.9, sum by (source", "v2", "900"),
                                    measured("response_code) (rate", "v2", "0.01"))),
]  # fmt: skip


def facts(*edits: Edit, state: str = "healthy", **options: Any) -> Facts:
    return read(altered.cluster("istio", *edits, state=state, **options))


def codes(found: list[Finding]) -> list[str]:
    return [each.code.removeprefix("istio/") for each in found]


@pytest.mark.parametrize(("edits", "expected"), [pytest.param(e, c, id=name) for name, e, c in SPEAKS])
def test_a_check_speaks(edits: tuple[Edit, ...], expected: list[str]) -> None:
    found = check(facts(*edits))
    assert codes(found) == expected
    for each in found:
        assert each.cause
        assert each.remedy
        assert each.remedy.text
        assert each.evidence
        assert all(one.command for one in each.evidence[:1])
        assert each.source.startswith("https://istio.io/")


@pytest.mark.parametrize("edits", [pytest.param(e, id=name) for name, e in SILENT])
def test_a_check_is_silent(edits: tuple[Edit, ...]) -> None:
    assert codes(check(facts(*edits))) == []


def test_every_check_is_in_the_tables() -> None:
    seen = [facts(*edits) for _, edits, _ in SPEAKS] + [
        facts(state="default"),
        facts(later=timedelta(days=1)),
    ]
    speaking = {judge.__name__ for judge in REGISTRY if any(judge(each) for each in seen)}
    assert {judge.__name__ for judge in REGISTRY} == speaking


def test_a_canary_that_fails_is_told_with_what_takes_its_share_away() -> None:
    (found,) = check(facts(state="default"))
    assert (found.code, found.severity) == ("istio/EDGE_FAILING", Severity.ERROR)
    assert found.remedy is not None
    assert found.remedy.runbook == "istio/shift-traffic"
    assert found.remedy.parameters == {"namespace": "shop", "service": "reviews", "subset": "v2", "weight": 0}
    assert "Only version v2 fails" in found.cause


@pytest.mark.parametrize(
    ("hours", "expected", "severity"),
    [(12, [], None), (20, ["CERTIFICATE_NOT_RENEWED"] * 5, Severity.WARNING),
     (30, ["CERTIFICATE_EXPIRED"] * 5, Severity.CRITICAL)],
)  # fmt: skip
def test_certificates_age(hours: int, expected: list[str], severity: Severity | None) -> None:
    found = check(facts(later=timedelta(hours=hours)))
    assert codes(found) == expected
    assert {each.severity for each in found} == ({severity} if severity else set())


def test_why_istiod_is_down() -> None:
    zero = (put("deployments", "status.readyReplicas", 0), put("deployments", "spec.replicas", 0))
    (found,) = check(facts(*zero, fails("/debug/syncz", GONE)))
    assert "It was scaled to 0" in found.cause
    assert found.remedy is not None
    assert "scale deployment istiod --replicas=1" in found.remedy.text
    (hangs,) = check(facts(fails("/debug/syncz", GONE)))
    assert "the process does not answer" in hangs.cause


def test_the_share_that_is_lost_is_told() -> None:
    (found,) = check(facts(V2))
    assert "10% of the requests are sent to it" in found.summary
    assert "Its pods are there and not ready: reviews-v2-0" in found.cause
    (none,) = check(facts(V2, routes(100, 0)))
    assert none.severity is Severity.WARNING


def test_the_filter_that_patches_exactly_the_refusing_proxies_is_suspected() -> None:
    (found,) = check(facts(*REFUSES, add("envoyfilters", FILTER)))
    assert found.cause.startswith("EnvoyFilter shop/rate-limit patches exactly these proxies")
    elsewhere = FILTER | {"spec": {"workloadSelector": {"labels": {"app": "web"}}}}
    (other,) = check(facts(*REFUSES, add("envoyfilters", elsewhere)))
    assert "No EnvoyFilter selects these proxies" in other.cause


def test_a_failing_edge_is_the_symptom_of_a_subset_without_pods() -> None:
    (found,) = check(facts(V2, state="default"))
    assert found.code == "istio/SUBSET_WITHOUT_PODS"
    assert any(each.text.startswith("follows from it: web → reviews.shop v2") for each in found.evidence)


@pytest.mark.parametrize(
    "words",
    [*(kind.plural for kind in LISTED), "namespaces", "pods", "deployments", "response_code) (rate("],
)
def test_what_may_not_be_read_is_said_and_never_judged(words: str) -> None:
    found = facts(fails(words, Forbidden(f"{words} is forbidden.", hint="give the right")))
    assert len(list(unread(found))) == 1
    assert codes(check(found)) == []


@pytest.mark.parametrize("error", [Unauthorized("It answered 401."), Forbidden("It answered 403."),
                                   NotInstalled("It does not know it.")])  # fmt: skip
def test_istiod_that_will_not_answer_us_is_not_down(error: Exception) -> None:
    found = facts(fails("/debug/syncz", error))  # type: ignore[arg-type]
    assert [name for name, _ in unread(found)] == ["sync"]
    assert codes(check(found)) == []


def test_envoys_that_do_not_answer_are_left_out() -> None:
    found = facts(fails(":15000", GONE))
    assert codes(check(found)) == []


def test_a_cluster_without_istio_is_no_patient() -> None:
    gone = NotInstalled("The server does not know it.")
    groups = ("virtualservices", "destinationrules", "gateways", "serviceentries", "peerauthentications")
    bare = facts(
        *(fails(each, gone) for each in (*groups, "envoyfilters", "/debug/syncz")), drop("deployments")
    )
    assert SYSTEM.absent(bare) == "not installed"
