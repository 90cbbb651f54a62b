"""Traffic of a real mesh is shifted by click; the witness is what Envoy was given."""

import msgspec
import pytest

from opskit.sandbox.control_plane import api
from opskit.sandbox.mesh import network, rules
from opskit.sandbox.mesh.workloads import SHOP, WEB
from opskit.sandbox.running import run
from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.waiting import wait_until
from tests.browser.changing import change
from tests.browser.jupyter import Watched

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(1800)]

PROFILE = "mesh"
"""Of the sandbox that is changed."""


def share_in_envoy(sandbox: Sandbox, subset: str) -> int:
    """The weight of a subset of reviews in the routes that web's Envoy has."""
    url = "http://127.0.0.1:15000/config_dump?resource=dynamic_route_configs"
    said = run([*network.inside(sandbox.site, WEB), "curl", "-s", url], deadline=20.0)
    names = msgspec.json.encode(msgspec.json.decode(said)).decode().split(f"outbound|8080|{subset}|reviews.")
    return int(names[1].partition('"weight":')[2].partition(",")[0].rstrip("}]")) if len(names) > 1 else 0


def test_traffic_is_shifted_by_click(live_page: Watched, sandbox: Sandbox) -> None:
    wait_until(lambda: not sandbox.ailments(), what="the mesh is well", deadline=120.0, every=1.0)
    assert share_in_envoy(sandbox, "v2") == 10
    asked = {"namespace": SHOP, "service": "reviews", "subset": "v2", "weight": 20, "watch": "15s"}
    try:
        change(live_page, "istio/shift-traffic", cluster=sandbox.context, **asked)
        assert share_in_envoy(sandbox, "v2") == 20
    finally:
        api(sandbox.site).apply(rules.path("virtualservices", "reviews"), rules.reviews(90, 10))
