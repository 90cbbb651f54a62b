"""What is true of cert-manager and its certificates now."""

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import Any

from opskit.core.cluster import Cluster
from opskit.core.errors import BadAnswer
from opskit.core.findings import Data
from opskit.core.kinds_core import DEPLOYMENT, EVENT, Event
from opskit.core.kinds_workloads import Deployment
from opskit.core.parts import Unread, attempt, known, listed, settle
from opskit.systems.certmanager import kinds, pem

NAMESPACE = "cert-manager"
CONTROLLER = "app.kubernetes.io/name=cert-manager,app.kubernetes.io/component=controller"
LOG_SECONDS = 6 * 3600
"""Longer than the pause between two tries of a controller that fails."""
ENDPOINTS = 40
"""At most so many handshakes a look."""
PORT = 443


class Endpoint(Data, frozen=True):
    """Where a certificate is served."""

    host: str
    port: int
    name: str
    """Server name that is asked for."""
    namespace: str
    certificate: str

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"{self.host}:{self.port}"


class Served(Data, frozen=True):
    """What an endpoint shows."""

    endpoint: Endpoint
    shown: pem.Shown


class Facts(Data, frozen=True, dict=True):
    """Everything that the checks judge. A part that could not be read is an `Unread`; the rest stands."""

    namespace: str
    now: datetime
    certificates: list[kinds.Certificate] | Unread
    requests: list[kinds.CertificateRequest] | Unread
    orders: list[kinds.Order] | Unread
    challenges: list[kinds.Challenge] | Unread
    issuers: list[kinds.Issuer] | Unread
    """Issuers of namespaces."""
    cluster_issuers: list[kinds.Issuer] | Unread
    deployments: list[Deployment] | Unread
    """cert-manager's own."""
    ingresses: list[kinds.Ingress] | Unread
    gateways: list[kinds.Gateway] | Unread
    events: list[Event] | Unread
    """Warnings about cert-manager's objects, where their status does not tell enough."""
    log: str | Unread
    """The controller's; read only where an order or certificate got nowhere without a word."""
    served: dict[str, Served | Unread]
    """By `server name at address`."""
    controller: str = CONTROLLER
    """Label selector of the controller's pods."""

    @cached_property
    def issuer_of(self) -> dict[tuple[str, str, str], kinds.Issuer]:
        """(kind, namespace, name) → issuer; a ClusterIssuer's namespace is ""."""
        found = [("Issuer", each) for each in known(self.issuers, [])]
        found += [("ClusterIssuer", each) for each in known(self.cluster_issuers, [])]
        return {(kind, each.namespace or "", each.name): each for kind, each in found}

    @cached_property
    def requests_of(self) -> dict[tuple[str, str], list[kinds.CertificateRequest]]:
        """(namespace, certificate) → its requests, oldest first."""
        found: dict[tuple[str, str], list[kinds.CertificateRequest]] = {}
        ordered = sorted(known(self.requests, []), key=lambda each: (each.revision, _made(each)))
        for each in ordered:
            found.setdefault((each.namespace or "", each.annotations.get(kinds.OWNER, "")), []).append(each)
        return found

    @cached_property
    def owned_orders(self) -> dict[str, list[kinds.Order]]:
        """UID of a request → its orders, oldest first."""
        return _by_owner(known(self.orders, []))

    @cached_property
    def owned_challenges(self) -> dict[str, list[kinds.Challenge]]:
        """UID of an order → its challenges."""
        return _by_owner(known(self.challenges, []))

    def issued(self, certificate: kinds.Certificate) -> pem.Shown | None:
        """The certificate that cert-manager holds for issued now, by the request that brought it."""
        for request in reversed(
            self.requests_of.get((certificate.namespace or "", certificate.name), list[Any]())
        ):
            if request.status.certificate and request.revision == certificate.status.revision:
                return pem.of_request(request.status.certificate)
        return None


def read(cluster: Cluster) -> Facts:
    """Read cert-manager's objects, and where they leave a cause open, events and the controller's log.

    `certmanager.namespace`, `certmanager.selector` and `certmanager.endpoints` of the settings count.
    """
    namespace = str(cluster.setting("certmanager", "namespace", NAMESPACE))
    controller = str(cluster.setting("certmanager", "selector", CONTROLLER))
    first = settle(
        {
            "certificates": lambda: cluster.list(kinds.CERTIFICATE),
            "requests": lambda: cluster.list(kinds.REQUEST),
            "orders": lambda: listed(cluster, kinds.ORDER),
            "challenges": lambda: listed(cluster, kinds.CHALLENGE),
            "issuers": lambda: cluster.list(kinds.ISSUER),
            "cluster_issuers": lambda: cluster.list(kinds.CLUSTER_ISSUER),
            "deployments": lambda: cluster.list(DEPLOYMENT, namespace=namespace),
            "ingresses": lambda: listed(cluster, kinds.INGRESS),
            "gateways": lambda: listed(cluster, kinds.GATEWAY),
        }
    )
    if isinstance(first["certificates"], Unread):
        return Facts(
            namespace=namespace,
            now=cluster.now(),
            controller=controller,
            **first,
            events=[],
            log="",
            served={},
        )
    silent = _silent(first)
    places = list(endpoints(cluster, first))
    rest = settle(
        {
            "events": lambda: _warnings(cluster, silent),
            "log": lambda: _log(cluster, namespace, controller) if silent else "",
            "served": lambda: _handshakes(cluster, places),
        }
    )
    return Facts(namespace=namespace, now=cluster.now(), controller=controller, **first, **rest)


