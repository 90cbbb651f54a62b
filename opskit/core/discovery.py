"""Servers around a cluster that no file names: found by the services that they usually have."""

from collections.abc import Iterable
from dataclasses import dataclass

from opskit.core.errors import ConfigError, NotInstalled
from opskit.core.kinds_core import Service, ServicePort


@dataclass(frozen=True)
class Usual:
    """How a server's service usually looks.

    Attributes:
        names: service names, the likeliest first.
        labels: labels one of which it carries.
        ports: names or numbers of the port, the likeliest first.

    """

    names: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]
    ports: tuple[str | int, ...]


@dataclass(frozen=True)
class Located:
    """A service's port."""

    namespace: str
    service: str
    port: int
    tls: bool


USUAL = {
    "prometheus": Usual(
        names=(
            "prometheus-operated",
            "prometheus-k8s",
            "kube-prometheus-stack-prometheus",
            "rook-prometheus",
            "prometheus-server",
            "prometheus",
        ),
        labels=(
            ("app.kubernetes.io/name", "prometheus"),
            ("app", "prometheus"),
            ("operated-prometheus", "true"),
        ),
        ports=("web", "http-web", 9090, "http", 80),
    ),
    "vault": Usual(
        names=("vault-active", "vault", "openbao-active", "openbao"),
        labels=(("app.kubernetes.io/name", "vault"), ("app.kubernetes.io/name", "openbao")),
        ports=("https", "http", 8200),
    ),
    "dex": Usual(
        names=("dex",),
        labels=(("app.kubernetes.io/name", "dex"), ("app", "dex")),
        ports=("https", "http", 5556, 5554),
    ),
    "istiod": Usual(names=("istiod",), labels=(("app", "istiod"),), ports=("http-monitoring", 15014)),
    "jaeger": Usual(
        names=("jaeger-query", "jaeger", "tracing", "jaeger-all-in-one-query"),
        labels=(("app.kubernetes.io/name", "jaeger"), ("app", "jaeger")),
        ports=("http-query", "query", "jaeger-query", 16686, 80),
    ),
    "ldap": Usual(
        names=("openldap", "ldap", "slapd"),
        labels=(("app.kubernetes.io/name", "openldap"), ("app", "openldap")),
        ports=("ldaps", 636, "ldap", 389),
    ),
    "ceph-mgr": Usual(
        names=("rook-ceph-mgr",), labels=(("app", "rook-ceph-mgr"),), ports=("http-metrics", 9283)
    ),
    "ceph-dashboard": Usual(
        names=("rook-ceph-mgr-dashboard",), labels=(), ports=("https-dashboard", "http-dashboard", 8443, 7000)
    ),
}
"""Server name → how it is found."""


def locate(server: str, services: Iterable[Service]) -> Located:
    """The service that most likely is the server.

    Args:
        server: a name of `USUAL`.
        services: all services of the cluster.

    Raises:
        NotInstalled: none looks like it.

    """
    usual = USUAL.get(server)
    ranked = sorted(
        ((rank, service) for service in services if usual and (rank := _rank(usual, service)) is not None),
        key=lambda each: (each[0], each[1].namespace or "", each[1].name),
    )
    for _, service in ranked:
        if usual and (port := _port(usual, service)):
            return Located(service.namespace or "", service.name, port.port, _speaks_tls(port))
    raise NotInstalled(
        f"No server {server!r} is named in opskit.toml or found in the cluster.",
        where="services of all namespaces",
        hint=f"name it in opskit.toml: [clusters.NAME.servers.{server}] url = … or service = …",
    )


def parse_service(text: str) -> Located:
    """A service as opskit.toml writes it, `namespace/name:port`; 443 and 8443 speak TLS.

    Raises:
        ConfigError: it is not of that form.

    """
    namespace, _, rest = text.partition("/")
    name, _, port = rest.partition(":")
    if not (namespace and name and port.isdecimal()):
        raise ConfigError(f"{text!r} is no service.", where="opskit.toml", hint="write namespace/name:port")
    return Located(namespace, name, int(port), int(port) in (443, 8443))


def parse_pod(text: str) -> Located:
    """One pod of a server, `https://namespace/pod:port` (or `http://`); `service` is the pod's name.

    Raises:
        ConfigError: it is not of that form.

    """
    scheme, _, rest = text.partition("://")
    namespace, _, place = rest.partition("/")
    pod, _, port = place.partition(":")
    if scheme not in ("http", "https") or not (namespace and pod and port.isdecimal()):
        raise ConfigError(
            f"{text!r} is no pod.", where="a server's name", hint="write https://namespace/pod:port"
        )
    return Located(namespace, pod, int(port), scheme == "https")


def _rank(usual: Usual, service: Service) -> int | None:
    """Named as usual before merely labelled; None where it is neither, or has no pods to go to."""
    if not service.spec.selector:
        return None
    if service.name in usual.names:
        return usual.names.index(service.name)
    labelled = any(service.labels.get(key) == value for key, value in usual.labels)
    return len(usual.names) if labelled else None


def _port(usual: Usual, service: Service) -> ServicePort | None:
    ports = service.spec.ports or []
    for wanted in usual.ports:
        for port in ports:
            if wanted in (port.name, port.port):
                return port
    return None


def _speaks_tls(port: ServicePort) -> bool:
    return port.name.startswith(("https", "ldaps")) or port.port in (443, 636, 8443)
