"""What the faults share: holding a process down, and asking the API server."""

from collections.abc import Callable
from signal import SIGKILL
from typing import Any

from opskit.core.errors import BadValue
from opskit.sandbox.control_plane import api
from opskit.sandbox.faults import Broken
from opskit.sandbox.keeper.annotations import kept
from opskit.sandbox.kube import Json
from opskit.sandbox.kubelet import holds
from opskit.sandbox.trust.bao_api import NODES
from opskit.sandbox.waiting import wait_until

SEEN_WITHIN, HEALED_WITHIN = 60.0, 120.0
"""Seconds until a fault must show, and until its end must."""


def hold_down(sandbox: Broken, process: str) -> None:
    """Kill a process; its pod crash-loops until it is released."""
    holds.write_hold(sandbox.site, holds.Hold(subject=process))
    sandbox.site.processes.signal(process, SIGKILL)
    seen(lambda: not sandbox.site.processes.alive(process), what=f"{process} is gone")


def let_go(sandbox: Broken, process: str) -> None:
    """Let the kubelet stand-in start it again."""
    holds.release(sandbox.site, process)


def crash(sandbox: Broken, process: str) -> None:
    """Kill a process; the kubelet stand-in starts it again, after a back-off if it crashed before."""
    before = sandbox.site.processes.pid(process)
    sandbox.site.processes.signal(process, SIGKILL)
    _started_again(sandbox, process, before)


def roll_out(sandbox: Broken, process: str) -> None:
    """Replace the pod of a process, as after a change of its configuration; no back-off stands in its way."""
    before, client = sandbox.site.processes.pid(process), api(sandbox.site)
    for pod in client.items("/api/v1/pods"):
        own = kept(pod)
        if own is not None and own.daemon == process:
            client.delete(f"/api/v1/namespaces/{own.namespace}/pods/{own.name}", uid=own.uid)
    _started_again(sandbox, process, before)


def _started_again(sandbox: Broken, process: str, before: int | None) -> None:
    seen(
        lambda: sandbox.site.processes.pid(process) not in (None, before),
        what=f"{process} is started again",
    )


def seen(holds_: Callable[[], bool], *, what: str, state: Callable[[], str] = lambda: "") -> None:
    """Wait until a fault shows."""
    wait_until(holds_, what=what, deadline=SEEN_WITHIN, every=0.3, state=state)


def healed(holds_: Callable[[], bool], *, what: str, state: Callable[[], str] = lambda: "") -> None:
    """Wait until it is gone."""
    wait_until(holds_, what=what, deadline=HEALED_WITHIN, every=0.5, state=state)


def node_named(node: Any) -> str:
    """The name of an OpenBao node, given as `1` or `openbao-1`.

    Raises:
        BadValue: there is no such node.

    """
    name = f"openbao-{node}" if str(node).isdecimal() else str(node)
    if name not in NODES:
        raise BadValue(f"{node!r} is no node.", where="node", hint=f"there are {', '.join(NODES)}.")
    return name


def condition(sandbox: Broken, path: str, kind: str = "Ready") -> Json:
    """A condition of an object; empty where it has none."""
    found = api(sandbox.site).find(path) or {}
    conditions: list[Json] = found.get("status", {}).get("conditions") or []
    return next((each for each in conditions if each["type"] == kind), {})
