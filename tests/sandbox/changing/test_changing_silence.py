"""A write that got no answer is read back before anything is repeated."""

from collections.abc import Callable
from pathlib import Path

import pytest
from changing_lab import Lab, open_at
from changing_proxy import Proxy, Seen, once
from msgspec.structs import replace

from opskit.core.plan import Apply, Delete, Patch, Step
from opskit.sandbox.site import Site

pytestmark = pytest.mark.sandbox


def steps(lab: Lab) -> dict[str, tuple[str, Step]]:
    """One step of each sort, by the resource that it writes."""
    lab.make_deployment("osd")
    settings, old = lab.make_config("settings", a="1"), lab.make_config("old", x="y")
    made = replace(settings, name="made")
    return {
        "scale": ("deployments", lab.scale_step("osd", before=1, after=0)),
        "patch": (
            "configmaps",
            lab.step(
                "patch",
                Patch(patch={"data": {"a": "2"}}),
                settings,
                postcondition=(lab.holding("settings", "a", "2"),),
            ),
        ),
        "apply": (
            "configmaps",
            lab.step(
                "make",
                Apply(manifest={"data": {"k": "v"}}),
                made,
                postcondition=(lab.holding("made", "k", "v"),),
            ),
        ),
        "delete": (
            "configmaps",
            lab.step("remove", Delete(), old, postcondition=(lab.holding("old", "x", None),)),
        ),
    }


def _real(plural: str) -> Callable[[Seen], bool]:
    return lambda seen: seen.write and f"/{plural}" in seen.path


SORTS = ["scale", "patch", "apply", "delete"]


@pytest.mark.parametrize("sort", SORTS)
def test_an_answer_lost_after_the_server_applied_is_read_back_and_not_repeated(
    sort: str, lab: Lab, site: Site, tmp_path: Path
) -> None:
    plural, step = steps(lab)[sort]
    plan = lab.plan(step)
    with (
        Proxy(site, tmp_path, fault=once(_real(plural), "lose-answer")) as proxy,
        open_at(proxy.kubeconfig) as cluster,
    ):
        outcome = lab.apply(plan, cluster=cluster)
        written = [seen for seen in proxy.writes if f"/{plural}" in seen.path]
    assert (outcome.status, outcome.exit_code) == ("done", 0), outcome
    assert [seen.fault for seen in written] == ["lose-answer"]
    with lab.journal() as journal:
        read_back = [record.data["outcome"] for record in journal.records if record.phase == "read-back"]
    assert read_back == ["applied"]


@pytest.mark.parametrize("fault", ["lose-request", "status:503", "status:504"])
@pytest.mark.parametrize("sort", SORTS)
def test_a_write_that_never_arrived_is_read_back_and_sent_again(
    sort: str, fault: str, lab: Lab, site: Site, tmp_path: Path
) -> None:
    plural, step = steps(lab)[sort]
    plan = lab.plan(step)
    with (
        Proxy(site, tmp_path, fault=once(_real(plural), fault)) as proxy,
        open_at(proxy.kubeconfig) as cluster,
    ):
        outcome = lab.apply(plan, cluster=cluster)
        effects = proxy.effects(plural)
        writes = proxy.writes
    assert (outcome.status, outcome.exit_code) == ("done", 0), outcome
    assert len(effects) == 1
    with lab.journal() as journal:
        found = [record.phase for record in journal.records if record.step]
    assert found == ["checked", "intent", "read-back", "intent", "acknowledged", "done"]
    assert len([seen for seen in writes if f"/{plural}" in seen.path]) == 2


def test_where_it_cannot_be_told_the_run_stops_as_unknown(lab: Lab, site: Site, tmp_path: Path) -> None:
    """The answer is lost, and somebody changes the object back before it is read."""
    lab.make_deployment("osd")
    plan = lab.plan(lab.scale_step("osd", before=1, after=0))

    def lose_and_change_back(seen: Seen) -> str:
        if seen.write and "/deployments" in seen.path:
            lab.api.patch(lab.path("deployments", "osd", group="apps"), {"spec": {"replicas": 4}})
            return "lose-request"
        return ""

    with Proxy(site, tmp_path, fault=lose_and_change_back) as proxy, open_at(proxy.kubeconfig) as cluster:
        outcome = lab.apply(plan, cluster=cluster)
        written = [seen for seen in proxy.writes if "/deployments" in seen.path]
    assert (outcome.status, outcome.exit_code, outcome.steps[0].state) == ("unknown", 7, "unknown")
    assert "never written, or changed back" in outcome.text
    assert len(written) == 1
    assert lab.lease()["spec"]["holderIdentity"]
    assert lab.lease()["metadata"]["annotations"]["opskit/state"] == "unknown"


