"""Another's lock: whether its holder is alive, and who may take it."""

import threading
from collections.abc import Callable

from opskit.core.claim import Claim
from opskit.core.clock import elapsed
from opskit.core.errors import DeadlineExceeded, LockHeld, Stopped, Unreachable
from opskit.core.lease import LeaseObject, Note, note_of
from opskit.core.wait import Stop

PATIENCE = 6
"""Durations of a lock for which an API server may be away while one waits for it."""


def expired(
    claim: Claim, last: LeaseObject, *, seconds: float, stop: Stop, watch: Callable[[str], None]
) -> LeaseObject | None:
    """The Lease, once it was seen unchanged for its whole duration; None when it is gone or free.

    While the API server is away nobody can renew: only what was seen without a gap counts.

    Args:
        claim: reads the Lease.
        last: as it was read first.
        seconds: its duration, where it names none.
        stop: who asks to stop.
        watch: told what it waits for.

    Raises:
        LockHeld: its holder renews it.
        Stopped: `stop` said so.
        ReadError: it can't be read.

    """
    began = seen = elapsed()
    seconds = float(last.spec.lease_duration_seconds or seconds)
    while elapsed() - seen < seconds:
        watch(f"{claim.where} is held by {note_of(last)}; seeing whether that run is alive")
        if (by := stop()) is not None:
            raise Stopped(
                "Stopped while waiting for the lock. Nothing was changed.", by=by, where=claim.where
            )
        threading.Event().wait(min(0.5, seconds / 10))
        try:
            now = claim.read()
        except (Unreachable, DeadlineExceeded):
            if elapsed() - began > seconds * PATIENCE:
                raise
            seen = elapsed()
            continue
        if now is None or not now.spec.holder_identity:
            return now
        if now.metadata.resource_version != last.metadata.resource_version:
            raise held(note_of(now), where=claim.where, alive=True)
    return last


def require_takeable(before: Note, *, run: str, take_over: bool, where: str) -> None:
    """An expired lock may be taken by the run that left it, and by others where that is wanted.

    Raises:
        LockHeld: names run and step.

    """
    if before.unfinished and before.run != run and not take_over:
        raise held(before, where=where, alive=False)


def held(note: Note, *, where: str, alive: bool) -> LockHeld:
    """What is said of a lock that another run holds, or left behind."""
    if alive:
        return LockHeld(
            f"The lock is held: {note}; it is alive.",
            where=where,
            hint="wait until it has ended, or stop it there",
        )
    return LockHeld(
        f"The lock was left behind: {note}; that run is unfinished and no longer renews it.",
        where=where,
        hint=f"`opskit resume {note.run}` or `opskit undo {note.run}`; or go ahead with --take-over",
    )
