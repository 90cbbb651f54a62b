"""A shift of traffic over a real mesh: its stages, what it leaves alone, when it is refused and given up."""

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.core.errors import Forbidden, NotInstalled, Refused
from opskit.core.plan import Condition, Draft, Patch, Wait
from opskit.systems.istio.conditions import CONDITIONS
from opskit.systems.istio.facts import Facts, read
from opskit.systems.istio.plans import shift_traffic
from opskit.systems.istio.plans.shift import stages
from tests.unit import altered
from tests.unit.altered import Edit, Json, drop, fails, put, says, told

REVIEWS = {"namespace": "shop", "service": "reviews", "subset": "v2"}
NOT_READY = [{"type": "Ready", "status": "False"}]


def facts(*edits: Edit) -> Facts:
    return read(altered.cluster("istio", *edits, state="healthy"))


REAL = facts()


def of_reviews(alter: Any) -> Edit:
    def whole(objects: list[Json]) -> list[Json]:
        for each in objects:
            if each["metadata"]["name"] == "reviews":
                alter(each["spec"]["http"])
        return objects

    return "virtualservices", whole


def weights(*given: int) -> Edit:
    return of_reviews(
        lambda http: [end.update(weight=w) for end, w in zip(http[0]["route"], given, strict=True)]
    )


def more(http: list[Json]) -> None:
    """A route before it that is not split, and a third version in the split one."""
    http.insert(
        0, {"match": [{"headers": {"x": {"exact": "y"}}}], "route": [http[0]["route"][0] | {"weight": 100}]}
    )
    ends = http[1]["route"]
    third = json.loads(json.dumps(ends[0]))
    third["destination"]["subset"], third["weight"], ends[0]["weight"] = "v3", 30, 60
    ends.append(third)


def shares(draft: Draft) -> list[dict[str, int]]:
    """What each patch writes, by subset."""
    return [
        {
            end["destination"]["subset"]: end["weight"]
            for end in step.action.patch["spec"]["http"][-1]["route"]
        }
        for step in draft.steps
        if isinstance(step.action, Patch)
    ]


@given(st.integers(0, 100), st.integers(0, 100), st.integers(1, 100))
def test_the_stages_climb_to_the_share_and_fall_at_once(now: int, weight: int, step: int) -> None:
    found = stages(now, weight, step)
    assert (found == []) is (now == weight)
    assert not found or found[-1] == weight
    assert found == sorted(set(found)) if weight > now else len(found) <= 1
    assert (
        all(0 < after - before <= step for before, after in zip([now, *found], found, strict=False))
        or weight < now
    )


@given(weight=st.integers(0, 100), step=st.integers(1, 100))
def test_the_shares_of_each_step_are_whole_and_the_others_keep_their_proportion(
    weight: int, step: int
) -> None:
    draft = shift_traffic(THREE, weight=weight, step=step, **REVIEWS)
    for each in shares(draft):
        assert sum(each.values()) == 100
        assert min(each.values()) >= 0
        assert abs(each["v1"] - 2 * each["v3"]) <= 2
    assert not draft.steps or shares(draft)[-1]["v2"] == weight


THREE = facts(of_reviews(more))


def test_a_climb_is_watched_at_each_stage_and_a_fall_is_not() -> None:
    up = shift_traffic(REAL, weight=50, step=20, **REVIEWS)
    assert [each.id for each in up.steps] == [
        "shift-v2-to-30", "watch-v2-at-30", "shift-v2-to-50", "watch-v2-at-50"
    ]  # fmt: skip
    assert up.restore
    down = shift_traffic(REAL, weight=0, **REVIEWS)
    assert [each.id for each in down.steps] == ["shift-v2-to-0"]
    assert [isinstance(each.action, Wait) for each in up.steps] == [False, True, False, True]
    none = shift_traffic(REAL, weight=10, **REVIEWS)
    assert (none.steps, none.nothing_to_do) == ((), "v2 has 10 % already.")


def test_the_rule_is_given_back_as_it_was_and_other_routes_are_left_alone() -> None:
    rule = next(each for each in THREE.virtual_services if each.name == "reviews")  # type: ignore[union-attr]
    for step in shift_traffic(THREE, weight=100, **REVIEWS).steps:
        if isinstance(step.action, Patch):
            assert step.undo is not None
            assert isinstance(step.undo.action, Patch)
            assert step.undo.action.patch == {"spec": {"http": rule.spec.raw_http}}
            assert step.action.patch["spec"]["http"][0] == (rule.spec.raw_http or [])[0]
            assert step.target.uid == rule.metadata.uid


