"""One writer per target: a Kubernetes Lease, taken by resourceVersion and renewed while a run lasts.

Times in a Lease are never compared with a clock here: another machine's clock may be wrong. A
Lease has expired when it was seen unchanged for its duration, by this process's own clock.
"""

import getpass
import secrets
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from opskit.core.anchor import Head
from opskit.core.claim import Claim
from opskit.core.clock import elapsed
from opskit.core.cluster import Cluster
from opskit.core.errors import LockLost
from opskit.core.lease import LeaseObject, Note, State, note_of
from opskit.core.lock_others import PATIENCE, expired, held, require_takeable
from opskit.core.plan import Lock, Target
from opskit.core.rejections import rejected
from opskit.core.wait import Stop, interruptibly, never, rest
from opskit.core.write_answers import Declined, Silent

SECONDS = 30.0
"""How long a lock outlasts its last renewal."""
NOTING = 1.0
"""Seconds that noting a step may go on after a stop request, before it is left behind."""
RELEASING = 3.0
"""Seconds in which a lock is tried to be let go of: less than a stop request leaves."""


def identity(run: str) -> str:
    """`user@host/run`: who holds a lock, for people and for the holder itself."""
    return f"{getpass.getuser()}@{socket.gethostname()}/{run}"


class LeaseLock:
    """The lock of one run.

    Args:
        cluster: where the Lease lives.
        lock: its namespace and name; the namespace exists already.
        holder: who takes it, see `identity`. Only one process has this identity at a time: the one that has
            the run's journal open. What it left behind when it died, it takes again without waiting.
        run: the run's id.
        take_over: take an expired lock although its run is unfinished.
        seconds: how long it outlasts its last renewal.

    """

    def __init__(
        self,
        cluster: Cluster,
        lock: Lock,
        *,
        holder: str,
        run: str,
        take_over: bool = False,
        seconds: float = SECONDS,
    ) -> None:
        self.lock = lock
        self.holder = holder
        self.run = run
        self._take_over = take_over
        self._seconds = seconds
        self._claim = Claim(cluster, lock, seconds=seconds)
        self._mutex = threading.RLock()
        self._done = threading.Event()
        self._renewer: threading.Thread | None = None

    @property
    def where(self) -> str:
        """`Lease namespace/name`."""
        return self._claim.where

    def acquire(self, *, stop: Stop = never, watch: Callable[[str], None] = lambda _: None) -> Note:
        """Take the lock and keep it renewed.

        Args:
            stop: asked while it waits to see whether a holder is alive.
            watch: told what it waits for.

        Returns:
            What the Lease said of the run before; its `run` is empty when there was none.

        Raises:
            LockHeld: another run holds it, or left it behind unfinished.
            Stopped: `stop` said so.
            ReadError, WriteRejected: the Lease can't be read or written.

        """
        last = self._claim.read()
        if last is not None and last.spec.holder_identity not in (None, "", self.holder):
            last = expired(self._claim, last, seconds=self._seconds, stop=stop, watch=watch)
        before = note_of(last) if last else Note()
        require_takeable(before, run=self.run, take_over=self._take_over, where=self.where)
        self._claim.lease = last
        self._claim.note = self._our_note(before)
        self._take(last, stop)
        self._renewer = threading.Thread(target=self._keep, name=f"renew {self.where}", daemon=True)
        self._renewer.start()
        return before

    def read(self) -> LeaseObject | None:
        """The Lease as it is; None when there is none."""
        return self._claim.read()

    def check(self) -> None:
        """Call this right before each write.

        Raises:
            LockLost: it was not renewed in time, or someone else holds it.

        """
        if self._claim.lost or self._silent > self._seconds * 2 / 3:
            raise self._gone()

    def require_ours(self) -> None:
        """Call this while only waiting.

        A lock that is late is not lost: while the API server is away nobody can take it, and the next renewal
        is bound to the last one's resourceVersion, so that it fails where somebody held the lock in between.

        Raises:
            LockLost: someone else holds it, or it could not be renewed for `PATIENCE` durations.

        """
        if self._claim.lost or self.given_up:
            raise self._gone()

    @property
    def given_up(self) -> bool:
        """Whether it could not be renewed for so long that waiting is no use."""
        return self._silent > self._seconds * PATIENCE

    def regain(self, *, stop: Stop = never, watch: Callable[[str], None] = lambda _: None) -> None:
        """Wait until a write may be sent: until the lock is renewed, if it is late.

        Args:
            stop: asked meanwhile.
            watch: told what it waits for.

        Raises:
            LockLost: as `require_ours`.
            Stopped: `stop` said so.

        """
        while self._silent > self._seconds * 2 / 3:
            self.require_ours()
            watch(f"{self.where} can't be renewed: {self._claim.trouble}")
            rest(self._seconds / 60, stop, "waiting to renew the lock")
        self.check()

    @property
    def left(self) -> float:
        """Seconds for which it is certainly held, unless it is renewed."""
        return max(0.0, self._seconds * 2 / 3 - self._silent)

    def note(self, *, step: str, head: Head, stop: Stop = never) -> None:
        """Write the step and the journal's head into the Lease, and renew it.

        Raises:
            LockLost: as `require_ours`.
            Stopped: `stop` said so.

        """
        doing = "noting the step in the lock"
        while not interruptibly(lambda: self._noted(step, head), stop=stop, grace=NOTING, doing=doing):
            self.require_ours()
            rest(self._seconds / 20, stop, doing)

    def release(self, state: State, *, head: Head) -> None:
        """Let go of the lock, and leave behind how the run ended.

        A lock that was lost is left alone; one of a run whose outcome is unknown stays held, so
        that nobody takes it unawares.
        """
        self._done.set()
        over = elapsed() + RELEASING
        if not self._mutex.acquire(timeout=RELEASING):
            return
        try:
            note = self._claim.note
            self._claim.note = replace(note, state=state, seq=str(head.seq), head=head.hash)
            self._let_go("" if state != "unknown" else self.holder, over)
        finally:
            self._mutex.release()

    def _let_go(self, holder: str, over: float) -> None:
        claim = self._claim
        while claim.renewed and claim.lease is not None and not claim.lost:
            within = max(0.2, (over - elapsed()) / 2)
            if claim.write(holder=holder, within=within) is None or elapsed() > over:
                return
            rest(self._seconds / 100, never, "letting go of the lock")

    def abandon(self) -> None:
        """Renew it no more: it expires, and whoever comes next learns that the run is unfinished."""
        self._done.set()

    @property
    def _silent(self) -> float:
        """Seconds since it last stood as it was written."""
        return elapsed() - self._claim.renewed

    def _gone(self) -> LockLost:
        return LockLost(
            self._claim.lost
            or f"The lock could not be renewed for {self._silent:.0f} s: {self._claim.trouble}",
            where=self.where,
            hint=f"nothing more was written; see who holds it, then `opskit resume {self.run}`",
        )

    def _our_note(self, before: Note) -> Note:
        return Note(
            run=self.run,
            session=secrets.token_hex(8),
            state="running",
            since=datetime.now(UTC).isoformat(timespec="seconds"),
            by=self.holder.rpartition("/")[0],
            taken_from=before.run if before.unfinished and before.run != self.run else "",
        )

    def _noted(self, step: str, head: Head) -> bool:
        with self._mutex:
            self._claim.note = replace(self._claim.note, step=step, seq=str(head.seq), head=head.hash)
            return self._claim.write(holder=self.holder) is None

    def _take(self, judged: LeaseObject | None, stop: Stop) -> None:
        """Write the Lease; where no answer came, or "later", ask again as long as it is free."""
        over = elapsed() + self._seconds
        while (answer := self._claim.write(holder=self.holder)) is not None:
            if not self._claim.free(judged):
                raise held(note_of(self._claim.lease or LeaseObject()), where=self.where, alive=True)
            again = isinstance(answer, Silent) or answer.stale or answer.later
            if not again or elapsed() > over:
                raise rejected(answer, Target(kind="Lease", **msgspec.to_builtins(self.lock)), dry_run=False)
            rest(max(self._seconds / 60, _asked(answer)), stop, "taking the lock")

    def _keep(self) -> None:
        pause = self._seconds / 4
        while not self._done.wait(pause):
            with self._mutex:
                if self._claim.lost or self._done.is_set():
                    return
                pause = self._seconds / (4 if self._claim.write(holder=self.holder) is None else 20)


def _asked(answer: Declined | Silent) -> float:
    """Seconds that the server asks to wait."""
    return answer.after if isinstance(answer, Declined) else 0.0
