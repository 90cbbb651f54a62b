"""Where the servers of the profile `trust` listen: each on a loopback address of this sandbox's own."""

from opskit.sandbox.site import Site

BIND = "bind9"
_HOSTS = {
    "openbao-0": 20,
    "openbao-1": 21,
    "openbao-2": 22,
    "openldap": 30,
    "dex": 31,
    "bind9": 32,
    "acme": 33,
    "cert-manager": 34,
    "cert-manager-webhook": 35,
}
PORTS = {
    "openbao": 8200,
    "openbao-cluster": 8201,
    "openldap": 1636,
    "dex": 5556,
    "dex-grpc": 5557,
    "dex-telemetry": 5558,
    "acme": 14000,
    "acme-management": 15000,
    "acme-pebble": 14001,
    "cert-manager": 9402,
    "cert-manager-webhook": 10250,
}
"""The port of each server but BIND, the same in its pod and here."""


def host(site: Site, server: str) -> str:
    """The loopback address of a server. BIND listens only on addresses that an interface has."""
    if server == BIND:
        return "127.0.0.1"
    return f"{site.network()}.{_HOSTS[server]}"


def pod_address(server: str) -> str:
    """The address that its pod tells: endpoints may not be loopback addresses."""
    return f"10.244.83.{_HOSTS[server]}"


def where(site: Site, server: str, *, port: str = "") -> str:
    """`host:port` of a server.

    Args:
        site: the sandbox.
        server: its name.
        port: another of its ports, as `dex-grpc`.

    """
    return f"{host(site, server)}:{port_of(site, port or server)}"


def port_of(site: Site, port: str) -> int:
    """The port of that name; BIND's is chosen free, for it shares its address."""
    return site.port(BIND) if port == BIND else PORTS[port]
