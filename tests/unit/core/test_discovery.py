"""Servers are found by the services that they usually have."""

import msgspec
import pytest

from opskit.core.discovery import Located, locate, parse_pod, parse_service
from opskit.core.errors import ConfigError, NotInstalled
from opskit.core.kinds_core import Service


def service(name, *ports, namespace="n", selector=True, **labels):
    spec = {
        "ports": [{"name": port[0], "port": port[1]} for port in ports],
        "selector": {"app": "x"} if selector else None,
    }
    metadata = {
        "name": name,
        "namespace": namespace,
        "labels": {k.replace("__", "/"): v for k, v in labels.items()},
    }
    return msgspec.convert({"metadata": metadata, "spec": spec}, Service)


WEB = ("web", 9090)


@pytest.mark.parametrize(
    ("server", "services", "found"),
    [
        ("prometheus", [service("prometheus-operated", WEB)], ("n", "prometheus-operated", 9090, False)),
        (
            "prometheus",
            [service("prometheus", WEB), service("prometheus-k8s", WEB, namespace="z")],
            ("z", "prometheus-k8s", 9090, False),
        ),
        ("prometheus", [service("mine", ("http", 80), app="prometheus")], ("n", "mine", 80, False)),
        (
            "prometheus",
            [service("prometheus-operated", WEB, selector=False), service("mine", WEB, app="prometheus")],
            ("n", "mine", 9090, False),
        ),
        (
            "prometheus",
            [service("prometheus", ("grpc", 10901)), service("b", WEB, app="prometheus")],
            ("n", "b", 9090, False),
        ),
        ("vault", [service("vault", ("http", 8200), ("https-internal", 8201))], ("n", "vault", 8200, False)),
        ("dex", [service("dex", ("https", 5554), ("http", 5556))], ("n", "dex", 5554, True)),
        (
            "istiod",
            [service("istiod", ("https-dns", 15012), ("http-monitoring", 15014))],
            ("n", "istiod", 15014, False),
        ),
        ("ceph-mgr", [service("rook-ceph-mgr", ("http-metrics", 9283))], ("n", "rook-ceph-mgr", 9283, False)),
    ],
)
def test_the_likeliest_service_is_taken(server, services, found):
    assert locate(server, services) == Located(*found)


@pytest.mark.parametrize(
    ("server", "services"),
    [("prometheus", []), ("vault", [service("prometheus", WEB)]), ("unheard-of", [service("x", WEB)])],
)
def test_nothing_found_says_how_to_name_it(server, services):
    with pytest.raises(NotInstalled, match=rf"servers\.{server}\] url"):
        locate(server, services)


def test_a_service_of_the_file():
    assert parse_service("mon/prom:9090") == Located("mon", "prom", 9090, tls=False)
    assert parse_service("dex/dex:8443").tls


@pytest.mark.parametrize("text", ["prom", "mon/prom", "mon/prom:web", "/prom:1", "mon/:1"])
def test_what_is_no_service(text):
    with pytest.raises(ConfigError, match="is no service"):
        parse_service(text)


def test_a_pod_of_a_server():
    assert parse_pod("https://vault/vault-0:8200") == Located("vault", "vault-0", 8200, True)
    assert not parse_pod("http://vault/vault-0:8200").tls


@pytest.mark.parametrize("text", ["vault/vault-0:8200", "https://vault-0:8200", "https://vault/vault-0", ""])
def test_what_is_no_pod(text):
    with pytest.raises(ConfigError, match="is no pod"):
        parse_pod(text)
