"""A namespace is closed by click, its flows allowed first; the witness is kubectl."""

import json

import pytest

from opskit.sandbox.sandbox import Sandbox
from tests.browser.changing import change
from tests.browser.jupyter import Watched

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(1800)]

PROFILE = "network"
"""Of the sandbox that is changed."""


def test_a_namespace_is_closed_by_click(live_page: Watched, sandbox: Sandbox) -> None:
    flows = ["app=web->app=api:TCP/8080", "clients/app=browser->app=web:TCP/8080"]
    asked = {"namespace": "shop", "allow": flows}
    change(live_page, "calico/default-deny", typed="shop", cluster=sandbox.context, **asked)
    held = json.loads(sandbox.kubectl("-n", "shop", "get", "networkpolicies", "-o", "json"))["items"]
    specs = {each["metadata"]["name"]: each["spec"] for each in held}
    assert specs["opskit-default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert {"opskit-allow-web", "opskit-allow-api"} <= specs.keys()
