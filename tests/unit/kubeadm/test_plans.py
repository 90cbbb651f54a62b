from typing import Any

import pytest

from opskit.core.errors import Refused, UnknownName
from opskit.core.plan import Draft, Evict, Patch
from opskit.systems.kubeadm import kinds
from opskit.systems.kubeadm.plans import drain_node, return_node
from tests.unit.kubeadm import scenes
from tests.unit.kubeadm.scenes import UNREAD, budget, convert, facts, node, pod, static_pod

EMPTY_DIR = [{"name": "scratch", "emptyDir": {}}]
CLAIM = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
LOCAL = convert(
    kinds.PersistentVolume,
    {
        "metadata": {"name": "pv-1"},
        "spec": {"local": {"path": "/d"}, "claimRef": {"namespace": "shop", "name": "data"}},
    },
)


def drain(pods: Any, *, host: str = "w1", volumes: Any = (), known: Any = None, **allowed: bool) -> Draft:
    may = {"bare_pods": False, "empty_dirs": False, "local_volumes": False, **allowed}
    return drain_node(
        known or facts(), node=host, pods=pods, volumes=volumes if volumes is UNREAD else list(volumes), **may
    )


def test_a_node_is_cordoned_before_its_pods_are_evicted_in_order() -> None:
    plan = drain([pod("b", "w1"), pod("a", "w1"), pod("elsewhere", "cp1")])
    assert [step.id for step in plan.steps] == ["cordon-w1", "evict-shop-a", "evict-shop-b"]
    assert isinstance(plan.steps[0].action, Patch)
    assert all(isinstance(step.action, Evict) and step.target.uid for step in plan.steps[1:])
    assert [each.name for each in plan.goal] == ["kubeadm/node-cordoned", "kubeadm/node-drained"]


def test_what_belongs_on_the_node_stays() -> None:
    over = convert(
        kinds.Pod,
        {
            "metadata": {"name": "job", "namespace": "shop"},
            "spec": {"nodeName": "w1"},
            "status": {"phase": "Succeeded"},
        },
    )
    plan = drain([pod("agent", "w1", owner="DaemonSet"), static_pod("etcd", "w1"), over, pod("web", "w1")])
    assert [step.target.name for step in plan.steps[1:]] == ["web"]


@pytest.mark.parametrize(
    ("pods", "options", "said"),
    [
        ([pod("bare", "w1", owner="")], {}, "nothing makes these pods anew: shop/bare"),
        ([pod("cache", "w1", volumes=EMPTY_DIR)], {}, "emptyDir: shop/cache"),
        ([pod("db", "w1", volumes=CLAIM)], {"volumes": [LOCAL]}, "uses the volume pv-1"),
        (UNREAD, {}, "pods could not be read"),
        ([], {"volumes": UNREAD}, "volumes could not be read"),
    ],
)
def test_what_would_be_lost_is_named(pods: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        drain(pods, **options)


@pytest.mark.parametrize(
    ("pods", "options"),
    [
        ([pod("bare", "w1", owner="")], {"bare_pods": True}),
        ([pod("cache", "w1", volumes=EMPTY_DIR)], {"empty_dirs": True}),
        ([pod("db", "w1", volumes=CLAIM)], {"local_volumes": True, "volumes": [LOCAL]}),
    ],
)
def test_what_is_allowed_is_done(pods: Any, options: dict[str, Any]) -> None:
    assert len(drain(pods, **options).steps) == 2


def test_a_bare_pod_is_confirmed_by_name() -> None:
    assert drain([pod("bare", "w1", owner="")], bare_pods=True).steps[1].confirm == "bare"


def test_the_budget_that_blocks_is_named_with_its_figures() -> None:
    tight = budget("web", labels={"app": "web"}, allowed=0, healthy=2, wanted=2, expected=2)
    with pytest.raises(
        Refused, match="budget shop/web lets shop/web-1 not go: it wants 2 healthy of 2, and 2 are"
    ):
        drain([pod("web-1", "w1", labels={"app": "web"})], known=facts(budgets=[tight]))
    assert len(drain([pod("api-1", "w1", labels={"app": "api"})], known=facts(budgets=[tight])).steps) == 2


def test_two_budgets_for_one_pod_can_not_be_evicted() -> None:
    two = [
        budget(name, labels={"app": "web"}, allowed=1, healthy=2, wanted=1, expected=2) for name in ("a", "b")
    ]
    with pytest.raises(Refused, match="2 budgets"):
        drain([pod("web-1", "w1", labels={"app": "web"})], known=facts(budgets=two))


def test_never_two_control_planes_at_once() -> None:
    nodes = [node("cp1", plane=True), node("cp2", plane=True, unschedulable=True), node("w1")]
    with pytest.raises(Refused, match="cp2 is cordoned: never take two"):
        drain([], host="cp1", known=facts(nodes=nodes))
    assert drain([], host="w1", known=facts(nodes=nodes)).steps


def test_a_drained_node_has_nothing_to_do() -> None:
    known = facts(nodes=[node("w1", unschedulable=True)])
    assert drain([pod("agent", "w1", owner="DaemonSet")], known=known).nothing_to_do


def test_an_unknown_node_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean w1"):
        drain([], host="w2")


def test_a_node_is_returned_only_when_it_is_ready() -> None:
    back = return_node(facts(nodes=[node("w1", unschedulable=True)]), node="w1")
    assert [step.id for step in back.steps] == ["uncordon-w1"]
    assert return_node(facts(), node="w1").nothing_to_do
    with pytest.raises(Refused, match="not Ready"):
        return_node(facts(nodes=[node("w1", unschedulable=True, ready="Unknown")]), node="w1")


def test_scenes_are_healthy() -> None:
    assert scenes.facts().control_planes
