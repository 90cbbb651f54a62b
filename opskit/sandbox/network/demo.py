"""Calico in the demo: a session that a firewall cuts, addresses that leaked, a namespace without DNS."""

from opskit.sandbox.demo import Demo, State, nothing
from opskit.sandbox.sandbox import Sandbox


def _broken(sandbox: Sandbox) -> None:
    for name in ("bgp-cut", "ipam-leak", "dns-locked-out"):
        sandbox.inject(name)


DEMO = Demo(
    systems=("calico",),
    states=(
        State(name="healthy", enter=nothing),
        State(name="default", enter=_broken),
    ),
)
