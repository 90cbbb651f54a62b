"""Every frame that can be made of the mesh. Pure; a frame has its columns also when it is empty."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from opskit.core.aspects import Aspect
from opskit.core.parts import known
from opskit.systems.istio.facts import Facts, full
from opskit.systems.istio.proxies import identity, left
from opskit.systems.istio.routing import Way
from opskit.systems.istio.traces import Span, Trace, Traced


def proxies(facts: Facts) -> pd.DataFrame:
    """What istiod knows of each proxy.

    Returns:
        proxy, version (str), in_sync (bool), waiting_for (str: types that are not acknowledged).

    """
    rows = [
        (each.proxy, each.istio_version, not each.stale, ", ".join(each.stale))
        for each in known(facts.sync, [])
    ]
    columns = {"proxy": "str", "version": "str", "in_sync": "bool", "waiting_for": "str"}
    return _table(rows, columns)


def certificates(facts: Facts) -> pd.DataFrame:
    """The workload certificate of each Envoy that was asked.

    Returns:
        proxy, identity (str), expires (datetime64[us, UTC]), left (float64, share of its lifetime, 0 to 1).

    """
    rows = [
        (each.subject, identity(one), one.expiration_time, left(one, facts.now))
        for each in facts.proxies
        for one in each.own
    ]
    columns = {"proxy": "str", "identity": "str", "expires": "datetime64[us, UTC]", "left": "float64"}
    return _table(rows, columns)


def edges(facts: Facts) -> pd.DataFrame:
    """Requests now, as clients count them.

    Returns:
        source, service, version (str), rate, errors (float64, a second), share (float64, errors of requests,
        0 to 1), p90_ms (float64, milliseconds).

    """
    rows = [
        (each.source, each.service, each.version, each.rate, each.errors, each.share, each.p90_ms)
        for each in known(facts.edges, [])
    ]
    numbers = dict.fromkeys(("rate", "errors", "share", "p90_ms"), "float64")
    return _table(rows, {"source": "str", "service": "str", "version": "str", **numbers})


def canary(facts: Facts) -> pd.DataFrame:
    """Shares of each split route, planned against measured.

    Returns:
        rule, service, subset (str), planned, measured (float64, 0 to 1; no measure without requests),
        requests (float64, a second).

    """
    rows: list[tuple[object, ...]] = []
    for rule in known(facts.virtual_services, []):
        for route in rule.spec.http:
            split = [each for each in route.route or [] if each.destination.subset]
            total = sum(each.weight for each in split)
            if len(split) < 2 or not total:
                continue
            for each in split:
                host = full(each.destination.host, rule.namespace or "")
                of_host = [one for one in known(facts.edges, []) if one.service == host]
                all_of_it = sum(one.rate for one in of_host)
                own = sum(one.rate for one in of_host if one.version == each.destination.subset)
                measured = own / all_of_it if all_of_it else None
                name = f"{rule.namespace}/{rule.name}"
                rows.append((name, host, each.destination.subset, each.weight / total, measured, own))
    numbers = dict.fromkeys(("planned", "measured", "requests"), "float64")
    return _table(rows, {"rule": "str", "service": "str", "subset": "str", **numbers})


def way(found: Way) -> pd.DataFrame:
    """What Envoy decides about one request, in its order.

    Returns:
        stage, name (str), share (float64, 0 to 1), ok (bool), detail (str).

    """
    rows = [(each.stage, each.name, each.share, each.ok, each.detail) for each in found.hops]
    columns = {"stage": "str", "name": "str", "share": "float64", "ok": "bool", "detail": "str"}
    return _table(rows, columns)


def where_time_goes(found: Traced) -> pd.DataFrame:
    """How long traced requests were in each place, its own calls not counted; the place with most time first.

    Returns:
        place (str: a service and its version, or the way from one to another), requests, failed (int64:
        those whose failure began there), p50_ms, p90_ms, most_ms (float64, milliseconds of one request),
        share (float64, of the time of all, 0 to 1).

    """
    failed = Counter(each.failed_at for each in found.traces)
    total = sum(sum(each) for each in found.own_ms.values()) or 1.0
    rows = [
        (
            place,
            len(each),
            failed[place],
            *(float(pd.Series(each).quantile(at)) for at in (0.5, 0.9, 1.0)),
            sum(each) / total,
        )
        for place, each in found.own_ms.items()
    ]
    numbers = dict.fromkeys(("p50_ms", "p90_ms", "most_ms", "share"), "float64")
    return _table(rows, {"place": "str", "requests": "int64", "failed": "int64", **numbers})


def traces(found: Traced) -> pd.DataFrame:
    """Each traced request, the slowest first.

    Returns:
        trace (str), started (datetime64[us, UTC]), ms (float64), entered (str: the service that it came to
        first), spans (int64), failed (bool).

    """
    rows = [
        (each.trace_id, each.started, each.ms, each.root.who, len(each.spans), each.failed)
        for each in found.traces
    ]
    columns = {"trace": "str", "started": "datetime64[us, UTC]", "ms": "float64", "entered": "str"}
    return _table(rows, {**columns, "spans": "int64", "failed": "bool"})


def spans(trace: Trace | None) -> pd.DataFrame:
    """What one request did, in its order.

    Returns:
        place (str), called_by (str: whose call it is; empty: the first), start_ms (float64, after the
        request came), ms, own_ms (float64, milliseconds), status (str), flags (str), failed (bool).

    """
    columns = {
        "place": "str",
        "called_by": "str",
        "start_ms": "float64",
        "ms": "float64",
        "own_ms": "float64",
    }
    rows = [] if trace is None else [_spent(trace, each) for each in trace.spans]
    return _table(rows, {**columns, "status": "str", "flags": "str", "failed": "bool"})


def _spent(trace: Trace, span: Span) -> tuple[object, ...]:
    parent = trace.by_id.get(span.parent)
    return (
        trace.place(span),
        "" if parent is None else parent.who,
        (span.start_us - trace.root.start_us) / 1000,
        span.duration_us / 1000,
        trace.own_us(span) / 1000,
        span.status,
        span.flags,
        span.failed,
    )


def _table(rows: Sequence[tuple[object, ...]], columns: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(columns)).astype(columns)


COMPARED = (
    Aspect("proxy", proxies, ("proxy",), ("version", "in_sync", "waiting_for")),
    Aspect("certificate", certificates, ("proxy", "identity"), ("expires",)),
)
"""What two looks are compared by."""
