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
from opskit.core.answers import converted
from opskit.core.clock import elapsed
from opskit.core.cluster import Cluster
from opskit.core.errors import LockHeld, LockLost, NotFound, OpsError, Stopped
from opskit.core.lease import LEASES, LeaseObject, Note, State, document, note_of
from opskit.core.plan import Lock, Target
from opskit.core.rejections import rejected
from opskit.core.write_answers import Accepted, Answered, Declined, Silent
from opskit.core.write_requests import Request
from opskit.core.writes import api_of, submit

SECONDS = 30.0
"""How long a lock outlasts its last renewal."""

Stop = Callable[[], "str | None"]
"""Who asks to stop: SIGINT, SIGTERM or button; None: nobody."""


def identity(run: str) -> str:
    """`user@host/run`: who holds a lock, for people and for the holder itself."""
    return f"{getpass.getuser()}@{socket.gethostname()}/{run}"


class LeaseLock:
    """The lock of one run.

    Args:
        cluster: where the Lease lives.
        lock: its namespace and name; the namespace exists already.
        holder: who takes it, see `identity`.
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
        self._cluster = cluster
        self._take_over = take_over
        self._seconds = seconds
        self._mutex = threading.RLock()
        self._done = threading.Event()
        self._renewer: threading.Thread | None = None
        self._lease: LeaseObject | None = None
        self._note = Note()
        self._renewed = 0.0
        self._lost = ""
        self._trouble = "no answer"

    @property
    def where(self) -> str:
        """`Lease namespace/name`."""
        return f"Lease {self.lock.namespace}/{self.lock.name}"

    def acquire(self, *, stop: Stop = lambda: None, watch: Callable[[str], None] = lambda _: None) -> Note:
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
        last = self.read()
        if last is not None and last.spec.holder_identity:
            last = self._expired(last, stop, watch)
        before = note_of(last) if last else Note()
        self._require_takeable(before)
        self._lease = last
        self._note = Note(
            run=self.run,
            session=secrets.token_hex(8),
            state="running",
            since=datetime.now(UTC).isoformat(timespec="seconds"),
            by=self.holder.rpartition("/")[0],
            taken_from=before.run if before.unfinished and before.run != self.run else "",
        )
        self._take()
        self._renewer = threading.Thread(target=self._keep, name=f"renew {self.where}", daemon=True)
        self._renewer.start()
        return before

    def read(self) -> LeaseObject | None:
        """The Lease as it is; None when there is none."""
        try:
            return self._cluster.get(LEASES, self.lock.name, namespace=self.lock.namespace, deadline=8.0)
        except NotFound:
            return None

    def check(self) -> None:
        """Call this right before each write.

        Raises:
            LockLost: it was not renewed in time, or someone else holds it.

        """
        silent = elapsed() - self._renewed
        if self._lost or silent > self._seconds * 2 / 3:
            raise LockLost(
                self._lost or f"The lock could not be renewed for {silent:.0f} s: {self._trouble}",
                where=self.where,
                hint=f"nothing more was written; see who holds it, then `opskit resume {self.run}`",
            )

    @property
    def left(self) -> float:
        """Seconds for which it is certainly held, unless it is renewed."""
        return max(0.0, self._seconds * 2 / 3 - (elapsed() - self._renewed))

    def note(self, *, step: str, head: Head) -> None:
        """Write the step and the journal's head into the Lease, and renew it.

        Raises:
            LockLost: someone else holds it, or it can't be renewed.

        """
        with self._mutex:
            self._note = replace(self._note, step=step, seq=str(head.seq), head=head.hash)
            while self._renew(holder=self.holder) is not None:
                self.check()
                self._done.wait(self._seconds / 20)

    def release(self, state: State, *, head: Head) -> None:
        """Let go of the lock, and leave behind how the run ended.

        A lock that was lost is left alone; one of a run whose outcome is unknown stays held, so
        that nobody takes it unawares.
        """
        self._done.set()
        if self._renewer is not None:
            self._renewer.join(timeout=self._seconds / 6)
        with self._mutex:
            self._note = replace(self._note, state=state, seq=str(head.seq), head=head.hash)
            for _ in range(3):
                if not self._renewed or self._lease is None or self._lost:
                    return
                if self._renew(holder=self.holder if state == "unknown" else "") is None:
                    return

    def abandon(self) -> None:
        """Renew it no more: it expires, and whoever comes next learns that the run is unfinished."""
        self._done.set()

    def _expired(self, last: LeaseObject, stop: Stop, watch: Callable[[str], None]) -> LeaseObject | None:
        """The Lease, once it was seen unchanged for its whole duration; None when it is gone."""
        seen = elapsed()
        seconds = float(last.spec.lease_duration_seconds or self._seconds)
        while elapsed() - seen < seconds:
            watch(f"{self.where} is held by {note_of(last)}; seeing whether that run is alive")
            if (by := stop()) is not None:
                raise Stopped(
                    "Stopped while waiting for the lock. Nothing was changed.", by=by, where=self.where
                )
            self._done.wait(min(0.5, seconds / 10))
            now = self.read()
            if now is None or not now.spec.holder_identity:
                return now
            if now.metadata.resource_version != last.metadata.resource_version:
                raise self._held(note_of(now), alive=True)
        return last

    def _require_takeable(self, before: Note) -> None:
        if before.unfinished and before.run != self.run and not self._take_over:
            raise self._held(before, alive=False)

    def _held(self, note: Note, *, alive: bool) -> LockHeld:
        if alive:
            return LockHeld(
                f"The lock is held: {note}; it is alive.",
                where=self.where,
                hint="wait until it has ended, or stop it there",
            )
        return LockHeld(
            f"The lock was left behind: {note}; that run is unfinished and no longer renews it.",
            where=self.where,
            hint=f"`opskit resume {note.run}` or `opskit undo {note.run}`; or go ahead with --take-over",
        )

    def _take(self) -> None:
        answer = self._renew(holder=self.holder)
        if answer is None:
            return
        if self._lease is not None and (isinstance(answer, Silent) or answer.stale):
            raise self._held(note_of(self._lease), alive=True)
        raise rejected(answer, Target(kind="Lease", **msgspec.to_builtins(self.lock)), dry_run=False)

    def _keep(self) -> None:
        pause = self._seconds / 4
        while not self._done.wait(pause):
            with self._mutex:
                if self._lost or self._done.is_set():
                    return
                pause = self._seconds / (4 if self._renew(holder=self.holder) is None else 20)

    def _renew(self, *, holder: str) -> Declined | Silent | None:
        """Write the Lease; a write without an answer is read back. None when it stands as written."""
        started = elapsed()
        request = self._request(holder)
        try:
            answer = self._sent(request)
            stands = isinstance(answer, Accepted) or self._stands(request)
        except OpsError as error:
            answer, stands = Silent(text=str(error)), False
        if isinstance(answer, Accepted):
            self._lease = converted(answer.object, LeaseObject)
        if stands:
            self._renewed = started
        if stands or isinstance(answer, Accepted):
            return None
        self._trouble = answer.message if isinstance(answer, Declined) else answer.text
        return answer

    def _sent(self, request: Request) -> Answered:
        api, deadline = api_of(self._cluster), max(1.0, self._seconds / 10)
        answer = submit(api, request, deadline=deadline, dry_run=True)
        return submit(api, request, deadline=deadline) if isinstance(answer, Accepted) else answer

    def _stands(self, request: Request) -> bool:
        """Whether the Lease holds what was written without an answer."""
        now, held = self.read(), self._renewed > 0
        if now is None:
            self._lost = f"{self.where} was deleted by someone." if held else ""
            self._lease = None
            return False
        if held and note_of(now).session != self._note.session:
            self._lost = f"The lock was taken: {note_of(now)}."
            return False
        self._lease = now
        return now.spec.renew_time == request.body["spec"]["renewTime"]

    def _request(self, holder: str) -> Request:
        body = document(self.lock, holder=holder, seconds=self._seconds, note=self._note, last=self._lease)
        path = LEASES.path(namespace=self.lock.namespace, name=self.lock.name if self._lease else None)
        return Request(method="PUT" if self._lease else "POST", path=path, body=body)
