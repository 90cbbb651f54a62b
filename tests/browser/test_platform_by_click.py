"""A quorum grows and a route is shifted by click; the witnesses are etcdctl and kubectl."""

import pytest

from opskit.sandbox.sandbox import Sandbox
from tests.browser.changing import change
from tests.browser.jupyter import Watched
from tests.sandbox.platform.platform_lab import members, route

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(1800)]

PROFILE = "platform"
"""Of the sandbox that is changed."""


def test_etcd_grows_by_click(live_page: Watched, sandbox: Sandbox) -> None:
    asked = {"namespace": "shop", "name": "orders", "size": 5}
    change(live_page, "operators/resize-quorum", cluster=sandbox.context, **asked)
    listed = members(sandbox, "shop", "orders-0")
    assert sorted(each["name"] for each in listed) == [f"orders-{number}" for number in range(5)]
    assert not any(each.get("isLearner") for each in listed)


def test_a_route_is_shifted_by_click(live_page: Watched, sandbox: Sandbox) -> None:
    asked = {"namespace": "storefront", "route": "web", "canary": "web-canary", "percents": [10, 50]}
    change(live_page, "openshift/route-canary", cluster=sandbox.context, **asked)
    after = route(sandbox)
    assert (after["to"]["weight"], after["alternateBackends"][0]["weight"]) == (50, 50)
