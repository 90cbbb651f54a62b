"""Pods that can't ask for names as the policies are now."""

from typing import TYPE_CHECKING

import numpy as np

from opskit.core.findings import Data
from opskit.systems.calico.reach import bits
from opskit.systems.calico.reach.dns import servers
from opskit.systems.calico.reach.joint import Flags, Side
from opskit.systems.calico.reach.rules import EGRESS, INGRESS
from opskit.systems.calico.reach.traffic import Traffic, protocol_name
from opskit.systems.calico.reach.verdict import Verdict

if TYPE_CHECKING:
    from opskit.systems.calico.reach.reach import Reach

_PROTOCOLS = (17, 6)
Served = dict[int, set[tuple[int, int]]]
"""Class → protocol and port at which its pods serve names."""


class LockedOut(Data, frozen=True):
    """Pods of one namespace that can't reach any DNS pod."""

    namespace: str
    protocols: tuple[str, ...]
    pods: int
    example: str
    server: str
    port: int
    why: str
    """The decision on the example."""
    sends_nothing: bool
    """No policy lets the example send anything at all: perhaps it is meant so."""


def locked_out(reach: "Reach") -> tuple[LockedOut, ...]:
    """By namespace, those that reach no DNS pod over UDP or TCP. Empty where no DNS pods are known."""
    known = servers(reach)
    if not known:
        return ()
    numbers = {e.name: int(n) for e, n in zip(reach.universe.endpoints, reach.universe.class_of, strict=True)}
    served: Served = {}
    for name, places in known.items():
        served.setdefault(numbers[name], set()).update(places)
    blocked = {protocol: ~_reaching(reach, served, protocol) for protocol in _PROTOCOLS}
    return tuple(_by_namespace(reach, known, blocked))


def _reaching(reach: "Reach", served: Served, protocol: int) -> Flags:
    """Classes that reach DNS over a protocol, or to which the question does not apply."""
    size = reach.universe.size
    fine: Flags = np.ones(size, np.bool_)
    rows = np.flatnonzero([each.sort == "pod" for each in reach.universe.classes])
    fine[rows] = False
    side, asked = Side(reach, np.arange(size)), False
    for version in (4, 6):
        for port in sorted({port for held in served.values() for used, port in held if used == protocol}):
            targets = np.array(sorted(n for n, held in served.items() if (protocol, port) in held), np.intp)
            asked = True
            fine[rows] |= _open(side, Traffic(protocol, port, version), rows, targets)
    addressed = bits.unpack(reach.program(4).masks.addressed | reach.program(6).masks.addressed, size)
    return fine | ~addressed if asked else np.ones(size, np.bool_)


def _open(side: Side, traffic: Traffic, rows: "bits.Indices", targets: "bits.Indices") -> Flags:
    egress = side.decided(EGRESS, traffic, rows)[0][:, targets]
    ingress = side.decided(INGRESS, traffic, targets)[0][:, rows]
    return np.asarray((egress & ingress.T).any(axis=1), np.bool_)


def _by_namespace(
    reach: "Reach", known: dict[str, frozenset[tuple[int, int]]], blocked: dict[int, Flags]
) -> list[LockedOut]:
    found: dict[str, dict[int, list[str]]] = {}
    for endpoint, number in zip(reach.universe.endpoints, reach.universe.class_of, strict=True):
        if endpoint.sort != "pod" or endpoint.name in known or not endpoint.addresses:
            continue
        for protocol in _PROTOCOLS:
            if blocked[protocol][number]:
                space = found.setdefault(endpoint.name.partition("/")[0], {})
                space.setdefault(protocol, []).append(endpoint.name)
    return [_locked_out(reach, known, space, held) for space, held in sorted(found.items())]


def _locked_out(
    reach: "Reach", known: dict[str, frozenset[tuple[int, int]]], space: str, held: dict[int, list[str]]
) -> LockedOut:
    protocol, names = next(iter(held.items()))
    server, port = next(
        (s, p) for s, places in known.items() for used, p in sorted(places) if used == protocol
    )
    verdict = reach.allowed(names[0], server, protocol, port)
    return LockedOut(
        namespace=space,
        protocols=tuple(protocol_name(each) for each in held),
        pods=len({name for every in held.values() for name in every}),
        example=names[0],
        server=server,
        port=port,
        why=(verdict.ingress if verdict.egress.allowed else verdict.egress).text,
        sends_nothing=_sends_nothing(reach, verdict),
    )


def _sends_nothing(reach: "Reach", verdict: Verdict) -> bool:
    asked = {each.policy for each in verdict.egress.consulted}
    rules = [policy.egress for policy in reach.ordered.policies if policy.ref in asked]
    return not verdict.egress.allowed and not any(rules)
