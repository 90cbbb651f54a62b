"""What is applied is what was reviewed; who may not do it is told so before anything is changed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from changing_lab import CODE, Lab, open_at
from msgspec.structs import replace

from opskit.core.approval import Approval
from opskit.core.cluster import Cluster
from opskit.core.plan import Apply, Delete, Patch, Plan, Scale
from opskit.core.progress import Outcome
from opskit.core.rights import Rule, needed, parse
from opskit.sandbox import control_plane

pytestmark = pytest.mark.sandbox


def planned(lab: Lab, **more: Any) -> Plan:
    return lab.plan(
        lab.scale_step("osd", before=1, after=0),
        lab.step("patch", Patch(patch={"data": {"a": "2"}}), lab.make_config("settings", a="1", b="1")),
        **more,
    )


def change_parameters(lab: Lab) -> dict[str, Any]:
    return {"plan": planned(lab, parameters={"osd": 4})}


def change_code_of_plan(lab: Lab) -> dict[str, Any]:
    return {"plan": planned(lab, parameters={"osd": 3}, code="f" * 64), "code": "f" * 64}


def change_code(_: Lab) -> dict[str, Any]:
    return {"code": "e" * 64}


def change_uid(lab: Lab) -> dict[str, Any]:
    path = lab.path("configmaps", "settings")
    lab.api.delete(path)
    lab.api.create(lab.path("configmaps"), {"metadata": {"name": "settings"}, "data": {"a": "1", "b": "1"}})
    return {}


def change_owned_field(lab: Lab) -> dict[str, Any]:
    lab.api.patch(lab.path("configmaps", "settings"), {"data": {"a": "7"}})
    return {}


def change_replicas(lab: Lab) -> dict[str, Any]:
    lab.api.patch(lab.path("deployments", "osd", group="apps"), {"spec": {"replicas": 3}})
    return {}


def change_action(lab: Lab) -> dict[str, Any]:
    plan = planned(lab, parameters={"osd": 3})
    first = replace(plan.steps[0], action=Scale(replicas=9))
    return {"plan": replace(plan, steps=(first, *plan.steps[1:]))}


@pytest.mark.parametrize(
    ("change", "error", "difference"),
    [
        (change_parameters, "ApprovalRejected", "parameters.osd: 3 → 4"),
        (change_code_of_plan, "ApprovalRejected", f"code: {CODE} → {'f' * 64}"),
        (change_code, "PlanChanged", f"code: {CODE[:12]} → {'e' * 12}"),
        (change_uid, "PlanChanged", "its UID is"),
        (change_owned_field, "PlanChanged", "steps[patch].preview[data.a].before: 1 → 7"),
        (change_replicas, "PlanChanged", "steps[scale-osd-0].preview[spec.replicas].before: 1 → 3"),
        (change_action, "ApprovalRejected", "steps[scale-osd-0].action.replicas: 0 → 9"),
    ],
)
def test_a_change_between_plan_and_apply_is_refused_with_the_difference(
    change: Callable[[Lab], dict[str, Any]], error: str, difference: str, lab: Lab
) -> None:
    lab.make_deployment("osd")
    plan = planned(lab, parameters={"osd": 3})
    approval = lab.approved(plan)
    changed = change(lab)
    before = lab.everything()
    outcome = lab.apply(changed.pop("plan", plan), approval=approval, **changed)
    assert outcome.error is not None
    assert (outcome.status, outcome.exit_code, outcome.error["error"]) == ("refused", 5, error), outcome
    assert difference in outcome.text
    assert lab.everything() == before


def test_a_mutating_policy_that_comes_between_changes_the_dry_run_and_is_refused(lab: Lab) -> None:
    target = lab.make_config("settings", a="1")
    plan = lab.plan(lab.step("patch", Patch(patch={"data": {"a": "2"}}), target))
    mutation = {
        "metadata": {"name": "adds-a-key"},
        "spec": {
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["UPDATE"],
                        "resources": ["configmaps"],
                    }
                ]
            },
            "mutations": [
                {
                    "patchType": "ApplyConfiguration",
                    "applyConfiguration": {"expression": 'Object{data: {"injected": "yes"}}'},
                }
            ],
        },
    }
    with lab.policy(mutation, sort="mutating"):
        lab.until(lambda: lab.plan(plan.steps[0]).steps[0].preview != plan.steps[0].preview)
        outcome = lab.apply(plan)
    assert (outcome.status, outcome.exit_code, lab.value("settings", "a")) == ("refused", 5, "1"), outcome
    assert "preview[data.injected].after: absent → yes" in outcome.text


def test_a_change_of_status_alone_is_not_refused(lab: Lab) -> None:
    lab.make_deployment("osd")
    plan = planned(lab, parameters={"osd": 3})
    path = lab.path("deployments", "osd", group="apps")
    status = {
        "observedGeneration": 1,
        "conditions": [],
        "unavailableReplicas": 7,
        "replicas": 7,
        "readyReplicas": 0,
    }
    before = lab.api.get(path)
    lab.api.patch(f"{path}/status", {"status": status})
    assert lab.api.get(path)["metadata"]["resourceVersion"] != before["metadata"]["resourceVersion"]
    assert lab.apply(plan).status == "done"


def test_an_apply_that_would_change_nothing_has_nothing_to_do(lab: Lab) -> None:
    target = lab.make_config("settings", a="1")
    step = lab.step(
        "patch", Patch(patch={"data": {"a": "1"}}), target, postcondition=(lab.holding("settings", "a", "1"),)
    )
    outcome = lab.apply(lab.plan(step))
    assert (outcome.status, outcome.exit_code) == ("nothing-to-do", 0)
    assert outcome.steps[0].state == "already"


def expired(approval: Approval) -> Approval:
    now = datetime.now(UTC)
    return replace(approval, at=now - timedelta(hours=2), until=now - timedelta(hours=1))


def of_another_cluster(approval: Approval) -> Approval:
    return replace(approval, cluster_uid="other")


def without_typing(approval: Approval) -> Approval:
    return replace(approval, confirmations=())


def altered(approval: Approval) -> Approval:
    return replace(approval, reviewed=approval.reviewed | {"code": "x"})


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (expired, "expired at"),
        (of_another_cluster, "The approval is for the cluster with UID other"),
        (without_typing, "lacks the typed confirmation of osd"),
        (altered, "the file was altered"),
    ],
)
def test_a_wrong_approval_changes_nothing(spoil: Callable[[Approval], Approval], says: str, lab: Lab) -> None:
    lab.make_deployment("osd")
    plan = lab.plan(lab.scale_step("osd", before=1, after=0, confirm="osd"))
    outcome = lab.apply(plan, approval=spoil(lab.approved(plan)))
    assert (outcome.status, outcome.exit_code, lab.replicas("osd")) == ("refused", 5, 1)
    assert says in outcome.text


def test_an_approval_expires_while_it_waits_but_not_for_undo(lab: Lab) -> None:
    lab.make_deployment("osd")
    plan = lab.plan(lab.scale_step("osd", before=1, after=0))
    assert lab.apply(plan).status == "done"
    with lab.journal() as journal:
        assert lab.engine(plan, journal, approval=expired(lab.approved(plan))).resume().exit_code == 5
    with lab.journal() as journal:
        assert lab.engine(plan, journal, approval=expired(lab.approved(plan))).undo().status == "undone"
    assert lab.replicas("osd") == 1


def test_another_cluster_than_the_plans_is_refused(lab: Lab) -> None:
    lab.make_deployment("osd")
    plan = replace(lab.plan(lab.scale_step("osd", before=1, after=0)), cluster_uid="other")
    outcome = lab.apply(plan)
    assert outcome.error is not None
    assert (outcome.exit_code, outcome.error["error"], lab.replicas("osd")) == (5, "WrongCluster", 1)


RULES = [
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]},
    {"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["patch"]},
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "patch", "create", "delete"]},
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get", "create", "update"]},
]


def account(lab: Lab, rules: list[dict[str, Any]]) -> Path:
    """A kubeconfig of a service account that has exactly these rules in the namespace."""
    name, rbac = "runner", "rbac.authorization.k8s.io"
    lab.api.create(lab.path("serviceaccounts"), {"metadata": {"name": name}})
    for plural in ("rolebindings", "roles"):
        lab.api.delete(lab.path(plural, name, group=rbac))
    lab.api.create(lab.path("roles", group=rbac), {"metadata": {"name": name}, "rules": rules})
    subject = {"kind": "ServiceAccount", "name": name, "namespace": lab.namespace}
    role = {"apiGroup": rbac, "kind": "Role", "name": name}
    lab.api.create(
        lab.path("rolebindings", group=rbac),
        {"metadata": {"name": name}, "roleRef": role, "subjects": [subject]},
    )
    lab.api.create(
        "/apis/rbac.authorization.k8s.io/v1/clusterroles",
        {
            "metadata": {"name": "sees-kube-system"},
            "rules": [
                {
                    "apiGroups": [""],
                    "resources": ["namespaces"],
                    "verbs": ["get"],
                    "resourceNames": ["kube-system"],
                }
            ],
        },
    )
    lab.api.create(
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        {
            "metadata": {"name": f"sees-kube-system-{lab.namespace}"},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "sees-kube-system"},
            "subjects": [subject],
        },
    )
    asked = lab.api.create(
        lab.path("serviceaccounts", name) + "/token", {"spec": {"expirationSeconds": 3600}}
    )
    assert asked is not None
    config = control_plane.assemble_kubeconfig(lab.site, user={"token": asked["status"]["token"]})
    file = lab.folder / "account.kubeconfig"
    file.write_text(json.dumps(config))
    return file


def four_steps(lab: Lab, cluster: Cluster | None = None) -> Plan:
    settings = lab.make_config("settings", a="1")
    old = lab.make_config("old", x="y")
    return lab.plan(
        lab.scale_step("osd", before=1, after=0),
        lab.step("patch", Patch(patch={"data": {"a": "2"}}), settings),
        lab.step("make", Apply(manifest={"data": {"k": "v"}}), replace(settings, name="made")),
        lab.step("remove", Delete(), old, postcondition=(lab.holding("old", "x", None),)),
        cluster=cluster,
    )


def declared(lab: Lab) -> tuple[Rule, ...]:
    return parse([rule | {"namespaces": [lab.namespace]} for rule in RULES])


def test_a_run_succeeds_under_exactly_the_declared_rules(lab: Lab) -> None:
    lab.make_deployment("osd")
    with open_at(account(lab, RULES)) as cluster:
        outcome = lab.apply(four_steps(lab, cluster), cluster=cluster, rules=declared(lab))
    assert outcome.status == "done", outcome


def each_verb() -> list[tuple[int, str]]:
    return [(index, verb) for index, rule in enumerate(RULES) for verb in rule["verbs"]]


@pytest.mark.parametrize(("index", "verb"), each_verb())
def test_without_one_right_it_is_refused_before_any_change(index: int, verb: str, lab: Lab) -> None:
    lab.make_deployment("osd")
    plan = four_steps(lab)
    before = lab.everything()
    rules = [dict(rule) for rule in RULES]
    rules[index] = rules[index] | {"verbs": [each for each in rules[index]["verbs"] if each != verb]}
    with open_at(account(lab, [rule for rule in rules if rule["verbs"]])) as cluster:
        outcome = lab.apply(plan, cluster=cluster, rules=declared(lab))
    assert_refused_for(outcome, f"{verb} {_full(RULES[index])} in namespace {lab.namespace}")
    assert f"--serviceaccount={lab.namespace}:runner" in outcome.text
    assert f"kubectl -n {lab.namespace} create role" in outcome.text
    assert lab.everything() == before


def assert_refused_for(outcome: Outcome, right: str) -> None:
    assert outcome.error is not None
    assert (outcome.status, outcome.exit_code, outcome.error["error"]) == ("refused", 5, "MissingRights"), (
        outcome
    )
    assert right in outcome.text


def _full(rule: dict[str, Any]) -> str:
    plural, _, sub = rule["resources"][0].partition("/")
    group = rule["apiGroups"][0]
    return plural + (f".{group}" if group else "") + (f"/{sub}" if sub else "")


def test_what_a_plan_needs_is_found_without_being_declared(lab: Lab) -> None:
    lab.make_deployment("osd")
    plan = four_steps(lab)
    with open_at(account(lab, [RULES[0], RULES[3]])) as cluster:
        outcome = lab.apply(plan, cluster=cluster)
    assert_refused_for(outcome, "patch deployments.apps/scale")
    assert {verb for rule in needed(plan) for verb in rule.verbs} == {
        "get",
        "create",
        "update",
        "patch",
        "delete",
    }


def test_the_commands_in_the_message_grant_the_rights(lab: Lab) -> None:
    import shlex
    import subprocess

    from opskit.sandbox.binaries import require

    lab.make_deployment("osd")
    plan = four_steps(lab)
    with open_at(account(lab, RULES[:1])) as cluster:
        refused = lab.apply(plan, cluster=cluster, rules=declared(lab))
        assert refused.error is not None
        commands = refused.error["next"].partition(": ")[2].split(" && ")
        for command in commands:
            argv = [require("kubectl"), f"--kubeconfig={lab.kubeconfig}", *shlex.split(command)[1:]]
            subprocess.run(argv, check=True, capture_output=True, timeout=60)
        outcome = lab.apply(plan, run="run-2", cluster=cluster, rules=declared(lab))
    assert outcome.status == "done", outcome
