"""Recorded objects as a cluster: what a real API server held when cert-manager failed."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from opskit.core.cluster import Cluster
from opskit.core.errors import NotFound, NotInstalled
from opskit.core.reads import Answer, ClusterInfo, GetObject, Handshake, ListObjects, Read, ReadLogs

RECORDED = Path(__file__).parent / "recorded"
STATES = sorted(path.stem for path in RECORDED.glob("*.json"))
_PLURAL = {"Ingress": "ingresses"}


class Objects:
    """A reader over recorded objects.

    Args:
        states: names of recorded states; their objects are held together.
        later: seconds between the last thing that happened and now.
        more: further objects.
        pem: what every endpoint shows.

    """

    def __init__(self, *states: str, later: float = 120, more: tuple[Any, ...] = (), pem: str = "") -> None:
        whole = [json.loads((RECORDED / f"{state}.json").read_text()) for state in states]
        self.objects = [*(each for state in whole for each in state["objects"]), *more]
        self.log = [line for state in whole for line in state.get("log", [])]
        self.pem = pem
        self.time = _last(self.objects) + timedelta(seconds=later)

    def info(self) -> ClusterInfo:
        return ClusterInfo(name="recorded", server="", uid="", version="", live=False, taken=self.time)

    def now(self) -> datetime:
        return self.time

    def close(self) -> None:
        pass

    def pages(self, read: ListObjects, *, deadline: float) -> Iterator[bytes]:
        found = [each for each in self.objects if _is(each, read.group, read.plural)]
        if read.group == "gateway.networking.k8s.io" and not found:
            raise NotInstalled("The cluster does not serve gateways.")
        yield json.dumps({"items": found}).encode()

    def answer(self, read: Read, *, deadline: float) -> Answer:
        if isinstance(read, ReadLogs):
            if not self.log:
                raise NotInstalled("No pod matches.", where="namespace cert-manager")
            return Answer(body="\n".join(self.log).encode())
        if isinstance(read, Handshake):
            return Answer(body=self.pem.encode())
        assert isinstance(read, GetObject)
        for each in self.objects:
            named = (each["metadata"]["name"], each["metadata"].get("namespace"))
            if _is(each, read.group, read.plural) and named == (read.name, read.namespace):
                return Answer(body=json.dumps(each).encode())
        raise NotFound(f"There is no {read.name}.")

    def answers(self, reads: Any, session: Any, *, place: Any, deadline: float) -> list[Any]:
        return [None for _ in reads]


def cluster(*states: str, **options: Any) -> Cluster:
    """Recorded states as one cluster."""
    return Cluster(Objects(*states, **options))


def _is(each: dict[str, Any], group: str, plural: str) -> bool:
    owner = each["apiVersion"].rpartition("/")[0]
    return owner == group and _PLURAL.get(each["kind"], each["kind"].lower() + "s") == plural


def _last(objects: list[dict[str, Any]]) -> datetime:
    """When the last thing happened; ends of validity lie ahead and do not count."""
    found: list[str] = []
    for each in objects:
        for condition in each.get("status", {}).get("conditions", []):
            found.append(condition["lastTransitionTime"])
        found.append(each["metadata"].get("creationTimestamp") or "")
        found.append(each.get("lastTimestamp") or "")
    stamps = [text for text in found if re.match(r"\d{4}-", text)]
    return datetime.fromisoformat(max(stamps).replace("Z", "+00:00")).astimezone(UTC)
