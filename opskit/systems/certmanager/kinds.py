"""cert-manager's resources and those that use its certificates, projected to the fields in use.

Fields follow the released CRDs of `cert-manager.io/v1` and `acme.cert-manager.io/v1`
(https://cert-manager.io/docs/reference/api-docs/). Neither Secrets nor a Challenge's key are projected.
"""

from datetime import datetime
from typing import Any

import msgspec

from opskit.core.kinds import Kind, Object, Wire, WireCondition

GROUP = "cert-manager.io"
ACME = "acme.cert-manager.io"
OWNER = "cert-manager.io/certificate-name"
REVISION = "cert-manager.io/certificate-revision"


class Condition(WireCondition, frozen=True):
    """A condition that says which generation it judged."""

    observed_generation: int | None = None


class IssuerRef(Wire, frozen=True):
    """Who is to sign."""

    name: str = ""
    kind: str = "Issuer"
    group: str = GROUP


class CertificateSpec(Wire, frozen=True):
    """The wanted certificate."""

    secret_name: str = ""
    common_name: str = ""
    dns_names: list[str] | None = None
    ip_addresses: list[str] | None = None
    duration: str = ""
    renew_before: str = ""
    renew_before_percentage: int | None = None
    issuer_ref: IssuerRef = msgspec.field(default_factory=IssuerRef)
    is_ca: bool = msgspec.field(name="isCA", default=False)


class CertificateStatus(Wire, frozen=True):
    """What became of it."""

    conditions: list[Condition] | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    renewal_time: datetime | None = None
    revision: int = 0
    failed_issuance_attempts: int = 0
    last_failure_time: datetime | None = None


class Certificate(Object, frozen=True):
    """A certificate that is kept in a Secret and renewed."""

    spec: CertificateSpec = msgspec.field(default_factory=CertificateSpec)
    status: CertificateStatus = msgspec.field(default_factory=CertificateStatus)

    @property
    def subject(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"


class RequestSpec(Wire, frozen=True):
    """Who is asked."""

    issuer_ref: IssuerRef = msgspec.field(default_factory=IssuerRef)


class RequestStatus(Wire, frozen=True):
    """What the issuer made of it; `certificate` is public."""

    conditions: list[Condition] | None = None
    certificate: str = ""
    """PEM in base64."""
    failure_time: datetime | None = None


class CertificateRequest(Object, frozen=True):
    """One try to have a certificate signed."""

    spec: RequestSpec = msgspec.field(default_factory=RequestSpec)
    status: RequestStatus = msgspec.field(default_factory=RequestStatus)

    @property
    def revision(self) -> int:
        """Of the certificate that it is for; 0 where it does not say."""
        text = self.annotations.get(REVISION, "")
        return int(text) if text.isdecimal() else 0


class OrderSpec(Wire, frozen=True):
    """The names of an ACME order."""

    dns_names: list[str] | None = None
    issuer_ref: IssuerRef = msgspec.field(default_factory=IssuerRef)


class OrderStatus(Wire, frozen=True):
    """Where it stands at the ACME server; without a state it has not got there."""

    state: str = ""
    reason: str = ""
    url: str = ""
    failure_time: datetime | None = None


class Order(Object, frozen=True):
    """An ACME order."""

    spec: OrderSpec = msgspec.field(default_factory=OrderSpec)
    status: OrderStatus = msgspec.field(default_factory=OrderStatus)


class ChallengeSpec(Wire, frozen=True):
    """What proves that a name is ours. Its key and token are left out."""

    dns_name: str = ""
    type: str = ""
    wildcard: bool = False
    issuer_ref: IssuerRef = msgspec.field(default_factory=IssuerRef)


class ChallengeStatus(Wire, frozen=True):
    """How far the proof is."""

    state: str = ""
    reason: str = ""
    presented: bool = False
    processing: bool = False


class Challenge(Object, frozen=True):
    """A proof that a name is ours."""

    spec: ChallengeSpec = msgspec.field(default_factory=ChallengeSpec)
    status: ChallengeStatus = msgspec.field(default_factory=ChallengeStatus)


class AcmeSpec(Wire, frozen=True):
    """An ACME server."""

    server: str = ""


class VaultSpec(Wire, frozen=True):
    """A Vault that signs."""

    server: str = ""
    path: str = ""
    auth: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])


