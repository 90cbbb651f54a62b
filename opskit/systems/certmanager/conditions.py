"""Predicates over certificates: what a renewal waits for and is judged by."""

from typing import TYPE_CHECKING

from opskit.core.conditions import Conditions, Held
from opskit.core.errors import NotFound
from opskit.systems.certmanager import facts as reading
from opskit.systems.certmanager import kinds, pem
from opskit.systems.certmanager.kinds import condition, holds

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster

CONDITIONS = Conditions()


def _found(cluster: "Cluster", namespace: str, name: str, uid: str) -> kinds.Certificate | None:
    try:
        found = cluster.get(kinds.CERTIFICATE, name, namespace=namespace)
    except NotFound:
        return None
    return found if uid in ("", found.metadata.uid) else None


@CONDITIONS.named("certmanager/issuer-ready")
def issuer_ready(cluster: "Cluster", *, kind: str, name: str, namespace: str = "") -> Held:
    """The issuer says that it can sign."""
    cluster_wide = kind == "ClusterIssuer"
    sort = kinds.CLUSTER_ISSUER if cluster_wide else kinds.ISSUER
    try:
        found = cluster.get(sort, name, namespace=None if cluster_wide else namespace)
    except NotFound:
        return Held(ok=False, state=f"there is no {kind} {name}")
    said = condition(found.status.conditions, "Ready")
    state = f"{found.subject}: {said.message if said else 'no condition Ready'}"
    return Held(ok=holds(found.status.conditions, "Ready"), state=state)


@CONDITIONS.named("certmanager/renewal-asked")
def renewal_asked(cluster: "Cluster", *, namespace: str, name: str, uid: str, revision: int) -> Held:
    """Issuing is under way, or has led to a new revision already."""
    found = _found(cluster, namespace, name, uid)
    if found is None:
        return Held(ok=False, state=f"certificate {namespace}/{name} is gone")
    if found.status.revision > revision:
        return Held(ok=True, state=f"{namespace}/{name} has revision {found.status.revision} already")
    underway = holds(found.status.conditions, "Issuing")
    return Held(ok=underway, state=f"{namespace}/{name} is {'' if underway else 'not '}being issued")


@CONDITIONS.named("certmanager/renewed")
def renewed(cluster: "Cluster", *, namespace: str, name: str, uid: str, revision: int) -> Held:
    """A later revision than `revision` is issued, and the certificate is Ready."""
    found = _found(cluster, namespace, name, uid)
    if found is None:
        return Held(ok=False, state=f"certificate {namespace}/{name} is gone")
    ready = holds(found.status.conditions, "Ready") and not holds(found.status.conditions, "Issuing")
    until = f", valid until {found.status.not_after:%Y-%m-%d %H:%M} UTC" if found.status.not_after else ""
    state = (
        f"{namespace}/{name} has revision {found.status.revision} and is "
        f"{'' if ready else 'not '}Ready{until}"
    )
    said = condition(found.status.conditions, "Issuing")
    if said is not None and said.status == "False" and found.status.failed_issuance_attempts:
        state += f"; the last try failed: {said.message}"
    return Held(ok=found.status.revision > revision and ready, state=state)


@CONDITIONS.named("certmanager/serves-issued")
def serves_issued(
    cluster: "Cluster", *, namespace: str, name: str, uid: str, host: str, port: int, server_name: str
) -> Held:
    """The endpoint shows the certificate of the present revision."""
    found = _found(cluster, namespace, name, uid)
    if found is None:
        return Held(ok=False, state=f"certificate {namespace}/{name} is gone")
    issued = _issued(cluster, found)
    place = reading.Endpoint(host=host, port=port, name=server_name, namespace=namespace, certificate=name)
    shown = reading.handshake(cluster, place).shown
    serial = issued.serial if issued else "unknown: its CertificateRequest is gone"
    state = f"{place.address} shows serial {shown.serial}; issued is {serial}"
    return Held(ok=issued is not None and issued.serial == shown.serial, state=state)


def _issued(cluster: "Cluster", certificate: kinds.Certificate) -> pem.Shown | None:
    for each in cluster.list(kinds.REQUEST, namespace=certificate.namespace):
        same = each.annotations.get(kinds.OWNER) == certificate.name
        if same and each.revision == certificate.status.revision and each.status.certificate:
            return pem.of_request(each.status.certificate)
    return None