V2_SICK = put("pods", "status.conditions", NOT_READY, name="reviews-v2-0")
NO_METRICS = fails("istio_requests_total", NotInstalled("There is no Prometheus."))
REFUSED: list[tuple[str, tuple[Edit, ...], Json, str]] = [
    ("no such rule", (), {"service": "reviewz"}, "there is no VirtualService shop/reviewz"),
    ("no such subset", (), {"subset": "v3"}, "no route of it is split with a subset v3; it has v1, v2"),
    ("not split", (), {"service": "catalog"}, "it has none"),
    ("weights of 80", (weights(70, 10),), {}, "do not add up to 100"),
    ("no percentage", (), {"weight": 101}, "101 is no percentage"),
    ("no pod", (V2_SICK,), {}, "no ready pod"),
    ("no rule", (drop("destinationrules", "reviews"),), {}, "no DestinationRule defines the subset v2"),
    ("no metrics", (NO_METRICS,), {}, "nobody can watch it: There is no Prometheus"),
    ("unreadable", (fails("pods", Forbidden("Not for you.")),), {}, "pods could not be read"),
    ("stale", (told("/debug/syncz", lambda body: body[0].update(route_acked="x")),), {}, "not acknowledged"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("edits", "given_", "said"), [pytest.param(*rest, id=name) for name, *rest in REFUSED]
)
def test_it_is_refused(edits: tuple[Edit, ...], given_: Json, said: str) -> None:
    with pytest.raises(Refused, match=said) as refused:
        shift_traffic(facts(*edits), **{"weight": 50, **REVIEWS, **given_})
    assert refused.value.hint


def test_what_stands_in_the_way_of_more_does_not_keep_anybody_from_taking_traffic_away() -> None:
    """At 3 a.m. the way back must be open when the pods are gone and Prometheus is, too."""
    sick = facts(V2_SICK, NO_METRICS)
    assert [each.id for each in shift_traffic(sick, weight=0, **REVIEWS).steps] == ["shift-v2-to-0"]


def watched(
    seconds: float, *, requests: float, failed: float, ms: float = 50.0, most_ms: int = 0
) -> tuple[bool, bool, str]:
    """What the condition of a watching step says so long after the shift."""
    step = shift_traffic(REAL, weight=30, watch=60, most_ms=most_ms, **REVIEWS).steps[1]
    window = max(1, int(min(60, seconds)))
    edits = (
        of_managed(seconds),
        says('response_code=~"5..|0"}', vector(failed / window)),
        says("histogram_quantile(0.9, sum by (le)", vector(ms)),
        says("sum(rate(istio_requests_total", vector(requests / window)),
    )
    held = CONDITIONS.read(altered.cluster("istio", *edits, state="healthy"), step.postcondition[0])
    return held.ok, held.vain, held.state


def of_managed(seconds: float) -> Edit:
    def alter(objects: list[Json]) -> list[Json]:
        taken = altered.cluster("istio", state="healthy").now()
        for each in objects:
            each["metadata"]["managedFields"] = [{"time": (taken - timedelta(seconds=seconds)).isoformat()}]
        return objects

    return "virtualservices", alter


def vector(value: float) -> bytes:
    sample = {"metric": {}, "value": [0, str(value)]}
    return msgspec.json.encode({"status": "success", "data": {"resultType": "vector", "result": [sample]}})


@pytest.mark.parametrize(
    ("case", "ok", "vain", "said"),
    [
        ({"seconds": 5, "requests": 50, "failed": 50}, False, False, "watched for 5 of 60 s"),
        ({"seconds": 30, "requests": 50, "failed": 0}, False, False, "watched for 30 of 60 s"),
        ({"seconds": 70, "requests": 50, "failed": 0}, True, False, "50 requests to reviews.shop v2 in 60s"),
        ({"seconds": 70, "requests": 5, "failed": 0}, False, False, "fewer than the 20 to judge by"),
        ({"seconds": 30, "requests": 50, "failed": 5}, False, True, "10.0% failed"),
        ({"seconds": 30, "requests": 50, "failed": 2}, False, False, "4.0% failed"),
        ({"seconds": 70, "requests": 50, "failed": 1}, True, False, "2.0% failed"),
        ({"seconds": 30, "requests": 50, "failed": 0, "ms": 900, "most_ms": 500}, False, True, "500 ms"),
        (
            {"seconds": 30, "requests": 5, "failed": 0, "ms": 900, "most_ms": 500},
            False,
            False,
            "watched for 30",
        ),
        ({"seconds": 70, "requests": 50, "failed": 0, "ms": 900}, True, False, "90th percentile 900 ms"),
    ],
)
def test_a_watch_ends_well_goes_on_or_is_given_up(case: Json, ok: bool, vain: bool, said: str) -> None:
    found = watched(**case)
    assert found[:2] == (ok, vain)
    assert said in found[2]


def test_weights_are_read_from_every_route_that_is_split() -> None:
    right = Condition(name="istio/weights-are", arguments={"namespace": "shop", "name": "reviews",
                                                           "weights": {"v1": 90, "v2": 10}})  # fmt: skip
    assert CONDITIONS.read(altered.cluster("istio", state="healthy"), right).ok
    held = CONDITIONS.read(altered.cluster("istio", weights(70, 30), state="healthy"), right)
    assert (held.ok, held.state) == (False, "shop/reviews routes v1 70, v2 30")
