"""What Jaeger answers, and Envoys' spans in it. Pure.

Its query service's JSON, which Grafana Tempo speaks, too: https://www.jaegertracing.io/docs/latest/architecture/apis/.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from opskit.systems.istio.traces import Span, Trace


class Tag(msgspec.Struct, frozen=True):
    """A key and its value."""

    key: str = ""
    value: Any = None


class Reference(msgspec.Struct, frozen=True, rename="camel"):
    """A span that another one belongs to."""

    ref_type: str = ""
    span_id: str = msgspec.field(name="spanID", default="")


class Told(msgspec.Struct, frozen=True, rename="camel"):
    """A span."""

    span_id: str = msgspec.field(name="spanID")
    process_id: str = msgspec.field(name="processID", default="")
    references: list[Reference] | None = None
    start_time: int = 0
    """Microseconds since 1970."""
    duration: int = 0
    """Microseconds."""
    tags: list[Tag] | None = None


class Process(msgspec.Struct, frozen=True, rename="camel"):
    """Who sent a span."""

    service_name: str = ""


class Found(msgspec.Struct, frozen=True, rename="camel"):
    """A trace."""

    trace_id: str = msgspec.field(name="traceID")
    spans: list[Told] | None = None
    processes: dict[str, Process] | None = None


class Traces(msgspec.Struct, frozen=True):
    """Of `/api/traces`."""

    data: list[Found] | None = None


class Services(msgspec.Struct, frozen=True):
    """Of `/api/services`."""

    data: list[str] | None = None


def traces_of(answer: Traces) -> Iterator[Trace]:
    """Every trace that has spans, each with the earliest first."""
    for each in answer.data or []:
        processes = each.processes or {}
        spans = [_span(one, processes.get(one.process_id, Process())) for one in each.spans or []]
        if spans:
            yield Trace(
                trace_id=each.trace_id,
                spans=tuple(sorted(spans, key=lambda one: (one.start_us, -one.duration_us))),
            )


def _span(told: Told, sender: Process) -> Span:
    tags = {each.key: each.value for each in told.tags or []}
    parents = (each.span_id for each in told.references or [] if each.ref_type == "CHILD_OF")
    return Span(
        span_id=told.span_id,
        parent=next(parents, ""),
        service=sender.service_name,
        version=_text(tags, "istio.canonical_revision"),
        serves=tags.get("span.kind") != "client",
        start_us=told.start_time,
        duration_us=told.duration,
        status=_text(tags, "http.status_code", "http.response.status_code"),
        flags=_text(tags, "response_flags").strip("-"),
    )


def _text(tags: dict[str, Any], *keys: str) -> str:
    return next((str(tags[key]) for key in keys if tags.get(key) is not None), "")
