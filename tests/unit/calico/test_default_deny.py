"""A default deny step by step over a real network: what is refused, and what is open at every moment."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opskit.core.errors import BadValue, Forbidden, Refused
from opskit.core.plan import Apply, Delete, Draft, Step
from opskit.systems.calico import flows
from opskit.systems.calico.facts import Facts, read
from opskit.systems.calico.plans import default_deny, policies
from opskit.systems.calico.reach import Objects, Reach, locked_out
from opskit.systems.calico.sampling import pairs
from tests.unit import altered
from tests.unit.altered import Edit, Json, add, double, drop, fails, put

FLOWS = (
    "app=web->app=api:TCP/8080",
    "app=api->app=db:TCP/5432",
    "clients/app=browser->app=web:TCP/8080",
    "app=api->payments/app=ledger:TCP/8443",
    "app=api->10.1.0.0/16:TCP/443",
)
LABELS = {"app.kubernetes.io/managed-by": "opskit"}
BROWSER, DATABASE = "clients/browser-5b4484745d-x9lh4", "shop/db-9b459bcd5-bkj4j"
POLICIES = "networkpolicies.networking.k8s.io"


def facts(*edits: Edit) -> Facts:
    return read(altered.cluster("calico", *edits, state="healthy"))


REAL = facts()


def policy(name: str, *, labels: Json | None = None, **spec: Any) -> Edit:
    metadata = {"name": name, "namespace": "shop", "labels": labels or {}}
    return add(POLICIES, {"metadata": metadata, "spec": {"podSelector": {}, **spec}})


def ids(draft: Draft) -> list[str]:
    return [each.id for each in draft.steps]


def moments(start: Facts, draft: Draft) -> list[Reach]:
    """The network after each step, as the API server would hold it."""
    objects, found = start.objects, []
    for step in draft.steps:
        if not step.skip:
            objects = _after(objects, step)
        found.append(Reach.of(objects))
    return found


def _after(objects: Objects, step: Step) -> Objects:
    if isinstance(step.action, Apply):
        return objects.with_changed(policies.decoded(step.action.manifest))
    assert isinstance(step.action, Delete)
    name, space = step.target.name, step.target.namespace
    return objects.without(*(p for p in objects.network_policies if (p.name, p.namespace) == (name, space)))


def is_open(reach: Reach, text: str) -> bool:
    flow = flows.parse(text, namespace="shop")
    asked = pairs(reach.objects, flow)
    return bool(asked) and all(reach.allowed(a, b, flow.protocol, flow.port).allowed for a, b in asked)


def dns_is_open(reach: Reach) -> bool:
    return not any(each.namespace == "shop" for each in locked_out(reach))


@given(
    allowed=st.lists(st.sampled_from(FLOWS), unique=True),
    directions=st.sampled_from(("both", "ingress", "egress")),
    keep=st.booleans(),
)
@settings(max_examples=12, deadline=None)
def test_nothing_that_is_wanted_is_cut_at_any_moment(allowed: list[str], directions: str, keep: bool) -> None:
    draft = default_deny(REAL, namespace="shop", allow=allowed, directions=directions, keep_services=keep)
    after = moments(REAL, draft)
    for reach in after:
        assert dns_is_open(reach)
        assert all(is_open(reach, each) for each in allowed)
    for pod in (each for each in REAL.objects.pods if each.namespace == "shop"):
        for way in ("ingress", "egress"):
            assert after[-1].isolated(f"shop/{pod.name}", way) is (directions in ("both", way))
    closed = after[-1].allowed(BROWSER, DATABASE, "TCP", 5432)
    assert closed.allowed is (directions == "egress")


@given(st.lists(st.sampled_from(FLOWS), unique=True))
@settings(max_examples=10, deadline=None)
def test_taken_back_it_is_as_before(allowed: list[str]) -> None:
    draft = default_deny(REAL, namespace="shop", allow=allowed)
    objects = moments(REAL, draft)[-1].objects
    for step in reversed(draft.steps):
        assert step.undo is not None
        undo = Step(id="u", title="", action=step.undo.action, target=step.target, reason="")
        objects = _after(objects, undo)
    assert Reach.difference(REAL.reach, Reach.of(objects)).changes == ()


def test_the_bridge_comes_first_and_goes_last() -> None:
    draft = default_deny(REAL, namespace="shop", allow=FLOWS[:2])
    assert ids(draft) == [
        "apply-opskit-bridge",
        "apply-opskit-allow-all-pods",
        "apply-opskit-allow-api",
        "apply-opskit-allow-web",
        "apply-opskit-allow-db",
        "apply-opskit-default-deny",
        "remove-bridge",
    ]
    last = draft.steps[-1]
    assert (last.confirm, last.risk) == ("shop", "high")
    assert {each.before for each in last.expected} == {"allowed"}
    assert {each.arguments["name"] for each in last.precondition} >= {"opskit-default-deny"}


def test_what_is_there_already_is_skipped_and_says_so() -> None:
    """A run that ended between its steps is planned again: only what is left is done."""
    first = default_deny(REAL, namespace="shop", allow=FLOWS[:1])
    made = [step.action.manifest for step in first.steps[:2] if isinstance(step.action, Apply)]
    again = default_deny(facts(add(POLICIES, *made)), namespace="shop", allow=FLOWS[:1])
    assert [step.id for step in again.steps if step.skip] == ids(first)[:2]
    assert "is there already, just so" in again.steps[0].skip
    whole = [step.action.manifest for step in first.steps[1:] if isinstance(step.action, Apply)]
    done = default_deny(facts(add(POLICIES, *whole)), namespace="shop", allow=FLOWS[:1])
    assert (done.steps, done.nothing_to_do) == ((), "shop is closed by default already, with these allows.")


def only(*terms: Json, **labels: str) -> Json:
    return {"matchLabels": labels, "matchExpressions": list(terms)}


def bridges(draft: Draft) -> dict[str, tuple[Json, list[str]]]:
    """Name of a bridge → whom it selects, and in which directions."""
    made = [
        s.action.manifest for s in draft.steps if isinstance(s.action, Apply) and "bridge" in s.target.name
    ]
    return {
        each["metadata"]["name"]: (each["spec"]["podSelector"], each["spec"]["policyTypes"]) for each in made
    }


NOT_DB = {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["db"]}]}
DB, EGRESS_DB = only(app="db"), {"key": "app", "operator": "In", "values": ["db"]}


@pytest.mark.parametrize(
    ("selector", "types", "directions", "made"),
    [
        (DB, ["Ingress"], "ingress", {"opskit-bridge": (NOT_DB, ["Ingress"])}),
        (only(EGRESS_DB), ["Egress"], "egress", {"opskit-bridge": (NOT_DB, ["Egress"])}),
        (
            DB,
            ["Ingress"],
            "both",
            {"opskit-bridge": (NOT_DB, ["Ingress"]), "opskit-bridge-egress": ({}, ["Egress"])},
        ),
        (DB, ["Ingress", "Egress"], "both", {"opskit-bridge": (NOT_DB, ["Ingress", "Egress"])}),
        (only({"key": "app", "operator": "NotIn", "values": ["db"]}), ["Ingress"], "ingress",
         {"opskit-bridge": ({"matchExpressions": [EGRESS_DB]}, ["Ingress"])}),
        ({}, ["Ingress"], "ingress", {}),
        (only({"key": "app", "operator": "Exists"}), ["Ingress"], "ingress", {}),
        (only({"key": "pod-template-hash", "operator": "Exists"}, app="db"), ["Ingress"], "ingress", {}),
    ],
)  # fmt: skip
def test_the_bridge_opens_only_what_is_open(
    selector: Json, types: list[str], directions: str, made: dict[str, Any]
) -> None:
    held = facts(policy("own", policyTypes=types, podSelector=selector, ingress=[{}], egress=[{}]))
    assert bridges(default_deny(held, namespace="shop", directions=directions)) == made


TERMS = st.sampled_from(
    [
        only(app="db"),
        only(app="web"),
        only({"key": "app", "operator": "NotIn", "values": ["web", "db"]}),
        only({"key": "app", "operator": "Exists"}, app="api"),
        {},
    ]
)


@given(
    own=st.lists(
        st.tuples(TERMS, st.sampled_from((["Ingress"], ["Egress"], ["Ingress", "Egress"]))), max_size=3
    ),
    directions=st.sampled_from(("both", "ingress", "egress")),
)
@settings(max_examples=15, deadline=None)
def test_what_is_isolated_is_opened_at_no_moment(own: list[tuple[Json, list[str]]], directions: str) -> None:
    edits = [
        policy(f"own-{at}", podSelector=selector, policyTypes=types)
        for at, (selector, types) in enumerate(own)
    ]
    start = facts(*edits)
    pods = [f"shop/{each.name}" for each in start.objects.pods if each.namespace == "shop"]
    closed = [(pod, way) for pod in pods for way in ("ingress", "egress") if start.reach.isolated(pod, way)]
    blocked = not start.reach.allowed(BROWSER, DATABASE, "TCP", 5432).allowed
    with contextlib.suppress(Refused):
        for reach in moments(start, default_deny(start, namespace="shop", directions=directions)):
            assert all(reach.isolated(pod, way) for pod, way in closed)
            assert not (blocked and reach.allowed(BROWSER, DATABASE, "TCP", 5432).allowed)


def test_two_bridges_go_one_after_the_other_and_come_back() -> None:
    held = facts(policy("own", policyTypes=["Ingress"], podSelector=DB, ingress=[{}]))
    draft = default_deny(held, namespace="shop", allow=FLOWS[:1])
    assert ids(draft)[:2] == ["apply-opskit-bridge", "apply-opskit-bridge-egress"]
    assert ids(draft)[-2:] == ["remove-bridge", "remove-bridge-egress"]
    assert draft.steps[-1].expected
    after = moments(held, draft)
    assert all(is_open(reach, FLOWS[0]) for reach in after)
    left = [step.action.manifest for step in draft.steps[:2] if isinstance(step.action, Apply)]
    again = default_deny(
        facts(policy("own", policyTypes=["Ingress"], podSelector=DB, ingress=[{}]), add(POLICIES, *left)),
        namespace="shop",
        allow=FLOWS[:1],
    )
    assert [step.id for step in again.steps if step.skip] == [
        "apply-opskit-bridge",
        "apply-opskit-bridge-egress",
    ]
    assert ids(again)[-2:] == ["remove-bridge", "remove-bridge-egress"]


DNS = ("coredns-6dbb6959b9-tnmcp", "coredns-6dbb6959b9-tslvj")
REFUSED: list[tuple[str, tuple[Edit, ...], dict[str, Any], str]] = [
    ("its own", (), {"namespace": "kube-system"}, "kube-system is the cluster's own"),
    ("Calico's", (), {"namespace": "calico-system"}, "is the cluster's own"),
    ("OpenShift's", (), {"namespace": "openshift-dns"}, "is the cluster's own"),
    ("unknown", (), {"namespace": "shopp"}, "there is no namespace shopp"),
    ("unknown source", (), {"allow": ["shopp/*->app=web:TCP/80"]}, "there is no namespace shopp"),
    ("nobody", (), {"allow": ["app=wbe->app=api:TCP/80"]}, "no pod is shop/app=wbe"),
    ("unreadable", (fails(POLICIES, Forbidden("forbidden")),), {}, "network_policies could not be read"),
    ("without DNS", (drop("services"), drop("endpointslices"), drop("pods", *DNS)), {}, "no DNS pods"),
    ("not ours", (policy("opskit-default-deny"),), {}, "that opskit did not make"),
    ("one name twice", (double("pods", "db-9b459bcd5-bkj4j", "db-2", metadata__labels={"app": "d-b"}),
                        double("pods", "db-9b459bcd5-bkj4j", "db-3", metadata__labels={"app": "d.b"})),
     {"allow": ["app=web->app=d-b:TCP/80", "app=web->app=d.b:TCP/80"]}, "would share the name"),
    ("denied today", (), {"allow": ["app=db->payments/app=ledger:TCP/8443"]}, "is denied today"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("edits", "given", "said"), [pytest.param(*rest, id=name) for name, *rest in REFUSED]
)
def test_it_is_refused(edits: tuple[Edit, ...], given: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said) as refused:
        default_deny(facts(*edits), **{"namespace": "shop", **given})
    assert refused.value.hint


def test_a_refusal_names_every_reason() -> None:
    with pytest.raises(Refused) as refused:
        default_deny(REAL, namespace="kube-system", allow=["app=wbe->shopp/app=api:TCP/80"])
    assert str(refused.value).count("\n  - ") >= 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("web to api", "is no flow"),
        ("app=web->app=api:TCP/0", "There is no port 0"),
        ("app=web->app=api:TCP/65536", "There is no port 65536"),
        ("app=web->app=api:ICMP/8", "is no protocol of a flow"),
        ("web->app=api:TCP/80", "'web' is no label"),
        ("clients/*->payments/*:TCP/80", "Neither end"),
    ],
)
def test_a_flow_that_can_not_be_understood_says_how_it_is_written(text: str, said: str) -> None:
    with pytest.raises(BadValue, match=said):
        default_deny(REAL, namespace="shop", allow=[text])


@given(st.text(max_size=60))
def test_no_flow_breaks_the_reader(text: str) -> None:
    with contextlib.suppress(BadValue):
        found = flows.parse(text, namespace="shop")
        assert flows.parse(str(found), namespace="shop") == found


def test_dns_that_a_policy_of_the_cluster_denies_is_refused() -> None:
    wall = {
        "metadata": {"name": "platform.wall"},
        "spec": {"tier": "platform", "order": 5, "selector": "projectcalico.org/namespace == 'shop'",
                 "types": ["Egress"], "egress": [{"action": "Deny", "protocol": "UDP",
                                                  "destination": {"ports": [53]}}, {"action": "Pass"}]},
    }  # fmt: skip
    with pytest.raises(Refused, match="pods would not reach DNS over UDP"):
        default_deny(facts(add("globalnetworkpolicies", wall)), namespace="shop")


def test_a_node_that_is_unlike_the_others_changes_nothing() -> None:
    moved = facts(put("nodes", "spec.unschedulable", True, name="node-e"))
    assert ids(default_deny(moved, namespace="shop")) == ids(default_deny(REAL, namespace="shop"))
