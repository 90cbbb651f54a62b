"""Data: OSDs that fill up, and a replica that rots."""

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from opskit.core.errors import Refused
from opskit.sandbox.faults import Broken, Fault
from opskit.sandbox.light import ceph_files
from opskit.sandbox.light.ceph import POOL
from opskit.sandbox.light.faults.common import HEALED_WITHIN, each_second, wait_gone, wait_seen
from opskit.sandbox.rados import Rados

_OBJECT = 2**20
_WRITERS = 8
_PREFIX = "fill."
_VICTIM = "seed.0000"


def _fill(sandbox: Broken, *, ratio: float, code: str) -> dict[str, Any]:
    """Write until the fullest OSD has reached the ratio.

    A byte that is written lands on no OSD more than once, so writing what the fullest one still lacks
    never overshoots; what the others took is made up for in the next round. Not one byte is written
    beyond the ratio: a write to a full pool would hang.
    """
    with Rados(ceph_files.conf(sandbox.site), timeout=60.0) as rados:
        while (lacking := _lacking(sandbox, ratio)) > 0:
            used, written, count = _used(sandbox), len(_written(sandbox)), max(1, lacking // _OBJECT)
            _write(rados, range(written, written + count))
            each_second(
                partial(_is_used, sandbox, used + 3 * count * _OBJECT * 0.97),
                what="the OSDs report what was written",
                deadline=120.0,
            )
    wait_seen(sandbox, code)
    return {}


def _written(sandbox: Broken) -> list[str]:
    """The objects that were written, by this injection or one that was broken off."""
    listed = ceph_files.run_tool(sandbox.site, "rados", "--pool", POOL, "ls")
    return [name for name in listed.split() if name.startswith(_PREFIX)]


def _is_used(sandbox: Broken, wanted: float) -> bool:
    return _used(sandbox) >= wanted


def _lacking(sandbox: Broken, ratio: float) -> int:
    """Bytes that the fullest OSD lacks to the ratio."""
    nodes = sandbox.ceph("osd", "df")["nodes"]
    return int(min(ratio * node["kb"] - node["kb_used"] for node in nodes if node["kb"]) * 1024)


def _used(sandbox: Broken) -> int:
    return sum(node["kb_used"] for node in sandbox.ceph("osd", "df")["nodes"]) * 1024


def _write(rados: Rados, numbers: Iterable[int]) -> None:
    with ThreadPoolExecutor(max_workers=_WRITERS) as pool:
        list(pool.map(partial(_write_one, rados), numbers))


def _write_one(rados: Rados, number: int) -> None:
    rados.put(POOL, {_name(number): bytes(_OBJECT)})


def _name(number: int) -> str:
    return f"{_PREFIX}{number:06}"


def _empty(sandbox: Broken) -> None:
    with Rados(ceph_files.conf(sandbox.site), timeout=60.0) as rados:
        rados.remove(POOL, _written(sandbox))
    wait_gone(sandbox, ["OSD_NEARFULL", "OSD_BACKFILLFULL", "OSD_FULL", "POOL_NEARFULL", "POOL_FULL"])


def _live_ratio(sandbox: Broken, name: str) -> float:
    return sandbox.ceph("osd", "dump")[name]


def _nearfull(sandbox: Broken) -> dict[str, Any]:
    return _fill(sandbox, ratio=_live_ratio(sandbox, "nearfull_ratio") + 0.01, code="OSD_NEARFULL")


def _full(sandbox: Broken) -> dict[str, Any]:
    return _fill(sandbox, ratio=_live_ratio(sandbox, "full_ratio"), code="OSD_FULL")


NEARFULL = Fault(
    name="nearfull",
    summary="Data is written until the fullest OSD is beyond the nearfull ratio.",
    seen="OSD_NEARFULL and POOL_NEARFULL in `ceph health detail`; %USE in `ceph osd df`.",
    inject=_nearfull,
    heal=_empty,
)
FULL = Fault(
    name="full",
    summary="Data is written until the fullest OSD has reached the full ratio; writes block from then on.",
    seen="HEALTH_ERR, OSD_FULL and POOL_FULL in `ceph health detail`; writers hang.",
    inject=_full,
    heal=_empty,
)


def _corrupt(sandbox: Broken) -> dict[str, Any]:
    """Cut off one replica of an object below Ceph's feet, by the OSD's own test hook."""
    placed = sandbox.ceph("osd", "map", POOL, _VICTIM)
    pg, osd = placed["pgid"], placed["acting"][-1]
    if osd == placed["acting_primary"]:
        raise Refused("The PG has one replica only.", where=pg, hint="heal the other faults first.")
    ceph_files.run_tool(sandbox.site, "ceph", "daemon", f"osd.{osd}", "truncobj", POOL, _VICTIM, "7")
    each_second(
        lambda: _scrubbed(sandbox, pg),
        what=f"a deep scrub of {pg} finds the damage",
        deadline=120.0,
        every=3.0,
    )
    return {"pg": pg, "osd": osd}


def _scrubbed(sandbox: Broken, pg: str) -> bool:
    found = sandbox.ceph("health", "detail")["checks"]
    if "PG_DAMAGED" in found and pg in str(found["PG_DAMAGED"]):
        return True
    sandbox.ceph("pg", "deep-scrub", pg)
    return False


def _repair(sandbox: Broken, *, pg: str = "", osd: int = -1) -> None:
    del pg, osd
    each_second(
        partial(_repaired, sandbox), what="all damaged PGs are repaired", deadline=HEALED_WITHIN, every=3.0
    )


def _repaired(sandbox: Broken) -> bool:
    found = sandbox.ceph("health", "detail")["checks"]
    told = "\n".join(each["message"] for each in found.get("PG_DAMAGED", {}).get("detail", []))
    for pg in re.findall(r"^pg (\S+) is ", told, flags=re.MULTILINE):
        sandbox.ceph("pg", "repair", pg)
    return "PG_DAMAGED" not in found and "OSD_SCRUB_ERRORS" not in found


PG_INCONSISTENT = Fault(
    name="pg-inconsistent",
    summary="One replica of an object is cut off on its OSD, and the PG is deep-scrubbed.",
    seen="HEALTH_ERR, PG_DAMAGED and OSD_SCRUB_ERRORS in `ceph health detail`; the shard's errors in "
    "`rados list-inconsistent-obj`.",
    inject=_corrupt,
    heal=_repair,
)
