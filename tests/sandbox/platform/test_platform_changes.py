"""Changes to their end, headless and approved; etcdctl and kubectl tell whether they came about."""

import json
from typing import Any

from platform_lab import ETCDCTL, Lab, members, route

from opskit.core.errors import ToolFailed
from opskit.sandbox.pins import program
from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.waiting import wait_until

ORDERS = {"namespace": "shop", "name": "orders"}
OLD = {"resource": "etcdclusters.etcd.database.coreos.com", "namespace": "legacy", "name": "example"}


def test_etcd_grows_to_five_and_back_one_member_at_a_time(lab: Lab) -> None:
    run, code = lab.change("operators/resize-quorum", **ORDERS, size=5)
    assert code == 0
    assert json.loads((run / "verdict.json").read_text())["good"]
    listed = members(lab.sandbox, "shop", "orders-0")
    assert sorted(each["name"] for each in listed) == [f"orders-{number}" for number in range(5)]
    assert not any(each.get("isLearner") for each in listed)
    assert lab.opskit("undo", str(run)).returncode == 0
    assert len(members(lab.sandbox, "shop", "orders-0")) == 3


def test_the_old_group_grows_too(lab: Lab) -> None:
    run, code = lab.change("operators/resize-quorum", **OLD, size=5)
    assert code == 0
    assert len(members(lab.sandbox, "legacy", "example-0")) == 5
    assert lab.opskit("undo", str(run)).returncode == 0
    assert len(members(lab.sandbox, "legacy", "example-0")) == 3


def test_etcd_is_upgraded_one_member_at_a_time_with_its_data(lab: Lab) -> None:
    before, after = program("etcd-previous").version, program("etcd").version
    lab.sandbox.kubectl("apply", "-f", "-", text=json.dumps(aged(before)))
    try:
        wait_until(lambda: versions(lab.sandbox) == [before] * 3, what="the old etcd", deadline=120.0)
        lab.sandbox.kubectl("-n", "shop", "exec", "aged-0", "--", *ETCDCTL, "put", "kept", "as it was")
        run, code = lab.change("operators/upgrade-quorum", namespace="shop", name="aged", version=after)
        assert code == 0
        assert json.loads((run / "verdict.json").read_text())["good"]
        assert versions(lab.sandbox) == [after] * 3
        kept = lab.sandbox.kubectl("-n", "shop", "exec", "aged-2", "--", *ETCDCTL, "get", "kept")
        assert kept.splitlines() == ["kept", "as it was"]
    finally:
        lab.sandbox.kubectl("-n", "shop", "delete", "etcdclusters.operator.etcd.io", "aged")


def aged(version: str) -> dict[str, Any]:
    """An etcd of three members."""
    return {
        "apiVersion": "operator.etcd.io/v1alpha1",
        "kind": "EtcdCluster",
        "metadata": {"name": "aged", "namespace": "shop"},
        "spec": {"size": 3, "version": version},
    }


def versions(sandbox: Sandbox) -> list[str]:
    """What each member of it says that it runs; empty while it is not whole."""
    try:
        said = sandbox.kubectl(
            *("-n", "shop", "exec", "aged-0", "--", *ETCDCTL, "endpoint", "status", "--cluster", "-w", "json")
        )
    except ToolFailed:
        return []
    return [each["Status"]["version"] for each in json.loads(said)]


def test_nothing_is_resized_while_a_member_is_dead(lab: Lab) -> None:
    lab.sandbox.inject("etcd-member-killed")
    _, code = lab.change("operators/resize-quorum", **ORDERS, size=5)
    assert code == 5
    assert len(members(lab.sandbox, "shop", "orders-0")) == 3


def test_an_even_size_is_refused(lab: Lab) -> None:
    assert lab.change("operators/resize-quorum", **ORDERS, size=4)[1] == 5


def test_a_route_is_shifted_in_steps_and_taken_back(lab: Lab) -> None:
    before = route(lab.sandbox)
    given = {"namespace": "storefront", "route": "web", "canary": "web-canary"}
    run, code = lab.change("openshift/route-canary", **given, percents="10,50")
    assert code == 0
    after = route(lab.sandbox)
    assert (after["to"]["weight"], after["alternateBackends"][0]["weight"]) == (50, 50)
    assert lab.opskit("undo", str(run)).returncode == 0
    assert route(lab.sandbox) == before
