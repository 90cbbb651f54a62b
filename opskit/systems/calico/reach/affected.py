"""Which endpoints a change of policies can concern at all: only those are compared."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from opskit.systems.calico.reach import bits
from opskit.systems.calico.reach.bits import Indices
from opskit.systems.calico.reach.joint import Joint, Side
from opskit.systems.calico.reach.objects import Objects
from opskit.systems.calico.reach.rules import EGRESS, INGRESS, Policy

if TYPE_CHECKING:
    from opskit.systems.calico.reach.reach import Reach

_INVENTORY = (
    "pods",
    "namespaces",
    "nodes",
    "service_accounts",
    "endpoint_slices",
    "tiers",
    "network_sets",
    "global_network_sets",
    "host_endpoints",
)


@dataclass(frozen=True)
class Affected:
    """Groups whose ingress or egress may be judged otherwise."""

    ingress: Indices
    egress: Indices


def affected(joint: Joint) -> Affected:
    """Groups that a changed policy selects; all, when more than policies changed."""
    before, after = joint.before.reach, joint.after.reach
    if not _same_inventory(before.objects, after.objects):
        everything = np.arange(len(joint.groups))
        return Affected(everything, everything)
    found = {way: np.zeros(len(joint.groups), np.bool_) for way in (INGRESS, EGRESS)}
    changed = set(_by_ref(before)) ^ set(_by_ref(after))
    for side in (joint.before, joint.after):
        for policy in side.reach.ordered.policies:
            if _identity(policy) in changed:
                _mark(side, policy, found)
    return Affected(np.flatnonzero(found[INGRESS]), np.flatnonzero(found[EGRESS]))


def _same_inventory(before: Objects, after: Objects) -> bool:
    return all(getattr(before, name) == getattr(after, name) for name in _INVENTORY)


def _identity(policy: Policy) -> tuple[object, ...]:
    return policy.ref, policy.tier, policy.order, policy.subject, policy.ingress, policy.egress


def _by_ref(reach: "Reach") -> list[tuple[object, ...]]:
    return [_identity(policy) for policy in reach.ordered.policies]


def _mark(side: Side, policy: Policy, found: dict[str, npt.NDArray[np.bool_]]) -> None:
    """Policies select by labels alone, so either IP version tells the same."""
    program = side.reach.program(4)
    selected = bits.unpack(program.masks.subject(policy.subject), program.universe.size)[side.numbers]
    for direction, flags in found.items():
        if policy.rules(direction) is not None:
            flags |= selected
