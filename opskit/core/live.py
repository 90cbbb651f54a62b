"""A live cluster: each read executed against the real servers."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from opskit.core import live_head, live_ldap, live_session
from opskit.core.answers import decoder_for
from opskit.core.config import Nodes, Server
from opskit.core.errors import BadAnswer, DeadlineExceeded, Forbidden, ReadError, Unreachable
from opskit.core.kinds import resource_path
from opskit.core.live_api import DEADLINE, EVERYTHING, METADATA, ApiServer
from opskit.core.live_exec import run_in_pod
from opskit.core.live_faults import require_json
from opskit.core.live_http import Response
from opskit.core.live_logs import read_logs
from opskit.core.live_metrics import as_request, checked
from opskit.core.live_retry import broke_off, retried
from opskit.core.live_servers import Servers
from opskit.core.live_ssh import NodeShells
from opskit.core.live_tls import shown
from opskit.core.local_tool import run_here
from opskit.core.reads import (
    Answer,
    Answers,
    AskHead,
    AskHttp,
    ClusterInfo,
    GetMetadata,
    GetObject,
    GetPath,
    Handshake,
    InPod,
    ListObjects,
    Local,
    NamedPod,
    OnNode,
    Place,
    QueryMetrics,
    Read,
    ReadLogs,
    RunTool,
    SearchDirectory,
    Session,
)

PAGE = 500
SILENT_SECONDS = 10.0
"""How long nobody asks again who answers, after nobody did."""


class _ListMeta(msgspec.Struct, frozen=True, rename={"next": "continue"}):
    next: str = ""


class _Page(msgspec.Struct, frozen=True):
    metadata: _ListMeta = _ListMeta()


class _Version(msgspec.Struct, frozen=True, rename="camel"):
    git_version: str = ""


class _Uid(msgspec.Struct, frozen=True):
    uid: str = ""


class _Namespace(msgspec.Struct, frozen=True):
    metadata: _Uid = _Uid()


class LiveReader:
    """Reads a running cluster.

    Args:
        api: its API server.
        name: what the user calls the cluster.
        servers: those around it that `opskit.toml` names; others are looked for in the cluster.
        nodes: how its nodes are reached over SSH.

    """

    def __init__(
        self,
        api: ApiServer,
        *,
        name: str,
        servers: Mapping[str, Server] | None = None,
        nodes: Nodes | None = None,
    ) -> None:
        self.api = api
        self.name = name
        self.servers = Servers(api, servers or {})
        self.nodes = nodes or Nodes()
        self._shells = NodeShells(self.nodes)
        self._info: ClusterInfo | None = None
        self._silent: tuple[float, ReadError] | None = None

    def info(self) -> ClusterInfo:
        """What answers. Asked once, then remembered; that nothing answers is remembered for a moment."""
        if self._info is None:
            version = self._version()
            self._info = ClusterInfo(
                name=self.name,
                server=self.api.address,
                uid=self._uid(),
                version=version.git_version,
                live=True,
            )
        return self._info

    def _version(self) -> Any:
        if self._silent and time.monotonic() - self._silent[0] < SILENT_SECONDS:
            raise self._silent[1]
        try:
            return self._decoded("/version", _Version)
        except (Unreachable, DeadlineExceeded) as error:
            self._silent = (time.monotonic(), error)
            raise

    def _uid(self) -> str:
        """Empty where the right is lacking: reading goes on, and what needs the pin refuses."""
        path = resource_path("", "v1", "namespaces", name="kube-system")
        try:
            return str(self._decoded(path, _Namespace).metadata.uid)
        except Forbidden:
            return ""

    def now(self) -> datetime:
        """The present in UTC."""
        return datetime.now(UTC)

    def close(self) -> None:
        """End port-forwards and close connections."""
        self._shells.close()
        self.servers.close()
        self.api.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        deadline: float = DEADLINE,
        retry: bool = False,
        accept: str = EVERYTHING,
    ) -> Response:
        """One request to the API server, for the writer; see `ApiServer.request`."""
        return self.api.request(
            method,
            path,
            body=body,
            query=query,
            content_type=content_type,
            deadline=deadline,
            retry=retry,
            accept=accept,
        )

    def run(self, argv: Sequence[str], *, place: Place, deadline: float) -> Answer:
        """A command, run once and never repeated: whoever only reads may ask again.

        Args:
            argv: program and arguments.
            place: in a pod, on a node, or here.
            deadline: seconds.

        Raises:
            NotInstalled, Unreachable, DeadlineExceeded, Forbidden, Unauthorized, BadAnswer.

        """
        match place:
            case InPod() | NamedPod():
                return run_in_pod(self.api, argv, place, deadline=deadline)
            case OnNode():
                return self._shells.run(place.name, argv, deadline=deadline)
            case Local():
                return run_here(argv, deadline=deadline)

    def call(
        self,
        server: str,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        deadline: float = DEADLINE,
    ) -> Response:
        """One request to a server around the cluster, for the writer; see `Servers.request`."""
        return self.servers.request(
            server, method, path, query=query, body=body, content_type=content_type, deadline=deadline
        )

    def pages(self, read: ListObjects, *, deadline: float) -> Iterator[bytes]:
        """The list's pages of at most 500 objects.

        Raises:
            ListExpired: the server forgot the list meanwhile; what came before is void.

        """
        until = time.monotonic() + deadline
        path = resource_path(read.group, read.version, read.plural, namespace=read.namespace)
        query = {"limit": str(PAGE)} | ({"labelSelector": read.selector} if read.selector else {})
        while True:
            left = until - time.monotonic()
            if left <= 0:
                raise DeadlineExceeded(
                    f"The list of {read.plural} was not complete after {round(deadline, 1):g} s.",
                    sent=True,
                    where=f"GET {self.api.address}{path}",
                    hint="ask for one namespace, or allow more time",
                )
            page = self._get(path, query=query, deadline=left, resource=_resource(read))
            yield page
            token = self._continue(page, path)
            if not token:
                return
            query["continue"] = token

    def answer(self, read: Read, *, deadline: float) -> Answer:
        """One answer."""
        match read:
            case GetObject() | GetMetadata():
                path = resource_path(
                    read.group, read.version, read.plural, namespace=read.namespace, name=read.name
                )
                accept = METADATA if isinstance(read, GetMetadata) else EVERYTHING
                body = self._get(path, deadline=deadline, resource=_resource(read), accept=accept)
                return Answer(body=body)
            case GetPath():
                return Answer(body=self.api.read(read.path, deadline=deadline).body)
            case RunTool():
                return self._asked(read, deadline)
            case AskHttp():
                return self._http(read, deadline)
            case Handshake():
                return Answer(body=shown(read, deadline=deadline))
            case SearchDirectory():
                return Answer(body=live_ldap.found(self.servers, read, deadline=deadline))
            case AskHead():
                return Answer(body=live_head.told(self.api, self.servers, read, deadline=deadline))
            case QueryMetrics():
                ask = as_request(read, self.now())
                response = self.servers.read(ask.server, ask.path, query=dict(ask.query), deadline=deadline)
                return Answer(body=checked(response, read))
            case ReadLogs():
                return Answer(body=read_logs(self.api, read, deadline=deadline))
            case ListObjects():
                raise TypeError("lists are read by pages()")

    def answers(
        self, reads: Sequence[RunTool], session: Session, *, place: Place, deadline: float
    ) -> Answers:
        """What a session in a pod answers; elsewhere, and when it fails, each is to be asked alone."""
        alone: Answers = [None] * len(reads)
        if not isinstance(place, InPod):
            return alone
        lines = live_session.lines(session)
        try:
            said = self._again_if_broken(
                lambda timeout: run_in_pod(self.api, session.argv, place, deadline=timeout, lines=lines),
                deadline,
            )
        except ReadError:
            return alone
        return live_session.answers(said.body, count=len(reads))

    def _asked(self, read: RunTool, deadline: float) -> Answer:
        return self._again_if_broken(
            lambda timeout: self.run(read.argv, place=read.place, deadline=timeout), deadline
        )

    def _again_if_broken(self, ask: Callable[[float], Answer], deadline: float) -> Answer:
        """A command that only reads is run again where the connection broke before it ended."""
        return retried(
            ask,
            deadline=deadline,
            budget=self.api.budget,
            passes=broke_off,
            shares=(1.0,),
        )

    def _http(self, read: AskHttp, deadline: float) -> Answer:
        response = self.servers.read(
            read.server, read.path, query=dict(read.query), body=read.body.encode() or None, deadline=deadline
        )
        return Answer(body=response.body, status=response.status)

    def _get(
        self,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        deadline: float,
        resource: str,
        accept: str = EVERYTHING,
    ) -> bytes:
        response = self.api.read(path, query=query, deadline=deadline, resource=resource, accept=accept)
        require_json(response, where=f"GET {self.api.address}{path}")
        return response.body

    def _continue(self, page: bytes, path: str) -> str:
        try:
            return decoder_for(_Page).decode(page).metadata.next
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BadAnswer(
                f"The page can't be used: {error}. It begins {page[:60]!r} and has {len(page)} bytes.",
                where=f"GET {self.api.address}{path}",
                hint="look at what stands before the API server",
            ) from error

    def _decoded(self, path: str, shape: type[msgspec.Struct]) -> Any:
        return decoder_for(shape).decode(self._get(path, deadline=DEADLINE, resource=""))


def _resource(read: ListObjects | GetObject | GetMetadata) -> str:
    return f"{read.plural}.{read.group}" if read.group else read.plural
