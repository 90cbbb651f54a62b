"""Every check of every system, at once: a system that fails or hangs takes none of the others along."""

import gc
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from opskit import systems
from opskit.core.budget import Budget
from opskit.core.cluster import Cluster
from opskit.core.errors import OpsError
from opskit.core.findings import Data, Finding, by_severity
from opskit.core.parts import Unread, unread
from opskit.core.secrets import scrub
from opskit.core.system import System

SECONDS = 60.0
"""For reading one system; all are read at the same time."""
GRACE = 5.0
"""Seconds for judging what was read in time, and for reads that end late."""
_NAMED = 3


class Defect(Data, frozen=True):
    """A system's room raised what it should not have."""

    system: str
    error: str
    trace: str


class Survey(Data, frozen=True):
    """What was found on a cluster."""

    cluster: str
    findings: tuple[Finding, ...]
    unread: tuple[str, ...] = ()
    """What could not be read, and why; each begins with the system's name."""
    absent: tuple[str, ...] = ()
    """Systems that are not there: `vault: not installed`."""
    lacking: tuple[str, ...] = ()
    """Parts that a sound system may be without and that are not there, as `unread`."""
    defects: tuple[Defect, ...] = ()


class Seen(Data, frozen=True):
    """One system, read and judged."""

    findings: tuple[Finding, ...] = ()
    unread: tuple[str, ...] = ()
    absent: str = ""
    lacking: tuple[str, ...] = ()
    defect: Defect | None = None


Told = Callable[[str], None]


def rooms(names: Iterable[str] = ()) -> tuple[System[Any], ...]:
    """The systems of these names; no name is all of them.

    Raises:
        UnknownName: no such system.

    """
    return tuple(systems.load(name) for name in tuple(names) or systems.NAMES)


def survey(
    cluster: Cluster,
    judged: Iterable[System[Any]],
    *,
    name: str = "",
    seconds: float = SECONDS,
    told: Told = lambda _: None,
) -> Survey:
    """Read and judge systems, all at the same time.

    Args:
        cluster: live or a snapshot.
        judged: the systems.
        name: of the cluster, where no API server tells it; empty: as it calls itself.
        seconds: for reading each; what was read by then is judged.
        told: hears of each system's end, and who is still waited for.

    Returns:
        All that was found. A system that fails, hangs or has a defect leaves a line that says so.

    """
    wanted = tuple(judged)
    with _uncollected():
        done = _at_once(cluster, wanted, seconds, told)
    every = [(room.name, done.get(room.name) or _hung(room.name, seconds)) for room in wanted]
    return Survey(
        cluster=name or cluster.info.name,
        findings=tuple(by_severity(each for _, seen in every for each in seen.findings)),
        unread=tuple(line for _, seen in every for line in seen.unread),
        absent=tuple(f"{name}: {seen.absent}" for name, seen in every if seen.absent),
        lacking=tuple(line for _, seen in every for line in seen.lacking),
        defects=tuple(seen.defect for _, seen in every if seen.defect),
    )


@contextmanager
def _uncollected() -> Generator[None]:
    """Facts are trees without cycles: looking for garbage among them takes a fifth of the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _at_once(
    cluster: Cluster, wanted: tuple[System[Any], ...], seconds: float, told: Told
) -> dict[str, Seen]:
    """Each system in a thread of its own; daemons, so that one that hangs does not keep the process."""
    done: dict[str, Seen] = {}
    ended = threading.Semaphore(0)

    def work(room: System[Any]) -> None:
        done[room.name] = look(cluster, room, seconds=seconds)
        ended.release()

    for room in wanted:
        threading.Thread(target=work, args=(room,), name=f"opskit-{room.name}", daemon=True).start()
    until = time.monotonic() + seconds + GRACE
    for _ in wanted:
        while not ended.acquire(timeout=min(2.0, max(0.0, until - time.monotonic()))):
            if time.monotonic() >= until:
                return dict(done)
            told(f"Still reading {', '.join(room.name for room in wanted if room.name not in done)}")
    return dict(done)


def look(cluster: Cluster, room: System[Any], *, seconds: float = SECONDS) -> Seen:
    """Read and judge one system; whatever goes wrong becomes a line of its own."""
    try:
        own = cluster.of(room.name)
        facts = room.facts(Cluster(Budget(own.reader, seconds, what=room.name), settings=own.settings))
        if absent := room.absent(facts):
            return Seen(absent=absent)
        return _judged(room, facts)
    except OpsError as error:
        return Seen(unread=(f"{room.name}: {error}",))
    except Exception as error:  # noqa: BLE001 - one room's defect must not hide what the others found
        return Seen(defect=_defect(room.name, error))


def _judged(room: System[Any], facts: Any) -> Seen:
    every = list(unread(facts))
    lacking = [part for name, part in every if room.may_lack(name, part)]
    return Seen(
        findings=tuple(room.checks(facts)),
        unread=tuple(_reasons(room.name, (part for _, part in every if part not in lacking))),
        lacking=tuple(_reasons(room.name, lacking)),
    )


def _reasons(system: str, missing: Iterable[Unread]) -> Iterator[str]:
    """One line for each reason why parts of the facts could not be read."""
    reasons: dict[str, list[Unread]] = {}
    for part in missing:
        reasons.setdefault(part.reason, []).append(part)
    for reason, parts in reasons.items():
        names = ", ".join(each.part for each in parts[:_NAMED])
        more = f" and {len(parts) - _NAMED} more" if len(parts) > _NAMED else ""
        yield f"{system}: {names}{more}: {reason}"


def _defect(system: str, error: Exception) -> Defect:
    text = "".join(traceback.format_exception(error))
    return Defect(system=system, error=scrub(f"{type(error).__name__}: {error}"), trace=scrub(text))


def _hung(system: str, seconds: float) -> Seen:
    line = (
        f"{system}: It did not answer within {seconds + GRACE:g} s, so nothing of it is judged. "
        f"Next: opskit findings --system {system} --timeout 5m, and look at its servers"
    )
    return Seen(unread=(line,))