class IssuerSpec(Wire, frozen=True):
    """Exactly one is set."""

    acme: AcmeSpec | None = None
    ca: dict[str, Any] | None = None
    vault: VaultSpec | None = None
    self_signed: dict[str, Any] | None = None

    @property
    def sort(self) -> str:
        """`ACME`, `CA`, `Vault`, `SelfSigned` or `other`."""
        named = {"ACME": self.acme, "CA": self.ca, "Vault": self.vault, "SelfSigned": self.self_signed}
        return next((name for name, spec in named.items() if spec is not None), "other")


class IssuerStatus(Wire, frozen=True):
    """Whether it can sign."""

    conditions: list[Condition] | None = None


class Issuer(Object, frozen=True):
    """Who signs: an Issuer, or a ClusterIssuer where it has no namespace."""

    spec: IssuerSpec = msgspec.field(default_factory=IssuerSpec)
    status: IssuerStatus = msgspec.field(default_factory=IssuerStatus)

    @property
    def subject(self) -> str:
        """`ClusterIssuer name` or `Issuer namespace/name`."""
        return f"Issuer {self.namespace}/{self.name}" if self.namespace else f"ClusterIssuer {self.name}"


class IngressTls(Wire, frozen=True):
    """Hosts that are served with one Secret."""

    hosts: list[str] | None = None
    secret_name: str = ""


class IngressRule(Wire, frozen=True):
    """A host that is routed."""

    host: str = ""


class IngressSpec(Wire, frozen=True):
    """Routes."""

    tls: list[IngressTls] | None = None
    rules: list[IngressRule] | None = None


class Address(Wire, frozen=True):
    """Where a load balancer answers."""

    ip: str = ""
    hostname: str = ""


class Balancer(Wire, frozen=True):
    """Addresses."""

    ingress: list[Address] | None = None


class IngressStatus(Wire, frozen=True):
    """Where it is served."""

    load_balancer: Balancer = msgspec.field(default_factory=Balancer)


class Ingress(Object, frozen=True):
    """HTTP routes."""

    spec: IngressSpec = msgspec.field(default_factory=IngressSpec)
    status: IngressStatus = msgspec.field(default_factory=IngressStatus)


class CertificateRef(Wire, frozen=True):
    """A Secret of a listener."""

    kind: str = "Secret"
    name: str = ""
    namespace: str | None = None


class ListenerTls(Wire, frozen=True):
    """How a listener ends TLS."""

    mode: str = "Terminate"
    certificate_refs: list[CertificateRef] | None = None


class Listener(Wire, frozen=True):
    """A port of a gateway."""

    name: str = ""
    hostname: str = ""
    port: int = 0
    protocol: str = ""
    tls: ListenerTls | None = None


class GatewaySpec(Wire, frozen=True):
    """Listeners."""

    listeners: list[Listener] | None = None


class Gateway(Object, frozen=True):
    """A gateway of the Gateway API."""

    spec: GatewaySpec = msgspec.field(default_factory=GatewaySpec)


CERTIFICATE = Kind(GROUP, "v1", "Certificate", "certificates", Certificate)
REQUEST = Kind(GROUP, "v1", "CertificateRequest", "certificaterequests", CertificateRequest)
ISSUER = Kind(GROUP, "v1", "Issuer", "issuers", Issuer)
CLUSTER_ISSUER = Kind(GROUP, "v1", "ClusterIssuer", "clusterissuers", Issuer, namespaced=False)
ORDER = Kind(ACME, "v1", "Order", "orders", Order)
CHALLENGE = Kind(ACME, "v1", "Challenge", "challenges", Challenge)
INGRESS = Kind("networking.k8s.io", "v1", "Ingress", "ingresses", Ingress)
GATEWAY = Kind("gateway.networking.k8s.io", "v1", "Gateway", "gateways", Gateway)


def condition(conditions: list[Condition] | None, name: str) -> Condition | None:
    """The condition of that type."""
    return next((each for each in conditions or [] if each.type == name), None)


def holds(conditions: list[Condition] | None, name: str) -> bool:
    """Whether the condition of that type is True."""
    found = condition(conditions, name)
    return found is not None and found.status == "True"