def endpoints(cluster: Cluster, first: dict[str, Any]) -> Iterator[Endpoint]:
    """Where certificates are served: by the settings, and by Ingresses with an address."""
    certificates = {(each.namespace, each.spec.secret_name): each for each in first["certificates"]}
    for text in cluster.setting("certmanager", "endpoints", []):
        certificate, _, address = str(text).partition("=")
        namespace, _, name = certificate.partition("/")
        found = next((e for e in certificates.values() if (e.namespace, e.name) == (namespace, name)), None)
        host, _, port = address.rpartition(":")
        if found and host and port.isdecimal():
            yield _endpoint(host, int(port), _asked(found), found)
    for ingress in known(first["ingresses"], []):
        addresses = [each.ip or each.hostname for each in ingress.status.load_balancer.ingress or []]
        for tls in ingress.spec.tls or []:
            found = certificates.get((ingress.namespace, tls.secret_name))
            for host in tls.hosts or []:
                if found and addresses and "*" not in host:
                    yield _endpoint(addresses[0], PORT, host, found)


def _endpoint(host: str, port: int, name: str, of: kinds.Certificate) -> Endpoint:
    return Endpoint(host=host, port=port, name=name, namespace=of.namespace or "", certificate=of.name)


def _asked(certificate: kinds.Certificate) -> str:
    names = [name for name in certificate.spec.dns_names or [] if "*" not in name]
    return names[0] if names else certificate.spec.common_name


def _handshakes(cluster: Cluster, places: list[Endpoint]) -> dict[str, Any]:
    named = {f"{each.name} at {each.address}": each for each in places[:ENDPOINTS]}
    return settle({name: _handshake(cluster, place) for name, place in named.items()}, workers=10)


def _handshake(cluster: Cluster, place: Endpoint) -> Any:
    return lambda: handshake(cluster, place)


def handshake(cluster: Cluster, place: Endpoint) -> Served:
    """What the endpoint shows now.

    Raises:
        Unreachable, DeadlineExceeded, NotInSnapshot, BadAnswer.

    """
    shown = pem.read(cluster.served(place.host, place.port, name=place.name).encode())
    if shown is None:
        raise BadAnswer(
            "The certificate that is shown can't be read.",
            where=place.address,
            hint=f"see `openssl s_client -connect {place.address} -servername {place.name}`",
        )
    return Served(endpoint=place, shown=shown)


def _silent(first: dict[str, Any]) -> set[str]:
    """Namespaces with an order or certificate whose own status does not say why it gets nowhere."""
    orders = [each for each in known(first["orders"], []) if each.status.state in ("", "invalid")]
    unseen = [each for each in first["certificates"] if not each.status.conditions]
    asked = {(each.namespace, each.annotations.get(kinds.OWNER)) for each in known(first["requests"], [])}
    waiting = [
        each
        for each in first["certificates"]
        if (each.namespace, each.name) not in asked
        and (kinds.holds(each.status.conditions, "Issuing") or each.status.failed_issuance_attempts)
    ]
    return {each.namespace or "" for each in (*orders, *unseen, *waiting)}


def _warnings(cluster: Cluster, namespaces: set[str]) -> list[Event]:
    ours = {"Certificate", "CertificateRequest", "Order", "Challenge", "Issuer"}
    found = [each for place in sorted(namespaces) for each in cluster.list(EVENT, namespace=place)]
    return [each for each in found if each.type == "Warning" and each.involved_object.kind in ours]


def _log(cluster: Cluster, namespace: str, selector: str) -> str | Unread:
    return attempt(
        "log of cert-manager's controller",
        lambda: cluster.logs(namespace, selector, since_seconds=LOG_SECONDS),
    )


def _made(each: Any) -> str:
    return str(each.metadata.creation_timestamp or "")


def _by_owner(objects: list[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for each in sorted(objects, key=_made):
        for owner in each.metadata.owner_references or []:
            found.setdefault(owner.uid, []).append(each)
    return found
