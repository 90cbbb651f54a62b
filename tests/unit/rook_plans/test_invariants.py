"""What holds for every plan, whatever the facts."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from opskit.core.errors import Refused
from opskit.core.plan import Condition, Draft, Run, Scale, Step
from opskit.systems.rook.answers_asked import InconsistentList, PgQuery
from opskit.systems.rook.conditions import CONDITIONS
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.kinds import DisruptionManagement
from opskit.systems.rook.plans import (
    bring_back_osd,
    host_maintenance,
    repair_pg,
    replace_osd,
    set_flag,
    take_osd_in,
    take_osd_out,
    unset_flag,
)

from . import scenes

HEALTHY = scenes.facts()
STATES = ["active+clean", "active+clean+scrubbing", "active+undersized+degraded", "down", "stale", "unknown"]
FLAGS = ["noout", "noup", "noin", "nobackfill", "pause", "noscrub"]
HOSTS = ["node-a", "node-b", "node-c"]


@st.composite
def any_facts(draw: st.DrawFn) -> Facts:
    """The recorded cluster, with some of it broken."""
    facts = HEALTHY
    for osd in draw(st.lists(st.integers(0, 5), max_size=3, unique=True)):
        facts = scenes.osd(facts, osd, up=draw(st.booleans()), in_=draw(st.booleans()))
    counts = draw(st.dictionaries(st.sampled_from(STATES), st.integers(1, 40), max_size=2))
    facts = scenes.states(facts, counts) if counts else facts
    facts = scenes.flags(facts, *draw(st.lists(st.sampled_from(FLAGS), max_size=1)))
    for host in draw(st.lists(st.sampled_from(HOSTS), max_size=1)):
        facts = scenes.node(facts, host, ready=draw(st.booleans()), cordoned=draw(st.booleans()))
    for osd in draw(st.lists(st.integers(0, 5), max_size=2, unique=True)):
        facts = scenes.replicas(facts, f"rook-ceph-osd-{osd}", draw(st.integers(0, 1)))
    management = DisruptionManagement(osd_maintenance_timeout=draw(st.sampled_from([30, 1440])))
    spec = replace(facts.cluster.spec, disruption_management=management)
    facts = replace(facts, cluster=replace(facts.cluster, spec=spec))
    return scenes.filled(facts, draw(st.floats(0.0, 0.9)))


@st.composite
def drafts(draw: st.DrawFn) -> Draft | None:
    """A plan for such facts; None when it is refused."""
    facts, osd = draw(any_facts()), draw(st.integers(0, 6))
    stop = draw(st.sampled_from([scenes.YES, scenes.YES, scenes.NO]))
    host, flag = draw(st.sampled_from(HOSTS)), draw(st.sampled_from(FLAGS))
    direction = draw(st.sampled_from(["enter", "leave"]))
    planners = [
        lambda: bring_back_osd(facts, osd=osd),
        lambda: replace_osd(facts, osd=osd, stop=stop),
        lambda: take_osd_out(facts, osd=osd, stop=stop),
        lambda: take_osd_in(facts, osd=osd),
        lambda: host_maintenance(
            facts, host=host, direction=direction, until="18:00", stop=stop, pods=list(facts.pods)
        ),
        lambda: set_flag(facts, flag=flag),
        lambda: unset_flag(facts, flag=flag),
        lambda: repair_pg(facts, pg="1.1f", asked=PgQuery(state="active+clean+inconsistent"), record=None),
        lambda: repair_pg(facts, pg="1.1f", asked=PgQuery(state="active+clean"), record=InconsistentList()),
    ]
    try:
        return draw(st.sampled_from(planners))()
    except Refused:
        return None


def _conditions(draft: Draft) -> list[Condition]:
    named = [*draft.goal]
    for step in draft.steps:
        named += [*step.precondition, *step.postcondition, *(step.undo.postcondition if step.undo else ())]
    return named


def _index(draft: Draft, test: object) -> int:
    return next((index for index, step in enumerate(draft.steps) if test(step)), -1)


def _is_purge(step: Step) -> bool:
    return isinstance(step.action, Run) and "purge" in step.action.argv


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drafts())
def test_every_plan(draft: Draft | None) -> None:
    if draft is None:
        return
    ids = [step.id for step in draft.steps]
    assert len(ids) == len(set(ids))
    assert bool(draft.steps) != bool(draft.nothing_to_do)
    assert draft.goal
    assert {each.name for each in _conditions(draft)} <= set(CONDITIONS.names)
    for step in draft.steps:
        assert step.postcondition
        assert bool(step.undo) != bool(step.no_undo)
        assert step.reason
        assert not (isinstance(step.action, Run) and "--force" in step.action.argv)
    purge = _index(draft, _is_purge)
    if purge >= 0:
        waits = [each.name for step in draft.steps[:purge] for each in step.postcondition]
        assert "rook/osd-safe-to-destroy" in waits
        assert "rook/osd-safe-to-destroy" in [each.name for each in draft.steps[purge].precondition]
    pause, resume = (
        _index(draft, lambda step: _scales_operator(step, 0)),
        _index(draft, lambda step: _scales_operator(step, 1)),
    )
    assert (pause >= 0) == (resume >= 0)
    assert resume >= pause
    if pause >= 0:
        assert pause < purge < resume
        assert draft.steps[pause].undo


def _scales_operator(step: Step, replicas: int) -> bool:
    return step.target.name == "rook-ceph-operator" and step.action == Scale(replicas=replicas)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_facts(), st.integers(0, 5))
def test_nothing_is_purged_while_two_failure_domains_are_away(facts: Facts, osd: int) -> None:
    host = facts.osds[osd].host
    others = {each.host for each in facts.osds.values() if not each.up and each.host != host}
    try:
        replace_osd(facts, osd=osd, stop=scenes.YES)
    except Refused:
        return
    assert not others
