"""Recorded reads, and a cluster that replays them: what real Ceph answered, byte for byte."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opskit.core import errors
from opskit.core.cluster import Cluster
from opskit.core.reads import Answer, ClusterInfo, ListObjects, Read, Reader, RunTool, key

RECORDED = Path(__file__).parent / "recorded"


class Recording:
    """A reader that keeps what another one answers."""

    def __init__(self, reader: Reader) -> None:
        self.reader, self.kept = reader, dict[str, dict[str, Any]]()

    def info(self) -> ClusterInfo:
        return self.reader.info()

    def now(self) -> datetime:
        return self.reader.now()

    def close(self) -> None:
        self.reader.close()

    def pages(self, read: ListObjects, *, deadline: float) -> Iterator[bytes]:
        try:
            pages = list(self.reader.pages(read, deadline=deadline))
        except errors.ReadError as error:
            self._failed(read, error)
            raise
        self.kept[key(read)] = {"pages": [page.decode() for page in pages]}
        return iter(pages)

    def answer(self, read: Read, *, deadline: float) -> Answer:
        try:
            answer = self.reader.answer(read, deadline=deadline)
        except errors.ReadError as error:
            self._failed(read, error)
            raise
        self.kept[key(read)] = {
            "body": answer.body.decode(),
            "exit_code": answer.exit_code,
            "stderr": answer.stderr,
        }
        return answer

    def answers(self, reads: Sequence[RunTool], session: Any, *, place: Any, deadline: float) -> list[Any]:
        return [None for _ in reads]

    def _failed(self, read: Read, error: errors.ReadError) -> None:
        self.kept[key(read)] = {"error": type(error).__name__, "what": error.what}

    def save(self, state: str) -> None:
        RECORDED.mkdir(exist_ok=True)
        whole = {"taken": self.now().isoformat(), "reads": dict(sorted(self.kept.items()))}
        (RECORDED / f"{state}.json").write_text(json.dumps(whole, indent=1) + "\n")


class Replay:
    """A reader over one recorded state; `changed` replaces bodies by the words of the command."""

    def __init__(self, state: str, changed: dict[str, bytes] | None = None) -> None:
        whole = json.loads((RECORDED / f"{state}.json").read_text())
        self.taken, self.reads = datetime.fromisoformat(whole["taken"]), whole["reads"]
        self.changed = changed or {}

    def info(self) -> ClusterInfo:
        return ClusterInfo(name="recorded", server="", uid="", version="", live=False, taken=self.taken)

    def now(self) -> datetime:
        return self.taken

    def close(self) -> None:
        pass

    def pages(self, read: ListObjects, *, deadline: float) -> Iterator[bytes]:
        return iter(page.encode() for page in self._kept(read)["pages"])

    def answer(self, read: Read, *, deadline: float) -> Answer:
        kept = self._kept(read)
        body = kept["body"].encode()
        if isinstance(read, RunTool):
            body = self.changed.get(" ".join(read.argv[2:-1]), body)
        return Answer(body=body, exit_code=kept["exit_code"], stderr=kept["stderr"])

    def answers(self, reads: Sequence[RunTool], session: Any, *, place: Any, deadline: float) -> list[Any]:
        return [None for _ in reads]

    def _kept(self, read: Read) -> dict[str, Any]:
        kept = self.reads.get(key(read))
        if kept is None:
            raise errors.NotInSnapshot(f"Not recorded: {key(read)}")
        if "error" in kept:
            raise getattr(errors, kept["error"])(kept["what"])
        return kept


class LocalCeph:
    """A reader of a Ceph cluster on this machine without Kubernetes: its commands run here."""

    def __init__(self, conf: Path) -> None:
        self.conf = conf

    def info(self) -> ClusterInfo:
        return ClusterInfo(name="local", server=str(self.conf), uid="", version="", live=True)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def close(self) -> None:
        pass

    def pages(self, read: ListObjects, *, deadline: float) -> Iterator[bytes]:
        raise errors.NotInstalled(f"There is no Kubernetes here to list {read.plural}.")

    def answer(self, read: Read, *, deadline: float) -> Answer:
        if not isinstance(read, RunTool):
            raise errors.NotInstalled("There is only Ceph here.")
        environment = {**os.environ, "CEPH_CONF": str(self.conf)}
        done = subprocess.run(read.argv, capture_output=True, env=environment, timeout=240, check=False)
        return Answer(body=done.stdout, exit_code=done.returncode, stderr=done.stderr.decode())

    def answers(self, reads: Sequence[RunTool], session: Any, *, place: Any, deadline: float) -> list[Any]:
        return [None for _ in reads]


def cluster(state: str, **changed: bytes) -> Cluster:
    """The recorded state as a cluster; `changed` maps a command (with _ for spaces) to another answer."""
    return Cluster(Replay(state, {name.replace("_", " "): body for name, body in changed.items()}))
