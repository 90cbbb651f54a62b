"""What istiod and Envoys answer, projected to the fields in use.

istiod: https://istio.io/latest/docs/ops/diagnostic-tools/controlz/ and `istioctl proxy-status`.
Envoy: https://www.envoyproxy.io/docs/envoy/latest/operations/admin.
"""

from datetime import datetime
from typing import Any

import msgspec

TYPES = ("cluster", "listener", "route", "endpoint")
"""What istiod sends to a proxy: CDS, LDS, RDS, EDS."""


class Sync(msgspec.Struct, frozen=True, omit_defaults=True):
    """One proxy of `/debug/syncz`: the version that was sent and the one that was acknowledged, by type."""

    proxy: str = ""
    """`POD.NAMESPACE`."""
    istio_version: str = ""
    cluster_id: str = ""
    cluster_sent: str = ""
    cluster_acked: str = ""
    listener_sent: str = ""
    listener_acked: str = ""
    route_sent: str = ""
    route_acked: str = ""
    endpoint_sent: str = ""
    endpoint_acked: str = ""

    @property
    def asks(self) -> bool:
        """Whether it was ever sent any configuration, as every proxy is."""
        return any(getattr(self, f"{each}_sent") for each in TYPES)

    @property
    def stale(self) -> tuple[str, ...]:
        """The types that the proxy has not acknowledged."""
        return tuple(
            each for each in TYPES if getattr(self, f"{each}_sent") != getattr(self, f"{each}_acked")
        )


class SubjectAltName(msgspec.Struct, frozen=True):
    """A name in a certificate."""

    uri: str = ""
    dns: str = ""


class Certificate(msgspec.Struct, frozen=True):
    """One of Envoy's `/certs`; no key is in it."""

    serial_number: str = ""
    subject_alt_names: list[SubjectAltName] = msgspec.field(default_factory=list[SubjectAltName])
    valid_from: datetime | None = None
    expiration_time: datetime | None = None


class CertificatePair(msgspec.Struct, frozen=True):
    """A chain and what it is trusted by."""

    ca_cert: list[Certificate] = msgspec.field(default_factory=list[Certificate])
    cert_chain: list[Certificate] = msgspec.field(default_factory=list[Certificate])


class Certificates(msgspec.Struct, frozen=True):
    """Envoy's `/certs`."""

    certificates: list[CertificatePair] = msgspec.field(default_factory=list[CertificatePair])


class Stat(msgspec.Struct, frozen=True):
    """A counter or gauge of `/stats?format=json`."""

    name: str = ""
    value: Any = None


class Stats(msgspec.Struct, frozen=True):
    """Envoy's `/stats?format=json`."""

    stats: list[Stat] = msgspec.field(default_factory=list[Stat])


class ErrorState(msgspec.Struct, frozen=True):
    """Why Envoy keeps the configuration that it had."""

    details: str = ""
    last_update_attempt: datetime | None = None


class Rejected(msgspec.Struct, frozen=True):
    """A dynamic resource of `/config_dump` that Envoy may have refused."""

    name: str = ""
    error_state: ErrorState | None = None


class Dump(msgspec.Struct, frozen=True):
    """Envoy's `/config_dump`, whole sections as they came."""

    configs: list[dict[str, Any]] = msgspec.field(default_factory=list[dict[str, Any]])
