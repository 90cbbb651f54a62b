"""Predicates over OSDs and the PGs on them.

Each asks one narrow question of the toolbox, so that it is cheap enough to be read every second.
Answers follow https://docs.ceph.com/en/latest/rados/operations/.
"""

from typing import TYPE_CHECKING, TypeVar

from opskit.core.answers import decoder_for
from opskit.core.conditions import Conditions, Held
from opskit.systems.rook.answers import Status
from opskit.systems.rook.answers_asked import OkToStop, OsdInfo, SafeToDestroy
from opskit.systems.rook.reading import ceph_argv, decode_answer, toolbox

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster

CEPH_CONDITIONS = Conditions()

T = TypeVar("T")

ENOENT, _EAGAIN, _EBUSY, _EINVAL = 2, 11, 16, 22
SETTLE_SECONDS = 10.0
"""After an OSD came or went, the manager still shows what it was told before: OSDs report every 5 s."""

_HARMLESS = frozenset({"active", "clean", "scrubbing", "deep", "snaptrim", "snaptrim_wait"})


def ask(
    cluster: "Cluster", *words: str, model: type[T], exit_codes: tuple[int, ...] = (0, _EBUSY, _EAGAIN)
) -> T | None:
    """What `ceph WORDS` answers; None when an allowed exit code came without an answer.

    Raises:
        ReadError: the toolbox can't be reached, or the command failed.

    """
    answer = cluster.tool(ceph_argv(words), place=toolbox(cluster), exit_codes=exit_codes)
    if not answer.body.strip():
        return None
    return decode_answer(answer.body, decoder_for(model), command=" ".join(("ceph", *words)))


def osd_info(cluster: "Cluster", osd: int, uuid: str) -> OsdInfo | None:
    """The OSD, or None when it is gone; an ID that was given to another disk is another OSD."""
    found = ask(cluster, "osd", "info", str(osd), model=OsdInfo, exit_codes=(0, _EINVAL, ENOENT))
    return found if found and uuid in ("", found.uuid) else None


def _states(found: OsdInfo) -> str:
    return f"osd.{found.osd} is {'up' if found.up else 'down'} and {'in' if found.in_ else 'out'}"


def _judge(cluster: "Cluster", osd: int, uuid: str, *, gone: bool, **wanted: bool) -> Held:
    """Compare `up` and `in_` with what is wanted; `gone` is the verdict on an OSD that is no more."""
    found = osd_info(cluster, osd, uuid)
    if found is None:
        return Held(ok=gone, state=f"osd.{osd} is not in the map any more")
    ok = all(bool(getattr(found, name)) is value for name, value in wanted.items())
    return Held(ok=ok, state=_states(found))


@CEPH_CONDITIONS.named("rook/osd-exists")
def osd_exists(cluster: "Cluster", *, osd: int, uuid: str = "") -> Held:
    """The OSD is in the map, and is still the one that was planned for."""
    return _judge(cluster, osd, uuid, gone=False)


@CEPH_CONDITIONS.named("rook/osd-is-up")
def osd_is_up(cluster: "Cluster", *, osd: int, uuid: str = "") -> Held:
    """The OSD's daemon answers."""
    return _judge(cluster, osd, uuid, gone=False, up=True)


@CEPH_CONDITIONS.named("rook/osd-is-down")
def osd_is_down(cluster: "Cluster", *, osd: int, uuid: str = "") -> Held:
    """The OSD's daemon does not answer; so it is with one that was purged."""
    return _judge(cluster, osd, uuid, gone=True, up=False)


@CEPH_CONDITIONS.named("rook/osd-is-in")
def osd_is_in(cluster: "Cluster", *, osd: int, uuid: str = "", or_gone: bool = False) -> Held:
    """CRUSH gives the OSD data; with `or_gone`, a purged OSD is none that should get any."""
    return _judge(cluster, osd, uuid, gone=or_gone, in_=True)


@CEPH_CONDITIONS.named("rook/osd-is-out")
def osd_is_out(cluster: "Cluster", *, osd: int, uuid: str = "") -> Held:
    """CRUSH gives the OSD no data; so it is with one that was purged."""
    return _judge(cluster, osd, uuid, gone=True, in_=False)


