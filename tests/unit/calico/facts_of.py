"""Facts of manifests and of what BIRD printed, as if they had been read from a cluster."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from opskit.core.kinds_core import DAEMON_SET, EVENT, POD
from opskit.core.parts import Unread
from opskit.systems.calico.birdc import Bird
from opskit.systems.calico.facts import PARTS, Facts
from opskit.systems.calico.reach.objects import BY_FIELD

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
Json = dict[str, Any]


def facts_of(
    manifests: Iterable[Mapping[str, Any]],
    *,
    birds: Mapping[str, Bird | Unread] | None = None,
    now: datetime = NOW,
    **parts: Any,
) -> Facts:
    """Facts of these objects; `parts` replaces fields, e.g. by an `Unread`."""
    every = list(manifests)
    read = {name: _of(every, kind) for name, kind in PARTS.items()}
    read["node_pods"] = [pod for pod in _of(every, POD) if pod.labels.get("k8s-app") == "calico-node"]
    read["kube_proxies"] = _of(every, DAEMON_SET)
    read["events"] = _of(every, EVENT)
    inventory = {name: _of(every, kind) for name, kind in BY_FIELD.items()}
    held = {"mode": "native", "inventory": inventory, "birds": dict(birds or {})}
    return Facts(now=now, **{**read, **held, **parts})


def _of(manifests: list[Mapping[str, Any]], kind: Any) -> list[Any]:
    wanted = [m for m in manifests if (m["apiVersion"], m["kind"]) == (kind.api_version, kind.kind)]
    return [msgspec.convert(each, kind.model) for each in wanted]
