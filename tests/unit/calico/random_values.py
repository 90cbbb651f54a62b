"""What random clusters are made of."""

import random
from typing import Any

from tests.unit.calico.slow_selectors import Manifest

V3 = "projectcalico.org/v3"
VALUES = {"app": ("web", "api", "webapi", "db"), "env": ("prod", "dev"), "team.io/x": ("1", "2")}
SPACES = {"team": ("red", "blue"), "env": ("prod", "dev")}
NETS = (
    "10.0.0.0/24",
    "10.0.0.0/30",
    "10.0.0.4/32",
    "10.0.1.0/24",
    "10.0.0.0/8",
    "192.0.2.0/24",
    "172.16.0.0/30",
)
NETS6 = ("2001:db8::/64", "2001:db8::4/128", "2001:db8:1::/64", "::/0", "fd00::/8")
PORT_NAMES = ("http", "dns", "metrics")
PORTS = (53, 80, 81, 443, 8080, 9000)
OUTSIDE = ("192.0.2.9", "203.0.113.5", "10.0.0.250", "10.9.9.9", "2001:db8::99", "fd00::1", "2001:db9::1")
Random = random.Random


def maybe(r: Random, share: float) -> bool:
    return r.random() < share


def labels(r: Random, values: dict[str, tuple[str, ...]]) -> dict[str, str]:
    return {key: r.choice(options) for key, options in values.items() if maybe(r, 0.75)}


def some(r: Random, options: tuple[Any, ...], most: int = 3) -> list[Any]:
    return r.sample(options, r.randint(1, min(most, len(options))))


def obj(version: str, kind: str, name: str, namespace: str = "", **rest: Any) -> Manifest:
    metadata: Manifest = {"name": name, **({"namespace": namespace} if namespace else {})}
    for field in ("labels", "annotations"):
        if field in rest:
            metadata[field] = rest.pop(field)
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}


def nets(r: Random) -> list[str]:
    return some(r, NETS + NETS6 if maybe(r, 0.3) else NETS)
