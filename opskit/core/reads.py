"""Everything that can be asked of a cluster, as values.

A live cluster executes a read, a recorder keeps its answer, a snapshot looks it up: all three
by the same value, which is why they can't drift apart.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

import msgspec

from opskit.core.findings import Data


class InPod(Data, frozen=True, tag="pod"):
    """The first Ready pod that the selector finds."""

    namespace: str
    selector: str
    container: str | None = None


class NamedPod(Data, frozen=True, tag="named-pod"):
    """One pod, Ready or not: a daemon that is asked why it is not."""

    namespace: str
    name: str
    container: str | None = None


class OnNode(Data, frozen=True, tag="node"):
    """A node, over SSH."""

    name: str


class Local(Data, frozen=True, tag="local"):
    """This machine."""


Place = InPod | NamedPod | OnNode | Local


class ListObjects(Data, frozen=True, tag="list"):
    """All objects of a resource; `None` is every namespace, or no selector."""

    group: str
    version: str
    plural: str
    namespace: str | None = None
    selector: str | None = None


class GetObject(Data, frozen=True, tag="get"):
    """One object."""

    group: str
    version: str
    plural: str
    name: str
    namespace: str | None = None


class GetMetadata(Data, frozen=True, tag="metadata"):
    """The metadata of one object, and nothing of what it holds: for objects that hold secrets."""

    group: str
    version: str
    plural: str
    name: str
    namespace: str | None = None


class GetPath(Data, frozen=True, tag="path"):
    """A path of the API server that is no resource: `/version`, `/metrics`, `/apis`."""

    path: str


class RunTool(Data, frozen=True, tag="tool"):
    """A command that only reads. An argv, never a shell string."""

    argv: tuple[str, ...]
    place: Place


class AskHttp(Data, frozen=True, tag="http"):
    """A question to a server around the cluster, which changes nothing.

    `server` is a name of `opskit.toml` or one that is found in the cluster: `prometheus`, `dex`,
    `istiod`, `vault`, … One of its pods is `NAME@https://NAMESPACE/POD:PORT`, another address `NAME@https://HOST:PORT`.
    """

    server: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: str = ""
    """JSON. Empty: a GET; else a POST, which some servers want for mere questions."""


class Handshake(Data, frozen=True, tag="tls"):
    """The certificate that a TLS server shows; who it is signed by is not judged."""

    host: str
    port: int
    name: str = ""
    """Server name that is asked for (SNI); empty: the host."""


class SearchDirectory(Data, frozen=True, tag="ldap"):
    """An LDAP search, after one bind.

    `server` is a name of `opskit.toml`, which may give its address, its CA and the password of the bind;
    where it names no address, `NAME@ldaps://HOST:PORT` (or `ldap://`, or `ldap+tls://` for StartTLS) does.
    """

    server: str
    base: str
    filter: str = "(objectClass=*)"
    scope: str = "sub"
    """`base`, `one` or `sub`."""
    attributes: tuple[str, ...] = ()
    bind: str = ""
    """DN; empty: anonymous."""
    password: str = ""
    """Reference to the password of `bind`; empty: the one that `opskit.toml` names."""


class AskHead(Data, frozen=True, tag="head"):
    """When a server answers by its own clock, and how long its answer may be kept."""

    path: str
    server: str = ""
    """Empty: the API server."""


class QueryMetrics(Data, frozen=True, tag="metrics"):
    """A PromQL range query. `window_seconds` back from now; 0 is an instant query."""

    query: str
    window_seconds: int = 0
    step_seconds: int = 60


class ReadLogs(Data, frozen=True, tag="logs"):
    """A component's log: all pods of the selector, back from now."""

    namespace: str
    selector: str
    container: str | None = None
    since_seconds: int = 3600


class Session(Data, frozen=True):
    """One program that takes many commands on its standard input: it starts and connects once."""

    argv: tuple[str, ...]
    lines: tuple[str, ...]
    """One command a line, each answered with JSON documents."""
    mark: str
    """A command whose answer never changes: asked around every few lines, it tells the answers apart."""
    end: str
    """What makes it end: not every kubelet passes on that its input has ended."""


Read = (
    ListObjects
    | GetObject
    | GetMetadata
    | GetPath
    | RunTool
    | AskHttp
    | Handshake
    | SearchDirectory
    | AskHead
    | QueryMetrics
    | ReadLogs
)


class Answer(Data, frozen=True):
    """What came back."""

    body: bytes
    exit_code: int = 0
    """Of a tool."""
    stderr: str = ""
    """Of a tool."""
    status: int = 200
    """Of an HTTP answer."""


class ClusterInfo(Data, frozen=True):
    """What answers, so that a person can tell which cluster it is."""

    name: str
    server: str
    uid: str
    """UID of the kube-system namespace."""
    version: str
    """Of the API server, e.g. `v1.37.2`."""
    live: bool
    taken: datetime | None = None
    """When a snapshot was taken."""


Answers = list[Answer | None]
"""One for each read; None where it has to be asked alone."""


@runtime_checkable
class Reader(Protocol):
    """The two ways to read a cluster: live, or from a snapshot.

    Both raise only `opskit.core.errors.ReadError` and its children.
    """

    def info(self) -> ClusterInfo:
        """What answers."""
        ...

    def now(self) -> datetime:
        """The present, aware and in UTC; a snapshot's is the moment it was taken."""
        ...

    def pages(self, read: ListObjects, *, deadline: float) -> Iterator[bytes]:
        """The list's pages as raw JSON (`{items: […]}`); a wider list than asked may come back.

        Raises:
            ListExpired: the pages so far are void; the caller begins anew.

        """
        ...

    def answer(self, read: Read, *, deadline: float) -> Answer:
        """One answer. `deadline` is in seconds."""
        ...

    def answers(
        self, reads: Sequence[RunTool], session: Session, *, place: Place, deadline: float
    ) -> Answers:
        """Several tools' answers through one session."""
        ...

    def close(self) -> None:
        """End port-forwards and connections that it opened."""
        ...


def key(read: Read) -> str:
    """The read's canonical JSON: equal reads have equal keys, in any process."""
    return msgspec.json.encode(read, order="sorted").decode()
