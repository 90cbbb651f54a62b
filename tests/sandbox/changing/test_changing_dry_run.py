"""Every Kubernetes write is dry-run on the server first, without force."""

from pathlib import Path

import pytest
from changing_lab import Lab, open_at
from changing_proxy import Proxy
from msgspec.structs import replace

from opskit.core.errors import WriteRejected
from opskit.core.plan import Apply, Change, Delete, Evict, Patch
from opskit.sandbox.site import Site

pytestmark = pytest.mark.sandbox


def test_each_write_has_its_dry_run_before_it_and_none_is_forced(
    lab: Lab, site: Site, tmp_path: Path
) -> None:
    lab.make_deployment("osd")
    settings, old = lab.make_config("settings", a="1"), lab.make_config("old", x="y")
    pod = lab.make_pod("victim")
    with Proxy(site, tmp_path) as proxy, open_at(proxy.kubeconfig) as cluster:
        plan = lab.plan(
            lab.scale_step("osd", before=1, after=0),
            lab.step("patch", Patch(patch={"data": {"a": "2"}}), settings),
            lab.step("make", Apply(manifest={"data": {"k": "v"}}), replace(settings, name="made")),
            lab.step("remove", Delete(), old),
            lab.step("evict", Evict(grace_seconds=0), pod),
            cluster=cluster,
        )
        outcome = lab.apply(plan, cluster=cluster)
        writes, log = proxy.writes, proxy.log

    assert outcome.status == "done", outcome
    plurals = ["deployments", "configmaps", "configmaps", "configmaps", "pods"]
    found = [next(p for p in (*plurals, "leases") if f"/{p}" in each.path) for each in writes]
    assert [each for each in found if each != "leases"] == plurals
    assert found.count("leases") >= 2 + len(plan.steps)
    for write in writes:
        before = log[: log.index(write)]
        assert any(each.dry_run and each.essence == write.essence and each.status < 300 for each in before), (
            write
        )
        assert "force" not in write.query
        if "/leases" not in write.path:
            assert write.query.get("fieldManager", ["opskit"]) == ["opskit"]
    assert not any("force" in each.query for each in log)


def test_the_dry_run_of_each_action_changes_nothing(lab: Lab) -> None:
    lab.make_deployment("osd")
    settings, old = lab.make_config("settings", a="1"), lab.make_config("old", x="y")
    pod = lab.make_pod("victim")
    before = lab.everything()
    plan = lab.plan(
        lab.scale_step("osd", before=1, after=0),
        lab.step("patch", Patch(patch={"data": {"a": "2"}}), settings),
        lab.step("make", Apply(manifest={"data": {"k": "v"}}), replace(settings, name="made")),
        lab.step("remove", Delete(), old),
        lab.step("evict", Evict(), pod),
    )
    assert lab.everything() == before
    assert [step.preview for step in plan.steps] == [
        (Change(path="spec.replicas", before=1, after=0),),
        (Change(path="data.a", before="1", after="2"),),
        (Change(path="data.k", after="v"),),
        (Change(path="(object)", before=f"ConfigMap {lab.namespace}/old"),),
        (Change(path="(object)", before=f"Pod {lab.namespace}/victim"),),
    ]


POLICY = {
    "metadata": {"name": "no-secrets-of-ours"},
    "spec": {
        "failurePolicy": "Fail",
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
        "validations": [
            {"expression": "!has(object.data.forbidden)", "message": "the key forbidden is forbidden"}
        ],
    },
}


def test_a_rejecting_admission_policy_stops_before_any_write(lab: Lab, site: Site, tmp_path: Path) -> None:
    target = lab.make_config("settings", a="1")
    lab.make_deployment("osd")
    with lab.policy(POLICY), Proxy(site, tmp_path) as proxy, open_at(proxy.kubeconfig) as cluster:
        step = lab.step("patch", Patch(patch={"data": {"forbidden": "1"}}), target)
        lab.until(lambda: _rejected(lab, step))
        with pytest.raises(WriteRejected, match="the key forbidden is forbidden") as caught:
            lab.plan(lab.scale_step("osd", before=1, after=0), step, cluster=cluster)
        assert not proxy.writes
    assert caught.value.dry_run
    assert caught.value.reason == "Invalid"


def _rejected(lab: Lab, step: object) -> bool:
    try:
        lab.plan(step)  # type: ignore[arg-type]
    except WriteRejected:
        return True
    return False


def test_a_policy_that_comes_between_plan_and_apply_stops_before_any_write(lab: Lab) -> None:
    target = lab.make_config("settings", a="1")
    lab.make_deployment("osd")
    step = lab.step("patch", Patch(patch={"data": {"forbidden": "1"}}), target)
    plan = lab.plan(lab.scale_step("osd", before=1, after=0), step)
    with lab.policy(POLICY):
        lab.until(lambda: _rejected(lab, step))
        outcome = lab.apply(plan)
    assert (outcome.status, outcome.exit_code, lab.replicas("osd")) == ("refused", 5, 1)
    assert "the key forbidden is forbidden" in outcome.text
    assert "Nothing was changed" in outcome.text


def test_a_field_that_another_manager_owns_is_not_taken(lab: Lab) -> None:
    target = lab.make_config("settings", a="1")
    step = lab.step("apply", Apply(manifest={"data": {"a": "2"}}), target)
    with pytest.raises(
        WriteRejected, match=r"\.data\.a of ConfigMap .* belongs to the field manager kubectl"
    ):
        lab.plan(step)
    other = lab.step("apply", Apply(manifest={"data": {"a": "2"}}, take_over=("helm",)), target)
    with pytest.raises(WriteRejected, match="kubectl"):
        lab.plan(other)
    assert lab.value("settings", "a") == "1"


def test_a_named_manager_is_taken_over_and_the_diff_names_it(lab: Lab) -> None:
    target = lab.make_config("settings", a="1")
    plan = lab.plan(lab.step("apply", Apply(manifest={"data": {"a": "2"}}, take_over=("kubectl",)), target))
    assert plan.steps[0].preview == (
        Change(path="data.a", before="1", after="2"),
        Change(path="manager of .data.a", before="kubectl", after="opskit"),
    )
    assert lab.apply(plan).status == "done"
    assert lab.value("settings", "a") == "2"
