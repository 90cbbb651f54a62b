"""Istio in the demo: a canary that answers 500, after a while in which all was well."""

from time import monotonic

import msgspec
import urllib3

from opskit.sandbox.demo import Demo, State, nothing
from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.waiting import wait_until

HISTORY_SECONDS = 90.0
"""How long the healthy shop is watched first, so that histories have a past."""
_TOLD = 1.0
"""Failed requests a second, of some twenty."""


def _watch(_: Sandbox) -> None:
    begin = monotonic()
    wait_until(
        lambda: monotonic() - begin >= HISTORY_SECONDS,
        what="the histories have a past",
        deadline=HISTORY_SECONDS + 60.0,
        every=5.0,
    )


def _failing(sandbox: Sandbox) -> None:
    """Have reviews v2 answer 500, for as long as Prometheus needs to tell of it."""
    sandbox.inject("broken-version")
    wait_until(
        lambda: _failures(sandbox) > _TOLD,
        what="Prometheus tells of the failures",
        deadline=180.0,
        every=2.0,
    )


def _failures(sandbox: Sandbox) -> float:
    """Failed requests a second over the last minute."""
    url = f"http://127.0.0.1:{sandbox.site.port('prometheus')}/api/v1/query"
    query = 'sum(rate(istio_requests_total{reporter="source", response_code=~"5.."}[1m]))'
    told = urllib3.request("GET", url, fields={"query": query}, timeout=5.0, retries=False)
    found = msgspec.json.decode(told.data)["data"]["result"]
    return float(found[0]["value"][1]) if found else 0.0


DEMO = Demo(
    systems=("istio",),
    states=(State(name="healthy", enter=nothing), State(name="default", enter=_failing)),
    settle=_watch,
)
