"""Prometheus' queries as requests.

Follows https://prometheus.io/docs/prometheus/latest/querying/api/.
"""

from datetime import datetime

import msgspec

from opskit.core.answers import decoder_for
from opskit.core.errors import BadAnswer, Unauthorized, Unreachable
from opskit.core.live_http import Response
from opskit.core.reads import AskHttp, QueryMetrics

SERVER = "prometheus"


class _Refusal(msgspec.Struct, frozen=True):
    error: str = ""


def as_request(read: QueryMetrics, now: datetime) -> AskHttp:
    """The request for a query at this moment.

    A range ends at a whole step, so that repeated queries meet the same samples.
    """
    if not read.window_seconds:
        return AskHttp(server=SERVER, path="/api/v1/query", query=(("query", read.query),))
    end = int(now.timestamp()) // read.step_seconds * read.step_seconds
    query = (
        ("query", read.query),
        ("start", str(end - read.window_seconds)),
        ("end", str(end)),
        ("step", str(read.step_seconds)),
    )
    return AskHttp(server=SERVER, path="/api/v1/query_range", query=query)


def checked(response: Response, read: QueryMetrics) -> bytes:
    """The answer's body.

    Raises:
        BadAnswer: Prometheus refuses the query.
        Unauthorized: what stands before Prometheus wants another credential.
        Unreachable: it is not able to answer now.

    """
    if response.status == 200:
        return response.body
    where = f"prometheus: {read.query}"
    if response.status in (401, 403):
        raise Unauthorized(
            f"Prometheus answered {response.status}.", where=where, hint="give `token` for it in opskit.toml"
        )
    if response.status >= 500:
        raise Unreachable(
            f"Prometheus answered {response.status}: {_said(response)}",
            sent=True,
            where=where,
            hint="look at its log",
        )
    raise BadAnswer(f"Prometheus refused the query: {_said(response)}", where=where, hint="check the PromQL")


def _said(response: Response) -> str:
    try:
        return decoder_for(_Refusal).decode(response.body).error
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return response.body[:200].decode(errors="replace")
