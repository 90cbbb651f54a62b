"""The Lease as one taking of a lock writes it: bound to what was read, and read back when no answer came."""

from typing import TYPE_CHECKING

from opskit.core.answers import converted
from opskit.core.clock import elapsed
from opskit.core.errors import NotFound, OpsError
from opskit.core.lease import LEASES, LeaseObject, Note, document, note_of
from opskit.core.plan import Lock
from opskit.core.write_answers import Accepted, Answered, Declined, Silent
from opskit.core.write_requests import Request
from opskit.core.writes import api_of, submit

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster

READ_SECONDS = 8.0


class Claim:
    """What one taking of a lock knows of its Lease.

    Args:
        cluster: where the Lease lives.
        lock: its namespace and name.
        seconds: how long it outlasts its last renewal.

    Attributes:
        lease: as it was read or written last; None: there is none.
        note: what is to stand in it.
        renewed: when it last stood as it was written, on the clock of `clock.elapsed`; 0: never.
        lost: why it is no longer ours; empty while it may be.
        trouble: why the last write did not stand.

    """

    def __init__(self, cluster: "Cluster", lock: Lock, *, seconds: float) -> None:
        self._cluster = cluster
        self._lock = lock
        self._seconds = seconds
        self.lease: LeaseObject | None = None
        self.note = Note()
        self.renewed = 0.0
        self.lost = ""
        self.trouble = "no answer"

    @property
    def where(self) -> str:
        """`Lease namespace/name`."""
        return f"Lease {self._lock.namespace}/{self._lock.name}"

    def read(self, *, within: float = READ_SECONDS) -> LeaseObject | None:
        """The Lease as it is; None when there is none.

        Args:
            within: seconds.

        Raises:
            ReadError: it can't be read.

        """
        try:
            return self._cluster.get(LEASES, self._lock.name, namespace=self._lock.namespace, deadline=within)
        except NotFound:
            return None

    def write(self, *, holder: str, within: float = READ_SECONDS) -> Declined | Silent | None:
        """Write the Lease. None when it stands as written; else why it does not.

        Args:
            holder: the holder's identity; empty releases it.
            within: seconds at most for each request of it.

        """
        started = elapsed()
        request = self._request(holder)
        try:
            answer = self._sent(request, within)
            stands = isinstance(answer, Accepted) or self._stands(request, within)
        except OpsError as error:
            answer, stands = Silent(text=str(error)), False
        if isinstance(answer, Accepted):
            self.lease = converted(answer.object, LeaseObject)
        if stands:
            self.renewed = started
        if stands or isinstance(answer, Accepted):
            return None
        self.trouble = answer.message if isinstance(answer, Declined) else answer.text
        return answer

    def free(self, judged: LeaseObject | None) -> bool:
        """Whether the Lease is still the one that was judged, or none, or ours.

        Args:
            judged: the Lease that may be taken.

        """
        now = self.lease
        if now is None or note_of(now).session == self.note.session:
            return True
        return judged is not None and now.metadata.resource_version == judged.metadata.resource_version

    def _sent(self, request: Request, within: float) -> Answered:
        api, deadline = api_of(self._cluster), min(within, max(1.0, self._seconds / 10))
        answer = submit(api, request, deadline=deadline, dry_run=True)
        return submit(api, request, deadline=deadline) if isinstance(answer, Accepted) else answer

    def _stands(self, request: Request, within: float) -> bool:
        """Whether the Lease holds what was written without an answer."""
        now, held = self.read(within=within), self.renewed > 0
        if now is None:
            self.lost = f"{self.where} was deleted by someone." if held else ""
            self.lease = None
            return False
        if held and note_of(now).session != self.note.session:
            self.lost = f"The lock was taken: {note_of(now)}."
            return False
        self.lease = now
        return now.spec.renew_time == request.body["spec"]["renewTime"]

    def _request(self, holder: str) -> Request:
        body = document(self._lock, holder=holder, seconds=self._seconds, note=self.note, last=self.lease)
        path = LEASES.path(namespace=self._lock.namespace, name=self._lock.name if self.lease else None)
        return Request(method="PUT" if self.lease else "POST", path=path, body=body)