@CEPH_CONDITIONS.named("rook/osd-is-gone")
def osd_is_gone(cluster: "Cluster", *, osd: int, uuid: str) -> Held:
    """The OSD is purged. Another disk may have its ID by now."""
    found = osd_info(cluster, osd, uuid)
    state = (
        f"osd.{osd} of UUID {uuid} is {'not in the map any more' if found is None else 'still in the map'}"
    )
    return Held(ok=found is None, state=state)


@CEPH_CONDITIONS.named("rook/osds-ok-to-stop")
def osds_ok_to_stop(cluster: "Cluster", *, osds: list[int]) -> Held:
    """No PG becomes unavailable when all these OSDs stop at once.

    Follows `ceph osd ok-to-stop`, which calls an OSD that does not exist ok to stop.
    """
    found = ask(cluster, "osd", "ok-to-stop", *map(str, osds), model=OkToStop)
    if found is None:
        return Held(ok=False, state="Ceph can't tell yet: PG states are not known")
    if found.ok_to_stop:
        return Held(ok=True, state=f"{found.num_ok_pgs} PGs stay available")
    bad = (*found.bad_become_inactive, *found.bad_already_inactive)
    named = f" ({', '.join(bad[:5])}{', …' if len(bad) > 5 else ''})" if bad else ""
    return Held(ok=False, state=f"{found.num_not_ok_pgs} PGs are or would become unavailable{named}")


@CEPH_CONDITIONS.named("rook/osd-safe-to-destroy")
def osd_safe_to_destroy(cluster: "Cluster", *, osd: int, uuid: str) -> Held:
    """Destroying the OSD reduces no data's durability; so it is with one that was purged."""
    if osd_info(cluster, osd, uuid) is None:
        return Held(ok=True, state=f"osd.{osd} of UUID {uuid} is gone already")
    found = ask(cluster, "osd", "safe-to-destroy", str(osd), model=SafeToDestroy) or SafeToDestroy()
    if osd in found.safe_to_destroy:
        return Held(ok=True, state=f"osd.{osd} is safe to destroy")
    why = {
        "PGs still map to it": found.active,
        "it still stores PGs": found.stored_pgs,
        "it reports nothing and not all PGs are active+clean": found.missing_stats,
    }
    reason = next((text for text, osds in why.items() if osd in osds), "PG states are not known yet")
    return Held(ok=False, state=f"osd.{osd} is not safe to destroy: {reason}")


@CEPH_CONDITIONS.named("rook/pgs-clean")
def pgs_clean(cluster: "Cluster") -> Held:
    """Every PG is active+clean, or that and being scrubbed or trimmed."""
    found = ask(cluster, "status", model=Status) or Status()
    other = {
        each.state_name: each.count for each in found.pgmap.pgs_by_state if not is_clean(each.state_name)
    }
    dirty, total = sum(other.values()), found.pgmap.num_pgs
    known = sum(each.count for each in found.pgmap.pgs_by_state)
    worst = sorted(other.items(), key=lambda pair: -pair[1])
    named = ", ".join(f"{count} {state}" for state, count in worst[:4])
    settling = SETTLE_SECONDS - _since_last_change(cluster, found)
    if settling > 0:
        return Held(ok=False, state=f"an OSD came or went just now; PG states settle in {settling:.0f} s")
    if known < total or not total:
        return Held(ok=False, state=f"the states of {total - known} of {total} PGs are not known")
    if dirty or found.osdmap.num_remapped_pgs:
        remapped = f"{found.osdmap.num_remapped_pgs} remapped"
        return Held(ok=False, state=f"{total - dirty} of {total} PGs are active+clean; {named or remapped}")
    return Held(ok=True, state=f"all {total} PGs are active+clean")


def _since_last_change(cluster: "Cluster", status: Status) -> float:
    """Seconds since an OSD came up, went down, in or out. A clock that is behind counts as long ago."""
    last = max(status.osdmap.osd_up_since, status.osdmap.osd_in_since)
    passed = cluster.now().timestamp() - last
    return passed if passed >= 0 else SETTLE_SECONDS


def is_clean(state: str) -> bool:
    """Whether a PG state such as `active+clean+scrubbing+deep` is a healthy one."""
    flags = set(state.split("+"))
    return {"active", "clean"} <= flags <= _HARMLESS
