"""Settings that hurt: a flag that somebody forgot, an OSD that is slow."""

import sys
from typing import Any

from opskit.core.errors import BadValue
from opskit.sandbox.faults import Broken, Fault
from opskit.sandbox.light.faults.common import osd_id, osd_number, wait_gone, wait_seen
from opskit.sandbox.processes import Command

_FLAGS = (
    "noout",
    "noin",
    "noup",
    "nodown",
    "norebalance",
    "nobackfill",
    "norecover",
    "noscrub",
    "nodeep-scrub",
)


def _set_flag(sandbox: Broken, *, flag: str = "noout") -> dict[str, Any]:
    if flag not in _FLAGS:
        raise BadValue(f"{flag!r} is no flag.", where="flag", hint=f"use one of {', '.join(_FLAGS)}.")
    sandbox.ceph("osd", "set", flag)
    wait_seen(sandbox, "OSDMAP_FLAGS", about=flag)
    return {"flag": flag}


def _unset_flag(sandbox: Broken, *, flag: str = "noout") -> None:
    sandbox.ceph("osd", "unset", flag)
    wait_gone(sandbox, ["OSDMAP_FLAGS"])


FORGOTTEN_FLAG = Fault(
    name="forgotten-flag",
    summary="A flag of the OSD map is set and left behind.",
    seen="OSDMAP_FLAGS in `ceph health detail`; the flag in `ceph osd dump`.",
    inject=_set_flag,
    heal=_unset_flag,
    arguments={"flag": f"one of {', '.join(_FLAGS)} (noout)"},
    anywhere=True,
)

_DELAY = {
    "osd_debug_inject_dispatch_delay_duration": "1.0",
    "osd_debug_inject_dispatch_delay_probability": "0.5",
    "osd_op_complaint_time": "2",
}


def _slow(sandbox: Broken, *, osd: Any = 3) -> dict[str, Any]:
    number = osd_number(sandbox, osd)
    _load(sandbox)
    for option, value in _DELAY.items():
        sandbox.ceph("tell", f"osd.{number}", "config", "set", option, value)
    wait_seen(sandbox, "SLOW_OPS", about=f"osd.{number}")
    return {"osd": number}


def _fast(sandbox: Broken, *, osd: Any = 3) -> None:
    for option in _DELAY:
        sandbox.ceph("tell", f"osd.{osd_id(osd)}", "config", "unset", option)
    sandbox.site.processes.stop("load")
    wait_gone(sandbox, ["SLOW_OPS"])


def _load(sandbox: Broken) -> None:
    """Clients, without whom no operation is slow."""
    processes = sandbox.site.processes
    if not processes.alive("load"):
        processes.start(
            "load", Command(argv=(sys.executable, "-m", "opskit.sandbox.light.load", sandbox.name))
        )


SLOW_OSD = Fault(
    name="slow-osd",
    summary="Every other operation of one OSD is delayed by a second, under a small client load.",
    seen="SLOW_OPS in `ceph health detail`; the OSD's write latency in Prometheus "
    "(ceph_osd_op_w_latency_sum / _count) stands out.",
    inject=_slow,
    heal=_fast,
    victims=("osd.{osd}",),
    arguments={"osd": "its number (3)"},
)
