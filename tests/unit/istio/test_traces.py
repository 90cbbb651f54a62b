"""Where the time of requests goes, on made-up spans; the real ones are asked in tests/sandbox/mesh."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.plots import istio_traces as plots
from opskit.plots.style import rows, sentence
from opskit.systems.istio import jaeger, views
from opskit.systems.istio.traces import Span, Trace, Traced, name_of, traced

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
START = int((NOW - timedelta(minutes=1)).timestamp() * 1_000_000)


def span(name: str, parent: str, who: str, start: int, ms: int, **more: Any) -> Span:
    """A span, with its times in milliseconds after the request came."""
    service, _, version = who.partition(" ")
    given = {"serves": True, "status": "200", **more}
    return Span(
        span_id=name,
        parent=parent,
        service=service,
        version=version,
        start_us=START + start * 1000,
        duration_us=ms * 1000,
        **given,
    )


SLOW = Trace(
    trace_id="slow",
    spans=(
        span("a", "lost", "gateway.ingress v1", 0, 1600, serves=False),
        span("b", "a", "web.shop v1", 5, 1590),
        span("c", "b", "web.shop v1", 10, 50, serves=False),
        span("d", "c", "catalog.shop v1", 20, 30),
        span("e", "b", "web.shop v1", 70, 1520, serves=False),
        span("f", "e", "reviews.shop v2", 80, 1500),
    ),
)
QUICK = Trace(trace_id="quick", spans=(span("a", "", "web.shop v1", 1000, 40, status="503", flags="UH"),))


def seen(*traces: Trace, minutes: int = 15, slower_ms: float = 0.0) -> Traced:
    return traced(traces, service="", minutes=minutes, now=NOW, slower_ms=slower_ms)


def test_time_is_told_of_who_spent_it_and_not_of_who_waited() -> None:
    frame = views.where_time_goes(seen(SLOW))
    spent = {each["place"]: each["p50_ms"] for each in rows(frame)}
    assert spent == {
        "reviews.shop v2": 1500.0,
        "web.shop → catalog.shop": 20.0,
        "web.shop → reviews.shop": 20.0,
        "catalog.shop v1": 30.0,
        "web.shop v1": 20.0,
        "gateway.ingress → web.shop": 10.0,
    }
    assert rows(frame)[0]["place"] == "reviews.shop v2"
    assert sum(float(str(each["share"])) for each in rows(frame)) == pytest.approx(1.0)


def test_the_sentence_names_the_slowest_and_its_place() -> None:
    told = seen(QUICK, SLOW).sentence
    assert "Of 2 traced requests" in told
    assert "1600 ms, 1500 ms of it in reviews.shop v2" in told
    assert told.endswith("1 of them failed; it began: 1 in web.shop v1.")


def test_only_what_was_asked_for_once() -> None:
    assert [each.trace_id for each in seen(QUICK, SLOW, SLOW).traces] == ["slow", "quick"]
    assert [each.trace_id for each in seen(QUICK, SLOW, slower_ms=100).traces] == ["slow"]
    late = traced([SLOW], service="", minutes=15, now=NOW + timedelta(hours=1))
    assert late.traces == ()
    assert "Next: look further back" in late.sentence


def test_a_failure_is_told_of_where_it_began() -> None:
    broken = Trace(
        trace_id="x",
        spans=(
            span("a", "", "web.shop v1", 0, 50, status="502"),
            span("b", "a", "web.shop v1", 5, 10, serves=False, status="200"),
            span("c", "a", "web.shop v1", 20, 20, serves=False, status="500"),
            span("d", "c", "reviews.shop v2", 25, 10, status="500"),
        ),
    )
    assert broken.failed_at == "reviews.shop v2"
    frame = views.where_time_goes(seen(broken, SLOW))
    failed = {row["place"]: row["failed"] for row in rows(frame)}
    assert {place for place, count in failed.items() if count} == {"reviews.shop v2"}


def test_a_call_that_nobody_answered_is_told_so() -> None:
    lonely = Trace(trace_id="x", spans=(span("a", "", "web.shop v1", 0, 9, serves=False, status=""),))
    assert lonely.failed
    assert [each["place"] for each in rows(views.where_time_goes(seen(lonely)))] == ["web.shop → no answer"]


def test_figures_say_what_is_so_also_without_traces() -> None:
    found = seen(QUICK, SLOW)
    told = sentence(plots.where_time_goes(views.where_time_goes(found)))
    assert told == "91% of the time of traced requests was spent in reviews.shop v2"
    assert (
        sentence(plots.waterfall(views.spans(found.trace())))
        == "1500 of 1600 ms were spent in reviews.shop v2"
    )
    assert sentence(plots.waterfall(views.spans(found.trace("gone")))) == "No request was traced"
    assert sentence(plots.where_time_goes(views.where_time_goes(seen()))) == "No request was traced"
    assert list(views.traces(seen()).columns) == list(views.traces(found).columns)


def test_jaegers_answer() -> None:
    tags = [
        {"key": "span.kind", "type": "string", "value": "server"},
        {"key": "istio.canonical_revision", "value": "v2"},
        {"key": "http.status_code", "value": 500},
        {"key": "response_flags", "value": "-"},
    ]
    parent = {"refType": "CHILD_OF", "traceID": "t", "spanID": "p"}
    told = {
        "spanID": "s",
        "processID": "p1",
        "startTime": 7,
        "duration": 9,
        "tags": tags,
        "references": [parent],
    }
    answer = {
        "data": [{"traceID": "t", "spans": [told], "processes": {"p1": {"serviceName": "reviews.shop"}}}]
    }
    (found,) = jaeger.traces_of(msgspec.convert(answer, jaeger.Traces))
    assert found.spans == (
        Span(
            span_id="s",
            parent="p",
            service="reviews.shop",
            version="v2",
            serves=True,
            start_us=7,
            duration_us=9,
            status="500",
        ),
    )
    assert found.failed


@pytest.mark.parametrize(
    "answer", [{"data": None}, {"data": []}, {"data": [{"traceID": "t", "spans": None}]}]
)
def test_nothing_in_jaegers_answer(answer: dict[str, Any]) -> None:
    assert list(jaeger.traces_of(msgspec.convert(answer, jaeger.Traces))) == []


@pytest.mark.parametrize(
    "host", ["reviews.shop", "reviews.shop.svc.cluster.local", "reviews.shop.svc.example.net"]
)
def test_a_service_by_any_of_its_names(host: str) -> None:
    assert name_of(host) == "reviews.shop"


@st.composite
def trees(draw: st.DrawFn) -> Trace:
    """Spans with any times, each the child of one before it or of one that was not sent."""
    spans: list[Span] = []
    for number in range(draw(st.integers(1, 12))):
        parent = draw(st.sampled_from(["lost", *(each.span_id for each in spans)]))
        start, ms = draw(st.integers(0, 500)), draw(st.integers(0, 500))
        spans.append(span(str(number), parent, "a.b v1", start, ms, serves=draw(st.booleans())))
    return Trace(trace_id="t", spans=tuple(sorted(spans, key=lambda each: each.start_us)))


@given(trees())
def test_own_time_is_never_more_than_the_span_nor_less_than_nothing(trace: Trace) -> None:
    for each in trace.spans:
        assert 0 <= trace.own_us(each) <= each.duration_us
        inside = [
            moment
            for moment in range(each.start_us, each.end_us, 1000)
            if not any(one.start_us <= moment < one.end_us for one in trace.children.get(each.span_id, ()))
        ]
        assert trace.own_us(each) == len(inside) * 1000
    assert seen(trace).sentence
