"""One Envoy, as its admin interface shows it now."""

from datetime import datetime

from opskit.core.findings import Data
from opskit.core.kinds_workloads import Pod
from opskit.core.parts import Unread
from opskit.systems.istio.answers import Certificate, Certificates

CONTAINER = "istio-proxy"


class Proxy(Data, frozen=True):
    """What one Envoy says of itself."""

    pod: str
    namespace: str
    counters: dict[str, float] | Unread
    """Those of `reading.COUNTERS` that are not zero."""
    certificates: Certificates | Unread
    rejections: tuple[str, ...] = ()
    """Each resource that Envoy refused, with Envoy's reason."""

    @property
    def name(self) -> str:
        """As istiod calls it."""
        return f"{self.pod}.{self.namespace}"

    @property
    def subject(self) -> str:
        """For messages."""
        return f"{self.namespace}/{self.pod}"

    def counter(self, ending: str) -> float:
        """The sum of all counters whose name ends so."""
        if isinstance(self.counters, Unread):
            return 0.0
        return sum(value for name, value in self.counters.items() if name.endswith(ending))

    def admin(self, path: str) -> str:
        """The command that asks its admin interface."""
        inside = f"kubectl -n {self.namespace} exec {self.pod} -c {CONTAINER}"
        return f"{inside} -- pilot-agent request GET '{path}'"

    @property
    def own(self) -> tuple[Certificate, ...]:
        """Its own certificates, each once: those that carry its identity."""
        if isinstance(self.certificates, Unread):
            return ()
        chains = (pair.cert_chain[0] for pair in self.certificates.certificates if pair.cert_chain)
        # Envoy lists one for each place that uses it.
        return tuple({each.serial_number: each for each in chains if identity(each)}.values())

    @property
    def roots(self) -> frozenset[str]:
        """Serial numbers of what it trusts."""
        if isinstance(self.certificates, Unread):
            return frozenset()
        return frozenset(
            each.serial_number for pair in self.certificates.certificates for each in pair.ca_cert
        )


def has_proxy(pod: Pod) -> bool:
    """Whether the pod runs one of Istio's Envoys, as a container or a native sidecar."""
    containers = [*(pod.spec.containers or []), *(pod.spec.init_containers or [])]
    return any(each.name == CONTAINER for each in containers)


def identity(certificate: Certificate) -> str:
    """The SPIFFE identity that it proves."""
    return next((name.uri for name in certificate.subject_alt_names if name.uri), "")


def left(certificate: Certificate, now: datetime) -> float:
    """The share of its lifetime that is left; 0 or less when it has expired."""
    begin, end = certificate.valid_from, certificate.expiration_time
    if begin is None or end is None or end <= begin:
        return 1.0
    return (end - now) / (end - begin)


__all__ = ["CONTAINER", "Proxy", "has_proxy", "identity", "left"]
