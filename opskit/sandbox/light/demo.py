"""The Ceph cluster's part of the demo: nine OSDs on three hosts, three monitors, a filesystem, a gateway."""

from time import monotonic

from opskit.sandbox.demo import Demo, State, fault, nothing
from opskit.sandbox.light import ceph_files
from opskit.sandbox.light.ceph import POOL
from opskit.sandbox.light.faults.common import kill
from opskit.sandbox.rados import Rados
from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.waiting import wait_until

HISTORY_SECONDS = 120.0
"""How long the healthy cluster is watched first, so that histories have a past."""

_OBJECTS, _BYTES = 600, 2**16
_DOWN, _REFILLED = 4, 5
"""Two OSDs of the same host: every PG has its other copies elsewhere."""


def _settle(sandbox: Sandbox) -> None:
    begin = monotonic()
    with Rados(ceph_files.conf(sandbox.site), timeout=60.0) as rados:
        rados.put(POOL, {f"demo.{number:04}": bytes([number % 251]) * _BYTES for number in range(_OBJECTS)})
    wait_until(
        lambda: monotonic() - begin >= HISTORY_SECONDS,
        what="the histories have a past",
        deadline=HISTORY_SECONDS + 60.0,
        every=5.0,
    )


def _recovering(sandbox: Sandbox) -> None:
    """An OSD is down, and another one, that lost its data and is back, is being refilled."""
    sandbox.ceph("config", "set", "osd", "osd_recovery_sleep", "1")
    kill(sandbox, f"osd.{_REFILLED}")
    sandbox.inject("osd-down", osd=_DOWN)
    wait_until(
        lambda: _refilling(sandbox),
        what=f"osd.{_REFILLED} is being refilled",
        deadline=120.0,
        every=1.0,
    )


def _refilling(sandbox: Sandbox) -> bool:
    up = {each["osd"]: bool(each["up"]) for each in sandbox.ceph("osd", "dump")["osds"]}
    speed = sandbox.ceph("status")["pgmap"].get("recovering_objects_per_sec", 0)
    return up[_REFILLED] and not up[_DOWN] and speed > 0


def _recovered(sandbox: Sandbox) -> None:
    sandbox.ceph("config", "rm", "osd", "osd_recovery_sleep")
    sandbox.heal()


DEMO = Demo(
    systems=("rook",),
    options={"mons": 3, "osds": 9, "osd_size": 128, "mds": True, "rgw": True},
    settle=_settle,
    states=(
        State(name="healthy", enter=nothing),
        State(name="default", enter=_recovering, leave=_recovered),
        State(name="damaged-pg", enter=fault("pg-inconsistent")),
        State(name="nearfull", enter=fault("nearfull")),
        State(name="host-down", enter=fault("host-down", host="node-b")),
    ),
)
