"""A handle on one cluster and the servers around it: live, or a snapshot, read the same way."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from opskit.core import listing
from opskit.core.answers import decode, decoder_for
from opskit.core.errors import ToolFailed
from opskit.core.kinds import Kind, Metadata, Object
from opskit.core.reads import (
    Answer,
    Answers,
    AskHttp,
    ClusterInfo,
    GetMetadata,
    GetObject,
    GetPath,
    Handshake,
    ListObjects,
    OnNode,
    Place,
    QueryMetrics,
    Reader,
    ReadLogs,
    RunTool,
    Session,
)

if TYPE_CHECKING:
    import pandas as pd

    from opskit.core.tables import Columns

__all__ = ["DEADLINE", "Cluster", "decode"]

T = TypeVar("T", bound=Object)

DEADLINE = 30.0
"""Seconds that a read may take unless told otherwise."""


class Cluster:
    """One cluster. Open it with `Cluster.open`; it is a context manager that closes what it opened.

    Attributes:
        reader: live or snapshot.
        settings: what `opskit.toml` says of the systems in it, e.g. `{"rook": {"namespace": …}}`.

    """

    def __init__(
        self,
        reader: Reader,
        *,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        parts: Mapping[str, Callable[[], "Cluster"]] | None = None,
    ) -> None:
        self.reader = reader
        self.settings: dict[str, dict[str, Any]] = {k: dict(v) for k, v in (settings or {}).items()}
        self._parts = dict(parts or {})
        self._open: dict[str, Cluster] = {}

    @classmethod
    def open(
        cls, name: str, *, system: str = "", expect_uid: str | None = None, unanswered: bool = False
    ) -> "Cluster":
        """Open a cluster by name.

        Args:
            name: `demo` (or `demo:STATE`), a snapshot's path, a name in `opskit.toml`, or a
                kubeconfig context.
            system: whose recording is meant, where the demo has one for each system.
            expect_uid: refuse any other cluster than the one with this kube-system namespace UID.
            unanswered: open it also when no API server answers, for what is read past it.

        Raises:
            UnknownName: no such cluster; the message names the known ones.
            SnapshotDamaged: the snapshot is cut off or altered.
            ConfigError: opskit.toml or the kubeconfig is wrong.
            Unreachable, Unauthorized: nothing answers, or it does not let us in.
            WrongCluster: another cluster answers than expected.

        """
        from opskit.core.opening import open_cluster

        return open_cluster(name, system=system, expect_uid=expect_uid, unanswered=unanswered)

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close port-forwards and connections."""
        self.reader.close()
        for part in self._open.values():
            part.close()

    def of(self, system: str) -> "Cluster":
        """Where a system is read: here, or in the demo's recording of that system."""
        if system not in self._parts:
            return self
        if system not in self._open:
            self._open[system] = self._parts[system]()
        return self._open[system]

    def __repr__(self) -> str:
        info = self.info
        state = "live" if info.live else f"snapshot of {info.taken:%Y-%m-%d %H:%M} UTC"
        return f"Cluster({info.name!r}, {info.server}, {info.version}, {state})"

    @property
    def info(self) -> ClusterInfo:
        """What answers: name, server, UID, version."""
        return self.reader.info()

    @property
    def live(self) -> bool:
        """Whether changes are possible at all."""
        return self.info.live

    def now(self) -> datetime:
        """The present in UTC; for a snapshot, the moment it was taken."""
        return self.reader.now()

    def setting(self, system: str, name: str, default: Any = None) -> Any:
        """A system's setting of `opskit.toml`, e.g. `setting("rook", "namespace", "rook-ceph")`."""
        return self.settings.get(system, {}).get(name, default)

    def list(
        self,
        kind: Kind[T],
        *,
        namespace: str | None = None,
        selector: str | None = None,
        deadline: float = DEADLINE,
    ) -> list[T]:
        """All objects of a kind, in the server's order.

        Args:
            kind: what to list.
            namespace: only this one; None is all.
            selector: a label selector, e.g. `app=rook-ceph-osd`.
            deadline: seconds for the whole list.

        Raises:
            NotInstalled: the resource is not served (missing CRD).
            ListExpired: the server forgot the list at each of four tries.
            Forbidden, Unauthorized, Unreachable, DeadlineExceeded, BadAnswer, NotInSnapshot.

        """
        read = _list(kind, namespace, selector)
        return listing.structs(self.reader, read, kind, deadline=deadline)

    def table(
        self,
        kind: Kind[Any],
        columns: "Columns",
        *,
        namespace: str | None = None,
        selector: str | None = None,
        deadline: float = DEADLINE,
    ) -> "pd.DataFrame":
        """A frame of all objects of a kind, filled page by page: memory holds the columns alone.

        Args:
            kind: what to list.
            columns: name → (attribute path, dtype), as `core.tables.frame` takes them. Only the fields on
                these paths are decoded; a function instead of a path needs the whole projection.
            namespace: only this one; None is all.
            selector: a label selector.
            deadline: seconds for the whole list.

        Returns:
            One row an object, in the server's order; the columns in the given order and dtypes.

        Raises:
            BadValue: an unknown dtype, or a value that its dtype can't hold.
            As `list`.

        """
        read = _list(kind, namespace, selector)
        return listing.table(self.reader, read, kind, columns, deadline=deadline)

    def get(self, kind: Kind[T], name: str, *, namespace: str | None = None, deadline: float = DEADLINE) -> T:
        """One object.

        Raises:
            NotFound: it does not exist.
            NotInstalled, Forbidden, Unauthorized, Unreachable, DeadlineExceeded, BadAnswer, NotInSnapshot.

        """
        answer = self.reader.answer(_get(kind, name, namespace), deadline=deadline)
        return decode(answer.body, decoder_for(kind.model), where=f"{kind.kind} {name}")

    def raw(
        self, kind: Kind[Any], name: str, *, namespace: str | None = None, deadline: float = DEADLINE
    ) -> dict[str, Any]:
        """One object, whole."""
        answer = self.reader.answer(_get(kind, name, namespace), deadline=deadline)
        return decode(answer.body, decoder_for(dict[str, Any]), where=f"{kind.kind} {name}")

    def metadata(
        self, kind: Kind[Any], name: str, *, namespace: str | None = None, deadline: float = DEADLINE
    ) -> Metadata:
        """One object's metadata; what it holds, a secret perhaps, is not even asked.

        Raises:
            NotFound: it does not exist.
            NotInstalled, Forbidden, Unauthorized, Unreachable, DeadlineExceeded, BadAnswer, NotInSnapshot.

        """
        read = GetMetadata(
            group=kind.group, version=kind.version, plural=kind.plural, name=name, namespace=namespace
        )
        answer = self.reader.answer(read, deadline=deadline)
        return decode(answer.body, decoder_for(Object), where=f"{kind.kind} {name}").metadata

    def path(self, path: str, *, deadline: float = DEADLINE) -> bytes:
        """The body of a path of the API server that is no resource, e.g. `/version`."""
        return self.reader.answer(GetPath(path=path), deadline=deadline).body

    def tool(
        self,
        argv: Sequence[str],
        *,
        place: Place,
        deadline: float = DEADLINE,
        exit_codes: Iterable[int] = (0,),
    ) -> Answer:
        """Run a command that only reads.

        Args:
            argv: program and arguments; never a shell string.
            place: in a pod, on a node, or here.
            deadline: seconds.
            exit_codes: those that are an answer; others raise.

        Raises:
            ToolFailed: another exit code; holds what the tool said.
            NotInstalled: no such pod, node or program.
            Unreachable, Forbidden, DeadlineExceeded, NotInSnapshot.

        """
        answer = self.reader.answer(RunTool(argv=tuple(argv), place=place), deadline=deadline)
        if answer.exit_code not in exit_codes:
            raise ToolFailed(
                f"`{' '.join(argv)}` ended with exit code {answer.exit_code}: {answer.stderr.strip()[:500]}",
                exit_code_of_tool=answer.exit_code,
                stderr=answer.stderr,
                where=f"node {place.name}" if isinstance(place, OnNode) else self.info.name,
                hint="run the same command by hand in that place to see more",
            )
        return answer

    def tools(
        self, argvs: Sequence[Sequence[str]], *, place: Place, session: Session, deadline: float = DEADLINE
    ) -> Answers:
        """Run several commands that only read through one program that is started once.

        Args:
            argvs: the commands, as `tool` would run each.
            place: in a pod, on a node, or here.
            session: the program, and the same commands as lines of its standard input.
            deadline: seconds for all.

        Returns:
            An answer each; None where a command failed or the session broke: ask that one by `tool`.

        """
        reads = [RunTool(argv=tuple(argv), place=place) for argv in argvs]
        return self.reader.answers(reads, session, place=place, deadline=deadline)

    def http(
        self,
        server: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        question: Mapping[str, Any] | None = None,
        deadline: float = DEADLINE,
    ) -> Answer:
        """Ask a server around the cluster, by URL or through a port-forward.

        Args:
            server: its name; see `AskHttp`.
            path: with a leading slash.
            query: parameters.
            question: sent by POST as JSON, of servers that want it so; it must change nothing.
            deadline: seconds.

        Returns:
            An answer of any status.

        Raises:
            NotInstalled, Unreachable, DeadlineExceeded, BadAnswer, NotInSnapshot.

        """
        body = msgspec.json.encode(question, order="sorted").decode() if question is not None else ""
        read = AskHttp(server=server, path=path, query=tuple(sorted((query or {}).items())), body=body)
        return self.reader.answer(read, deadline=deadline)

    def served(self, host: str, port: int, *, name: str = "", deadline: float = 5.0) -> str:
        """The certificate that a TLS server shows now, as PEM; its trust is not judged.

        Args:
            host: name or address.
            port: TCP port.
            name: server name that is asked for; empty: the host.
            deadline: seconds.

        Raises:
            Unreachable, DeadlineExceeded, NotInSnapshot.

        """
        read = Handshake(host=host, port=port, name=name)
        return self.reader.answer(read, deadline=deadline).body.decode()

    def metrics(
        self, query: str, *, window_seconds: int = 0, step_seconds: int = 60, deadline: float = DEADLINE
    ) -> bytes:
        """Prometheus' raw answer to a PromQL query; `core.tables.series_frame` makes a frame of it.

        Args:
            query: PromQL.
            window_seconds: how far back from now; 0 asks for the present value.
            step_seconds: resolution.
            deadline: seconds.

        Raises:
            NotInstalled: no Prometheus is named or found.

        """
        read = QueryMetrics(query=query, window_seconds=window_seconds, step_seconds=step_seconds)
        return self.reader.answer(read, deadline=deadline).body

    def logs(
        self,
        namespace: str,
        selector: str,
        *,
        container: str | None = None,
        since_seconds: int = 3600,
        deadline: float = DEADLINE,
    ) -> str:
        """The log of a component's pods over a time window, each line prefixed `pod: `."""
        read = ReadLogs(
            namespace=namespace, selector=selector, container=container, since_seconds=since_seconds
        )
        return self.reader.answer(read, deadline=deadline).body.decode(errors="replace")


def _get(kind: Kind[Any], name: str, namespace: str | None) -> GetObject:
    return GetObject(
        group=kind.group, version=kind.version, plural=kind.plural, name=name, namespace=namespace
    )


def _list(kind: Kind[Any], namespace: str | None, selector: str | None) -> ListObjects:
    return ListObjects(
        group=kind.group, version=kind.version, plural=kind.plural, namespace=namespace, selector=selector
    )
