"""The only writer: every Kubernetes write is dry-run on the server first and bound to what was read."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, cast, runtime_checkable

import msgspec
from msgspec.structs import replace

from opskit.core.answers import decoder_for
from opskit.core.cluster import Cluster, decode
from opskit.core.comparing import changes, status_changes, within
from opskit.core.errors import (
    BadAnswer,
    DeadlineExceeded,
    NotFound,
    PlanChanged,
    ReadError,
    Refused,
    Unreachable,
    UsageError,
)
from opskit.core.findings import Data
from opskit.core.live_api import EVERYTHING, METADATA
from opskit.core.live_faults import refusal
from opskit.core.live_http import Response
from opskit.core.plan import Action, Apply, Call, Change, Delete, Evict, Json, Patch, Run, Step, Target
from opskit.core.reads import Answer, Place
from opskit.core.rejections import rejected
from opskit.core.write_answers import Accepted, Answered, Declined, Silent, called, meaning
from opskit.core.write_requests import Request, Seen, object_path, request_for

SECONDS = 8.0
"""What one request of the writer may take, so that a stop request is answered within ten seconds."""

TRIES = 5
"""Times that an object is read again when it changed between the read and the write."""

REMOVED = "(object)"
"""The path of the change that a deletion makes."""


@runtime_checkable
class Api(Protocol):
    """The part of a live reader that changes go through; each is done once, never repeated."""

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        deadline: float = 30.0,
        retry: bool = False,
        accept: str = EVERYTHING,
    ) -> Response:
        """One request to the API server; the answer of whatever status."""
        ...

    def run(self, argv: Sequence[str], *, place: Place, deadline: float) -> Answer:
        """One command."""
        ...

    def call(
        self, server: str, method: str, path: str, *, body: bytes | None = None, deadline: float = 30.0
    ) -> Response:
        """One request to a server around the cluster."""
        ...


class Prepared(Data, frozen=True):
    """An act that is ready: what it is bound to, and what the server's dry run says that it changes."""

    action: Action
    target: Target
    request: Request | None = None
    """None where the act is no Kubernetes write."""
    seen: Seen | None = None
    """The object as it was read; None when it did not exist."""
    changes: tuple[Change, ...] | None = None
    """None where there is no dry run."""
    blocked: str = ""
    """Why the server would not do it yet: a PodDisruptionBudget."""


