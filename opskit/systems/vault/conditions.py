"""Predicates over a Vault: what a revocation is guarded and judged by."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opskit.core.conditions import Conditions, Held
from opskit.core.parts import Unread
from opskit.systems.vault import leases, looks, nodes

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster

CONDITIONS = Conditions()


@CONDITIONS.named("vault/can-write")
def can_write(cluster: "Cluster") -> Held:
    """The server is unsealed, and there is a leader."""
    server = looks.asked(cluster)
    found = nodes.node(cluster, server, server)
    if isinstance(found.seal, Unread):
        return Held(ok=False, state=f"Vault does not answer: {found.seal.reason}")
    if found.seal.sealed:
        return Held(ok=False, state="Vault is sealed")
    if isinstance(found.leader, Unread):
        return Held(ok=False, state=f"its leader is not known: {found.leader.reason}")
    led = found.leader.is_self or bool(found.leader.leader_address) or not found.leader.ha_enabled
    return Held(ok=led, state="unsealed, with a leader" if led else "there is no leader: its quorum is lost")


@CONDITIONS.named("vault/leases-gone")
def leases_gone(cluster: "Cluster", *, prefix: str, leases_reviewed: Sequence[str]) -> Held:
    """None of the leases that were reviewed is listed any more; newer ones do not count."""
    ids, more = leases.under(cluster, prefix, server=looks.asked(cluster), most=10 * looks.MOST)
    left = set(leases_reviewed) & set(ids)
    newer = len(set(ids) - set(leases_reviewed))
    state = f"of {len(leases_reviewed)} leases under {prefix}, {len(left)} are left"
    if newer:
        state += f"; {newer}{' or more' if more else ''} newer ones are there"
    return Held(ok=not left and not (more and not ids), state=state)
