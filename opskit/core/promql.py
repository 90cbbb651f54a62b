"""Instant answers of Prometheus, by one label."""

import math

import msgspec

from opskit.core.answers import decoder_for
from opskit.core.cluster import Cluster, decode
from opskit.core.errors import BadAnswer


class Sample(msgspec.Struct, frozen=True, gc=False):
    """One series of an instant query."""

    metric: dict[str, str]
    value: tuple[float, str]


class Vector(msgspec.Struct, frozen=True, gc=False):
    """The data of an instant query."""

    result: list[Sample] = msgspec.field(default_factory=list[Sample])


class VectorAnswer(msgspec.Struct, frozen=True, gc=False):
    """Prometheus' answer to an instant query."""

    status: str = ""
    error: str = ""
    data: Vector = msgspec.field(default_factory=Vector)


def samples(cluster: Cluster, query: str) -> list[Sample]:
    """An instant query's series, with all their labels.

    Raises:
        NotInstalled: there is no Prometheus.
        BadAnswer: it refused the query or its answer can't be used.

    """
    body = cluster.metrics(query)
    answer = decode(body, decoder_for(VectorAnswer), where=f"Prometheus, {query}")
    if answer.status != "success":
        raise BadAnswer(f"Prometheus refused the query: {answer.error}", where=query, hint="try it in its UI")
    return answer.data.result


def vector(cluster: Cluster, query: str, *, label: str) -> dict[str, float]:
    """An instant query's values by one label; samples that are no number are left out.

    Raises:
        NotInstalled: there is no Prometheus.
        BadAnswer: it refused the query or its answer can't be used.

    """
    values = ((each.metric.get(label, ""), number(each.value[1])) for each in samples(cluster, query))
    return {name: value for name, value in values if value is not None}


def number(text: str) -> float | None:
    """A sample's value; None for NaN, infinities and what is no number."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