def test_a_server_that_dies_midway_leaves_an_unknown_outcome_and_resume_settles_it(
    lab: Lab, site: Site, tmp_path: Path
) -> None:
    lab.make_deployment("osd")
    plan = lab.plan(lab.scale_step("osd", before=1, after=0, deadline_seconds=4))

    def die(seen: Seen) -> str:
        if seen.write and "/deployments" in seen.path:
            proxy.down = True
        return "lose-answer" if proxy.down else ""

    with Proxy(site, tmp_path, fault=die) as proxy, open_at(proxy.kubeconfig) as cluster:
        outcome = lab.apply(plan, cluster=cluster)
        assert (outcome.status, outcome.exit_code) in {("unknown", 7), ("failed", 6)}, outcome
    with lab.journal() as journal:
        outcome = lab.engine(plan, journal).resume()
    assert (outcome.status, lab.replicas("osd")) == ("done", 0), outcome


def test_a_server_that_stays_away_is_given_up_with_the_lock_and_not_only_at_the_steps_end(
    lab: Lab, site: Site, tmp_path: Path
) -> None:
    lab.make_deployment("osd")
    plan = lab.plan(lab.scale_step("osd", before=1, after=0, deadline_seconds=3600))

    def die(seen: Seen) -> str:
        proxy.down = proxy.down or (seen.write and "/deployments" in seen.path)
        return "lose-answer" if proxy.down else ""

    told: list[str] = []
    with Proxy(site, tmp_path, fault=die) as proxy, open_at(proxy.kubeconfig) as cluster:
        outcome = lab.apply(plan, cluster=cluster, seconds=3.0, watch=lambda each: told.append(each.phase))
    assert (outcome.status, outcome.exit_code) == ("unknown", 7), outcome
    assert "Next: once the server answers, opskit resume run-1: it reads it back" in outcome.text
    assert "no answer" in told
    with lab.journal() as journal:
        outcome = lab.engine(plan, journal, seconds=3.0).resume()
    assert (outcome.status, lab.replicas("osd")) == ("done", 0), outcome


def test_a_stale_object_is_read_again_and_the_write_still_fits(lab: Lab, site: Site, tmp_path: Path) -> None:
    """Someone else writes a label between the read and the write: 409, then another try."""
    lab.make_deployment("osd")
    plan = lab.plan(lab.scale_step("osd", before=1, after=0))
    touched: list[int] = []

    def touch(seen: Seen) -> str:
        if seen.write and "/deployments" in seen.path and not touched:
            touched.append(1)
            lab.api.patch(
                lab.path("deployments", "osd", group="apps"), {"metadata": {"labels": {"seen": "yes"}}}
            )
        return ""

    with Proxy(site, tmp_path, fault=touch) as proxy, open_at(proxy.kubeconfig) as cluster:
        outcome = lab.apply(plan, cluster=cluster)
        statuses = [seen.status for seen in proxy.writes if "/deployments" in seen.path]
    assert outcome.status == "done", outcome
    assert statuses == [409, 200]


def test_an_owned_field_that_changes_right_before_the_write_stops_the_step(
    lab: Lab, site: Site, tmp_path: Path
) -> None:
    lab.make_deployment("osd")
    plan = lab.plan(lab.scale_step("osd", before=1, after=0))

    def change(seen: Seen) -> str:
        if seen.write and "/deployments" in seen.path:
            lab.api.patch(lab.path("deployments", "osd", group="apps"), {"spec": {"replicas": 3}})
        return ""

    with Proxy(site, tmp_path, fault=change) as proxy, open_at(proxy.kubeconfig) as cluster:
        outcome = lab.apply(plan, cluster=cluster)
    assert (outcome.status, outcome.exit_code, lab.replicas("osd")) == ("refused", 5, 3), outcome
    assert "spec.replicas: 1 → 0. Now: spec.replicas: 3 → 0" in outcome.text
