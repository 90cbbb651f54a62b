"""Where the time of requests goes, by the spans that Envoys send to a tracing server. Pure.

A span of an Envoy beside a server is what that service did of a request; a span of an Envoy beside a client
is the call that it made. What a span's own calls do not cover is its own time. Spans are joined only where
applications pass the tracing headers on: https://istio.io/latest/docs/tasks/observability/distributed-tracing/overview/.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property

from opskit.core.findings import Data
from opskit.core.wording import some

_TOLD = 3
"""Places of failures in the sentence."""


class Span(Data, frozen=True):
    """What one Envoy told of one request."""

    span_id: str
    parent: str
    """Its parent's id; empty: it has none."""
    service: str
    """Whose Envoy, as `reviews.shop`."""
    version: str
    """The workload's canonical revision; empty: not told."""
    serves: bool
    """Whether it answered a request; else it made one."""
    start_us: int
    """Microseconds since 1970."""
    duration_us: int
    status: str = ""
    """HTTP status; empty: none came."""
    flags: str = ""
    """Envoy's response flags; empty: none."""

    @property
    def end_us(self) -> int:
        """When it ended."""
        return self.start_us + self.duration_us

    @property
    def who(self) -> str:
        """Service and version."""
        return f"{self.service} {self.version}".strip()

    @property
    def failed(self) -> bool:
        """Whether it ended with a status of 500 or more, or with none."""
        return not self.status or self.status.startswith("5") or self.status == "0"


class Trace(Data, frozen=True, dict=True):
    """All spans of one request from outside, the earliest first."""

    trace_id: str
    spans: tuple[Span, ...]

    @property
    def root(self) -> Span:
        """The span that no other one that was sent is the parent of; of several the earliest."""
        return next((each for each in self.spans if each.parent not in self.by_id), self.spans[0])

    @cached_property
    def by_id(self) -> dict[str, Span]:
        """Span id → span."""
        return {each.span_id: each for each in self.spans}

    @cached_property
    def children(self) -> dict[str, list[Span]]:
        """Span id → those that it is the parent of."""
        found: dict[str, list[Span]] = {}
        for each in self.spans:
            found.setdefault(each.parent, []).append(each)
        return found

    @property
    def started(self) -> datetime:
        """When the request came."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.root.start_us)

    @property
    def ms(self) -> float:
        """How long the request took, milliseconds."""
        return self.root.duration_us / 1000

    @property
    def failed(self) -> bool:
        """Whether the request failed."""
        return self.root.failed

    def own_us(self, span: Span) -> int:
        """The microseconds of a span in which none of its own calls was under way."""
        return span.duration_us - _covered(span, self.children.get(span.span_id, ()))

    def place(self, span: Span) -> str:
        """Where its own time is spent: in a service, or on the way from one to another."""
        if span.serves:
            return span.who
        callee = next((each.service for each in self.children.get(span.span_id, ())), "")
        return f"{span.service} → {callee or ('no answer' if span.failed else 'without a span')}"

    @property
    def failed_at(self) -> str:
        """Where its failure began: the deepest place that failed; empty where it did not fail."""
        bad = [each for each in self.spans if each.failed]
        if not self.failed or not bad:
            return ""
        first = [each for each in bad if not any(one.failed for one in self.children.get(each.span_id, ()))]
        return self.place((first or bad)[-1])


def _covered(span: Span, calls: Iterable[Span]) -> int:
    """The microseconds of a span in which at least one of these was under way."""
    covered, reached = 0, span.start_us
    for each in sorted(calls, key=lambda one: one.start_us):
        start, end = max(each.start_us, reached), min(each.end_us, span.end_us)
        covered += max(0, end - start)
        reached = max(reached, end)
    return covered


class Traced(Data, frozen=True, dict=True):
    """Traces of one question, the slowest first."""

    service: str
    """Which requests: those that passed it; empty: any."""
    minutes: int
    """How far back was asked."""
    traces: tuple[Trace, ...]

    @cached_property
    def own_ms(self) -> dict[str, list[float]]:
        """Place → its own time in each trace that passed it, milliseconds; the place with most time first."""
        found: dict[str, list[float]] = {}
        for trace in self.traces:
            spent: dict[str, float] = {}
            for span in trace.spans:
                place = trace.place(span)
                spent[place] = spent.get(place, 0.0) + trace.own_us(span) / 1000
            for place, ms in spent.items():
                found.setdefault(place, []).append(ms)
        return dict(sorted(found.items(), key=lambda each: -sum(each[1])))

    @property
    def sentence(self) -> str:
        """What matters, for someone tired."""
        about = f"through {self.service} " if self.service else ""
        if not self.traces:
            return (
                f"No request {about}was traced in the last {self.minutes} min. Next: look further back, or "
                "see what share is sampled (`kubectl get telemetries.telemetry.istio.io -A -o yaml`)."
            )
        slowest = self.traces[0]
        place, ms = max(
            ((slowest.place(each), slowest.own_us(each) / 1000) for each in slowest.spans),
            key=lambda each: each[1],
        )
        broken = Counter(each.failed_at for each in self.traces if each.failed)
        first = ", ".join(f"{count} in {where}" for where, count in broken.most_common(_TOLD))
        ended = f" {broken.total()} of them failed; it began: {first}." if broken else ""
        return (
            f"Of {len(self.traces)} traced requests {about}in the last {self.minutes} min the slowest took "
            f"{slowest.ms:.0f} ms, {ms:.0f} ms of it in {place}.{ended}"
        )

    def _repr_markdown_(self) -> str:
        return self.sentence

    def trace(self, trace_id: str = "") -> Trace | None:
        """One of them; without an id the slowest, if there is any."""
        return next((each for each in self.traces if trace_id in ("", each.trace_id)), None)


def traced(
    traces: Iterable[Trace], *, service: str, minutes: int, now: datetime, slower_ms: float = 0.0
) -> Traced:
    """Those of the last minutes that took so long, each once, the slowest first."""
    since = now - timedelta(minutes=minutes)
    once = {each.trace_id: each for each in traces if each.spans}
    wanted = [each for each in once.values() if each.started >= since and each.ms >= slower_ms]
    ordered = sorted(wanted, key=lambda each: (-each.ms, each.trace_id))
    return Traced(service=service, minutes=minutes, traces=tuple(ordered))


def name_of(host: str) -> str:
    """What traces call a service: `reviews.shop` of `reviews.shop.svc.cluster.local`."""
    return host.partition(".svc.")[0]


def unknown(service: str, known: Sequence[str]) -> str:
    """What to say of a service that sent no span."""
    return f"No Envoy of {service!r} has sent a span; there are {some(sorted(known)) or 'none'}."
