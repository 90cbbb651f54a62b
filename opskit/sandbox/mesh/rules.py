"""How the shop's traffic goes: gateway, routes, subsets, retries, outlier detection, as Istio's resources."""

from opskit.sandbox.component import Component
from opskit.sandbox.control_plane import api
from opskit.sandbox.kube import Json
from opskit.sandbox.mesh import proxies
from opskit.sandbox.mesh.workloads import GATEWAY, GATEWAY_HOST, INGRESS, MESHED, PORT, SHOP, fqdn
from opskit.sandbox.site import Site

NETWORKING, SECURITY = "/apis/networking.istio.io/v1", "/apis/security.istio.io/v1"


def components() -> list[Component]:
    """The rules, and the moment at which the whole shop answers through them."""
    return [
        Component(
            name="mesh-rules",
            needs=("istio-crds", "mesh-namespaces"),
            ready=_served,
            settle=create,
        ),
        Component(
            name="mesh-serves",
            needs=("mesh-rules", "mesh-pods", *(each.agent for each in MESHED), *_apps()),
            ready=serves,
        ),
    ]


def _apps() -> tuple[str, ...]:
    return tuple(each.process for each in MESHED if each.serves)


def _served(site: Site) -> bool:
    return all(
        api(site).find(path) is not None
        for path in (
            f"{NETWORKING}/virtualservices",
            f"{NETWORKING}/destinationrules",
            f"{NETWORKING}/gateways",
        )
    )


def serves(site: Site) -> bool:
    """Whether the shop answers through the gateway."""
    return proxies.answers(GATEWAY.address(site), PORT, "/", host=GATEWAY_HOST)


def create(site: Site) -> None:
    """Create all rules as they are while all is well."""
    client = api(site)
    for plural, each in rules():
        namespace = each["metadata"]["namespace"]
        client.create(f"{NETWORKING}/namespaces/{namespace}/{plural}", each)


def path(plural: str, name: str, *, namespace: str = SHOP, group: str = NETWORKING) -> str:
    """Where one of the rules is."""
    return f"{group}/namespaces/{namespace}/{plural}/{name}"


def rules() -> list[tuple[str, Json]]:
    """Plural and object of each rule."""
    return [
        ("gateways", _object("Gateway", "shop", _gateway(), namespace=INGRESS)),
        ("virtualservices", _object("VirtualService", "shop", _entry())),
        ("virtualservices", _object("VirtualService", "catalog", _catalog())),
        ("virtualservices", reviews(90, 10)),
        ("destinationrules", _object("DestinationRule", "catalog", {"host": fqdn("catalog"), **_policy()})),
        ("destinationrules", _object("DestinationRule", "reviews", _subsets())),
    ]


def reviews(v1: int, v2: int) -> Json:
    """The canary: shares of the two versions of `reviews`, in percent."""
    routes = [
        {"destination": {"host": fqdn("reviews"), "subset": subset}, "weight": weight}
        for subset, weight in (("v1", v1), ("v2", v2))
    ]
    http = [{"name": "canary", "route": routes, "timeout": "3s"}]
    return _object("VirtualService", "reviews", {"hosts": [fqdn("reviews")], "http": http})


def _gateway() -> Json:
    server = {"port": {"number": PORT, "name": "http", "protocol": "HTTP"}, "hosts": [GATEWAY_HOST]}
    return {"selector": {"istio": "ingressgateway"}, "servers": [server]}


def _entry() -> Json:
    route = [{"destination": {"host": fqdn("web"), "port": {"number": PORT}}}]
    return {"hosts": [GATEWAY_HOST], "gateways": [f"{INGRESS}/shop"], "http": [{"route": route}]}


def _catalog() -> Json:
    retries = {"attempts": 2, "perTryTimeout": "1s", "retryOn": "5xx,reset,connect-failure"}
    route = [{"destination": {"host": fqdn("catalog")}}]
    return {"hosts": [fqdn("catalog")], "http": [{"route": route, "retries": retries, "timeout": "2s"}]}


def _policy() -> Json:
    outliers = {
        "consecutive5xxErrors": 5,
        "interval": "1s",
        "baseEjectionTime": "5s",
        "maxEjectionPercent": 100,
    }
    return {"trafficPolicy": {"outlierDetection": outliers}}


def _subsets() -> Json:
    subsets = [{"name": version, "labels": {"version": version}} for version in ("v1", "v2")]
    return {"host": fqdn("reviews"), "subsets": subsets}


def _object(kind: str, name: str, spec: Json, *, namespace: str = SHOP) -> Json:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}