class Writer:
    """Performs actions on one live cluster.

    Args:
        cluster: the only one that it writes to.

    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def preview(self, step: Step) -> tuple[Change, ...] | None:
        """What the step would change now, by the server's dry run; None where there is no dry run.

        Raises:
            WriteRejected: the server would refuse it; `dry_run` is True.
            PlanChanged: the target is another object than the step names.
            ReadError: the target could not be read.

        """
        return self.prepare(step.action, step.target).changes

    def prepare(self, action: Action, target: Target) -> Prepared:
        """Read the target and dry-run the action on the server.

        Raises:
            WriteRejected, PlanChanged, ReadError: as `preview`.

        """
        if request_for(action, target, None) is None:
            return Prepared(action=action, target=target)
        prepared = self._prepared(action, target)
        for _ in range(TRIES):
            if isinstance(prepared, Prepared):
                return prepared
            prepared = self._prepared(action, target)
        raise rejected(cast("Declined", prepared), target, dry_run=True)

    def current(self, target: Target, *, for_action: Action | None = None) -> Json | None:
        """The target as it is; None when it does not exist.

        Args:
            target: the object.
            for_action: what it is read for. To remove an object takes its metadata alone: whatever secret it
                holds is not read.

        Raises:
            ReadError: it could not be read.

        """
        path = object_path(target)
        accept = METADATA if isinstance(for_action, Delete | Evict) else EVERYTHING
        response = api_of(self.cluster).request("GET", path, deadline=SECONDS, retry=True, accept=accept)
        if response.status == 200:
            return decode(response.body, decoder_for(dict[str, Any]), where=f"GET {path}")
        error = refusal(response, where=f"GET {path}", resource=target.plural)
        if isinstance(error, NotFound):
            return None
        raise error

    def send(self, prepared: Prepared, *, deadline: float = SECONDS) -> Answered:
        """Perform a prepared act, once.

        Args:
            prepared: what `prepare` returned.
            deadline: seconds; of a command, until it ends.

        """
        api = api_of(self.cluster)
        match prepared.action:
            case Run() as run:
                return _answered(lambda: _ran(api.run(run.argv, place=run.place, deadline=deadline)))
            case Call() as call:
                body = None if call.body is None else msgspec.json.encode(call.body)
                return _answered(
                    lambda: called(
                        api.call(call.server, call.method, call.path, body=body, deadline=deadline)
                    )
                )
            case _:
                return submit(api, cast("Request", prepared.request), deadline=deadline)

    def _prepared(self, action: Action, target: Target) -> Prepared | Declined:
        current = self.current(target, for_action=action)
        if current is None and isinstance(action, Delete | Evict):
            return Prepared(action=action, target=target, changes=())
        _require_same(action, target, current)
        return self._dry_run(action, target, current)

    def _dry_run(self, action: Action, target: Target, current: Json | None) -> Prepared | Declined:
        """What is ready; or `Declined` when the object changed between the read and the dry run."""
        seen = None if current is None else seen_of(current)
        answer, taken = self._tried(action, target, seen), None
        if isinstance(answer, Declined) and _may_force(action, answer):
            taken, answer = answer, self._tried(action, target, seen, force=True)
        if isinstance(answer, Declined) and answer.stale:
            return answer
        request = request_for(action, target, seen, force=taken is not None)
        prepared = Prepared(action=action, target=target, request=request, seen=seen)
        if isinstance(answer, Declined) and answer.later and isinstance(action, Evict):
            return replace(prepared, changes=_removed(target), blocked=answer.message)
        if not isinstance(answer, Accepted):
            raise rejected(answer, target, dry_run=True)
        return replace(prepared, changes=_naming(_found(action, target, current, answer.object), taken))

    def _tried(self, action: Action, target: Target, seen: Seen | None, *, force: bool = False) -> Answered:
        request = cast("Request", request_for(action, target, seen, force=force))
        return submit(api_of(self.cluster), request, deadline=SECONDS, dry_run=True)


def api_of(cluster: Cluster) -> Api:
    """The API server behind a live cluster.

    Raises:
        Refused: it is a snapshot.

    """
    reader = cluster.reader
    if cluster.live and isinstance(reader, Api):
        return reader
    sort = "is being recorded" if cluster.live else "is a snapshot"
    raise Refused(
        f"{cluster.info.name!r} {sort}: it can be read, not changed.",
        where=cluster.info.server,
        hint="open the live cluster to change anything",
    )


def submit(api: Api, request: Request, *, deadline: float, dry_run: bool = False) -> Answered:
    """Send a write once, or its dry run, which does no harm twice and is therefore retried."""
    return _answered(
        lambda: meaning(
            api.request(
                request.method,
                request.path,
                body=msgspec.json.encode(request.content(dry_run=dry_run)),
                query=request.query(dry_run=dry_run),
                content_type=request.content_type,
                accept=METADATA if request.method == "DELETE" else EVERYTHING,
                deadline=deadline,
                retry=dry_run and not request.path.endswith("/eviction"),
            )
        )
    )


def _answered(ask: Callable[[], Answered]) -> Answered:
    try:
        return ask()
    except (Unreachable, DeadlineExceeded) as error:
        return Silent(text=str(error), sent=error.sent)
    except BadAnswer as error:
        return Silent(text=str(error), sent=True)
    except (ReadError, UsageError) as error:
        # No such pod or program, no credential: it was not begun.
        return Declined(status=0, reason=type(error).__name__, message=str(error))


def _ran(answer: Answer) -> Answered:
    """What a command's end says. Its output may hold anything, secrets too: it is not kept."""
    if answer.exit_code == 0:
        return Accepted(object={})
    said = answer.stderr.strip() or answer.body.decode(errors="replace").strip()
    reason = f"exit code {answer.exit_code}"
    return Declined(status=answer.exit_code, reason=reason, message=said[-2000:])


def seen_of(current: Json) -> Seen:
    """What a write is bound to."""
    metadata = current["metadata"]
    return Seen(
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        generation=metadata.get("generation"),
    )


def _require_same(action: Action, target: Target, current: Json | None) -> None:
    if current is None:
        if isinstance(action, Apply) and not target.uid:
            return
        raise NotFound(
            f"{target} does not exist.",
            where=object_path(target),
            hint="look at what removed it, and plan again",
        )
    found = current["metadata"]["uid"]
    if target.uid and target.uid != found:
        raise PlanChanged(
            f"{target} is another object than the plan was made for: its UID is {found}, not {target.uid}.",
            where=object_path(target),
            hint="it was deleted and made anew meanwhile: plan again",
        )


def _may_force(action: Action, answer: Declined) -> bool:
    named = isinstance(action, Apply) and set(answer.managers) <= set(action.take_over)
    return bool(answer.managers) and named


def _found(action: Action, target: Target, current: Json | None, after: Json) -> tuple[Change, ...]:
    if isinstance(action, Delete | Evict):
        return _removed(target)
    if of_status(action):
        return status_changes(current, after)
    if after.get("kind") == "Scale" and target.kind != "Scale":
        before: Any = (current or {}).get("spec", {}).get("replicas")
        wanted: Any = after.get("spec", {}).get("replicas", 0)
        return () if before == wanted else (Change(path="spec.replicas", before=before, after=wanted),)
    found = changes(current, after)
    return within(found, action.manifest) if isinstance(action, Apply) and current is None else found


def of_status(action: Action) -> bool:
    """Whether it writes the status subresource."""
    return isinstance(action, Patch) and action.subresource == "status"


def _removed(target: Target) -> tuple[Change, ...]:
    return (Change(path=REMOVED, before=str(target)),)


def _naming(found: tuple[Change, ...], taken: Declined | None) -> tuple[Change, ...]:
    """Each field that is taken by force, beside its other manager."""
    if taken is None:
        return found
    managers = ", ".join(taken.managers)
    losses = tuple(
        Change(path=f"manager of {field}", before=managers, after="opskit") for field in taken.owned
    )
    return found + losses
