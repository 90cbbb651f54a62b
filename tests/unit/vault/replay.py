"""Recorded answers of a real OpenBao, as a cluster."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from opskit.core import errors
from opskit.core.cluster import Cluster
from opskit.core.reads import Answer, ClusterInfo, ListObjects, Read, ReadLogs, key

RECORDED = Path(__file__).parent / "recorded"


class Replay:
    """A reader over one recorded state.

    Args:
        state: its name.
        later: how long after the recording it is now.
        objects: Kubernetes objects by plural.

    """

    def __init__(
        self, state: str, *, later: timedelta = timedelta(), objects: dict[str, list[Any]] | None = None
    ) -> None:
        whole = json.loads((RECORDED / f"{state}.json").read_text())
        self.time = datetime.fromisoformat(whole["taken"]) + later
        self.settings, self.reads, self.log = whole["settings"], whole["reads"], whole.get("log", [])
        self.objects = objects or {}

    def info(self) -> ClusterInfo:
        return ClusterInfo(name="recorded", server="", uid="", version="", live=False, taken=self.time)

    def now(self) -> datetime:
        return self.time

    def close(self) -> None:
        pass

    def pages(self, read: ListObjects, *, deadline: float) -> Iterator[bytes]:
        yield json.dumps({"items": self.objects.get(read.plural, [])}).encode()

    def answer(self, read: Read, *, deadline: float) -> Answer:
        if isinstance(read, ReadLogs):
            return Answer(body="\n".join(self.log).encode())
        kept = self.reads.get(key(read))
        if kept is None:
            raise errors.NotInSnapshot(f"Not recorded: {key(read)}")
        if "error" in kept:
            raise getattr(errors, kept["error"])(kept["what"])
        return Answer(body=kept["body"].encode(), status=kept["status"])

    def answers(self, reads: Any, session: Any, *, place: Any, deadline: float) -> list[Any]:
        return [None for _ in reads]


def cluster(state: str, **options: Any) -> Cluster:
    """The recorded state as a cluster."""
    replay = Replay(state, **options)
    return Cluster(replay, settings=replay.settings)


class Answers:
    """A reader of which every question has the same answer, or error."""

    def __init__(self, *, body: bytes = b"", status: int = 200, error: Exception | None = None) -> None:
        self.said = Answer(body=body, status=status)
        self.error = error

    def info(self) -> ClusterInfo:
        return ClusterInfo(name="x", server="", uid="", version="", live=False)

    def now(self) -> datetime:
        return datetime.fromisoformat("2026-11-25T00:00:00+00:00")

    def close(self) -> None:
        pass

    def pages(self, read: ListObjects, *, deadline: float) -> Iterator[bytes]:
        yield b'{"items":[]}'

    def answer(self, read: Read, *, deadline: float) -> Answer:
        if self.error:
            raise self.error
        return self.said

    def answers(self, reads: Any, session: Any, *, place: Any, deadline: float) -> list[Any]:
        return [None for _ in reads]
