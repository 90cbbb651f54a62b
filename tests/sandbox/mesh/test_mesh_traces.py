"""Traces for real: the shop's Envoys, a real Jaeger, and a version that is slow."""

import json

import pytest
import urllib3

from opskit.core.cluster import Cluster
from opskit.core.errors import NotFound
from opskit.plots.style import rows
from opskit.sandbox import Sandbox
from opskit.sandbox.waiting import wait_until
from opskit.systems.istio import asking, facts, views
from opskit.systems.istio.traces import Traced

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]


def asked(mesh: Sandbox, **question: str) -> Traced:
    with Cluster.open(mesh.context) as cluster:
        return asking.where_time_goes(cluster, facts.read(cluster), **question)


def witness(mesh: Sandbox, trace_id: str) -> list[tuple[str, int]]:
    """Sender and microseconds of each span, as Jaeger itself shows the trace."""
    url = f"http://127.0.0.1:{mesh.site.port('jaeger')}/api/traces/{trace_id}"
    told = urllib3.request("GET", url, timeout=5.0, retries=False)
    (found,) = json.loads(told.data)["data"]
    processes = found["processes"]
    return sorted((processes[each["processID"]]["serviceName"], each["duration"]) for each in found["spans"])


def test_a_slow_version_is_where_the_time_goes(mesh: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(mesh.kubeconfig))
    wait_until(lambda: asked(mesh).traces, what="requests are traced", deadline=60.0, every=1.0)
    assert asked(mesh).traces[0].ms < 1000
    mesh.inject("slow-version", seconds=1.5)
    try:
        wait_until(
            lambda: asked(mesh).sentence.count("in reviews.shop v2"),
            what="a traced request went to the slow version",
            deadline=120.0,
            every=1.0,
        )
        seen = asked(mesh)
    finally:
        mesh.heal()
    slowest = seen.traces[0]
    most = {each["place"]: each["most_ms"] for each in rows(views.where_time_goes(seen))}
    assert most["reviews.shop v2"] >= 1500
    assert most["reviews.shop v1"] < 1000
    assert slowest.root.service == "istio-ingressgateway.istio-ingress", (
        "spans are joined from the gateway on"
    )
    assert {each.service for each in slowest.spans} >= {"web.shop", "catalog.shop", "reviews.shop"}
    assert witness(mesh, slowest.trace_id) == sorted(
        (each.service, each.duration_us) for each in slowest.spans
    )


def test_one_service_is_asked_about_by_any_name(mesh: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(mesh.kubeconfig))
    wait_until(lambda: asked(mesh).traces, what="requests are traced", deadline=60.0, every=1.0)
    seen = asked(mesh, host="catalog.shop.svc.cluster.local")
    assert seen.traces
    assert all(any(one.service == "catalog.shop" for one in each.spans) for each in seen.traces)
    with pytest.raises(NotFound, match=r"'nobody.shop'"):
        asked(mesh, host="nobody.shop")
