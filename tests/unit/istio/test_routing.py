"""Where requests go, by the whole configuration that real Envoys had, as it was and with one thing broken."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.core.errors import NotFound
from opskit.systems.istio import reading
from opskit.systems.istio.asking import where_goes
from opskit.systems.istio.facts import read
from opskit.systems.istio.routing import Request, Way, route_of
from tests.unit import altered

Json = dict[str, Any]
REVIEWS = "reviews.shop.svc.cluster.local"
V2 = f"outbound|8080|v2|{REVIEWS}"

with altered.cluster("istio", state="healthy") as _mesh:
    DUMP, CLUSTERS = (
        json.dumps(ask(_mesh, "web-0", "shop")) for ask in (reading.config_dump, reading.clusters)
    )
    GATEWAY = reading.config_dump(_mesh, "ingressgateway-0", "istio-ingress")
    BEHIND = reading.clusters(_mesh, "ingressgateway-0", "istio-ingress")


def way(host: str, port: int = 8080, *, alter: Any = None, **request: Any) -> Way:
    dump, clusters = json.loads(DUMP), json.loads(CLUSTERS)
    if alter:
        alter(dump, clusters)
    return route_of(Request(host=host, port=port, **request), dump, clusters)


def stages(found: Way) -> list[str]:
    return [each.stage for each in found.hops]


def test_the_canary_is_followed_to_both_versions() -> None:
    found = way(REVIEWS)
    assert stages(found) == ["listener", "route", *["cluster", "endpoint", "certificate"] * 2]
    ends = [(each.share, each.detail) for each in found.hops if each.stage == "endpoint"]
    assert ends == [(0.9, "healthy"), (0.1, "healthy")]
    assert "spiffe://cluster.local/ns/shop/sa/" in found.hops[-1].detail
    assert not found.broken
    assert "90% to" in found.sentence


@pytest.mark.parametrize("name", ["reviews", "reviews.shop", "reviews.shop.svc", REVIEWS])
def test_every_name_of_a_service_leads_there(name: str) -> None:
    assert [each.name for each in way(name).hops] == [each.name for each in way(REVIEWS).hops]


def test_a_gateway_answers_its_host_only() -> None:
    found = route_of(Request(host="shop.example.test", port=8080), GATEWAY, BEHIND)
    assert stages(found) == ["listener", "route", "cluster", "endpoint", "certificate"]
    other = route_of(Request(host="other.example.test", port=8080), GATEWAY, BEHIND)
    assert [each.detail for each in other.broken] == [
        "no virtual host of http.8080 has the domain other.example.test: 404"
    ]


def no_cluster(dump: Json, clusters: Json) -> None:
    for section in dump["configs"]:
        kept = [each for each in section.get("dynamic_active_clusters", []) if each["cluster"]["name"] != V2]
        if kept:
            section["dynamic_active_clusters"] = kept


def endpoints(**health: Any) -> Any:
    def alter(dump: Json, clusters: Json) -> None:
        for each in clusters["cluster_statuses"]:
            if each["name"] == V2:
                each["host_statuses"] = [one | {"health_status": health} for one in each["host_statuses"]]
                if not health:
                    each["host_statuses"] = []

    return alter


@pytest.mark.parametrize(
    ("alter", "stage", "said"),
    [
        (no_cluster, "cluster", "503 NC"),
        (endpoints(), "endpoint", "no endpoint at all: 503 UH"),
        (endpoints(failed_outlier_check=True), "endpoint", "no healthy endpoint: 503 UH"),
        (endpoints(eds_health_status="UNHEALTHY"), "endpoint", "no healthy endpoint: 503 UH"),
        (endpoints(failed_active_health_check=True), "endpoint", "no healthy endpoint: 503 UH"),
    ],
)
def test_where_requests_end_is_told_with_their_share(alter: Any, stage: str, said: str) -> None:
    (end,) = way(REVIEWS, alter=alter).broken
    assert (end.stage, end.share) == (stage, 0.1)
    assert said in end.detail
    assert "10% end at the" in way(REVIEWS, alter=alter).sentence


@pytest.mark.parametrize("port", [443, 4711, 15001])
def test_a_host_outside_of_the_mesh_is_passed_on(port: int) -> None:
    """Not to a service that happens to have the port, and not to what only stops loops on 15001."""
    found = way("example.org", port)
    assert [each.name for each in found.broken] == (["BlackHoleCluster"] if port == 15001 else [])
    assert ("PassthroughCluster" in [each.name for each in found.hops]) is (port != 15001)


def test_of_two_services_with_one_port_the_one_that_is_named_is_meant() -> None:
    hosts = ("istiod.istio-system.svc.cluster.local", "kubernetes.default.svc.cluster.local")
    ends = [next(each.name for each in way(host, 443).hops if each.stage == "cluster") for host in hosts]
    assert ends == [f"outbound|443||{host}" for host in hosts]


@given(st.text(min_size=1, max_size=20), st.integers(1, 65535), st.text(max_size=10))
def test_no_request_breaks_it_and_none_is_lost(host: str, port: int, path: str) -> None:
    dump, clusters = json.loads(DUMP), json.loads(CLUSTERS)
    found = route_of(Request(host=host, port=port, path=f"/{path}"), dump, clusters)
    ends = [each.share for each in found.hops if (each.stage == "endpoint" and each.ok) or not each.ok]
    assert found.hops
    assert not ends or abs(sum(ends) - 1) < 1e-9


ODD = st.recursive(
    st.none() | st.text(max_size=5) | st.integers(),
    lambda each: st.dictionaries(st.sampled_from(("name", "address", "active_state")), each, max_size=3),
)


@given(
    st.lists(st.dictionaries(st.sampled_from(("@type", "version_info")), st.text(max_size=9)), max_size=3),
    ODD,
)
def test_a_dump_of_parts_that_are_unknown_leads_nowhere(configs: list[Json], odd: Any) -> None:
    """Another version's sections are passed over."""
    assert route_of(Request(host="x"), {"configs": configs, "more": odd}, {}).broken


def test_a_client_without_an_envoy_is_named_with_those_that_have_one() -> None:
    with altered.cluster("istio", state="healthy") as cluster:
        with pytest.raises(NotFound, match="No pod 'legacy/batch-0' has an Envoy"):
            where_goes(cluster, read(cluster), host=REVIEWS, port=8080, client="legacy/batch-0")
        found = where_goes(cluster, read(cluster), host=REVIEWS, port=8080, client="shop/web-0")
        assert found == way(REVIEWS)
