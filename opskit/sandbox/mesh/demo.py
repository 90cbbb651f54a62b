"""Istio in the demo: a canary that answers 500, after a while in which all was well."""

from time import monotonic

from opskit.sandbox.demo import Demo, State, fault
from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.waiting import wait_until

HISTORY_SECONDS = 90.0
"""How long the healthy shop is watched first, so that histories have a past."""


def _watch(_: Sandbox) -> None:
    begin = monotonic()
    wait_until(
        lambda: monotonic() - begin >= HISTORY_SECONDS,
        what="the histories have a past",
        deadline=HISTORY_SECONDS + 60.0,
        every=5.0,
    )


DEMO = Demo(
    systems=("istio",),
    states=(State(name="default", enter=fault("broken-version")),),
    settle=_watch,
)
