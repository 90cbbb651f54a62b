"""The shop: which workloads there are, where, and who they call."""

from dataclasses import dataclass

from opskit.sandbox.site import Site

SYSTEM, INGRESS, SHOP, LEGACY = "istio-system", "istio-ingress", "shop", "legacy"
"""The namespaces: Istio, its gateway, the shop, and a client that has no sidecar."""

PORT = 8080
"""Where every service of the shop listens, and the port of its Service."""

GATEWAY_HOST = "shop.example.test"
"""The name that clients outside ask the gateway for."""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One pod with real processes: a service or a client, and its Envoy if it has one."""

    name: str
    """Of its StatefulSet."""
    namespace: str
    app: str
    version: str = "v1"
    number: int
    """The last number of its address."""
    calls: tuple[str, ...] = ()
    """Services of the shop that it asks whenever it is asked."""
    proxy: str = "sidecar"
    """`sidecar`, `router` for a gateway, or empty: none."""
    serves: bool = True
    """Whether it has an application that listens."""

    @property
    def pod(self) -> str:
        """The pod's name."""
        return f"{self.name}-0"

    @property
    def process(self) -> str:
        """The name of its application's process."""
        return f"app-{self.name}"

    @property
    def agent(self) -> str:
        """The name of its agent's process, which runs Envoy."""
        return f"proxy-{self.name}"

    def address(self, site: Site) -> str:
        """Its IP address."""
        return f"{subnet(site)}.{self.number}"

    def network(self, site: Site) -> str:
        """The name of its network namespace."""
        return f"{prefix(site)}-{self.name}"


def number_of(site: Site) -> int:
    """The sandbox's number among those of this machine, which its addresses and interfaces carry."""
    return int(site.network().rpartition(".")[2])


def prefix(site: Site) -> str:
    """How the names of its bridge, interfaces and network namespaces begin."""
    return f"opsmesh{number_of(site)}"


def subnet(site: Site) -> str:
    """The first three numbers of the pods' addresses; .1 is this machine's end."""
    return f"10.183.{number_of(site)}"


def control(site: Site) -> str:
    """The address at which istiod serves proxies."""
    return f"{subnet(site)}.1"


WEB = Workload(name="web", namespace=SHOP, app="web", number=11, calls=("catalog", "reviews"))
CATALOG = Workload(name="catalog", namespace=SHOP, app="catalog", number=12)
REVIEWS_V1 = Workload(name="reviews-v1", namespace=SHOP, app="reviews", number=13)
REVIEWS_V2 = Workload(name="reviews-v2", namespace=SHOP, app="reviews", version="v2", number=14)
GATEWAY = Workload(
    name="ingressgateway",
    namespace=INGRESS,
    app="istio-ingressgateway",
    number=10,
    proxy="router",
    serves=False,
)
BATCH = Workload(name="batch", namespace=LEGACY, app="batch", number=15, proxy="", serves=False)

WORKLOADS = (GATEWAY, WEB, CATALOG, REVIEWS_V1, REVIEWS_V2, BATCH)
MESHED = tuple(each for each in WORKLOADS if each.proxy)
"""Those with an Envoy."""

CLUSTER_IPS = {"web": "10.96.83.11", "catalog": "10.96.83.12", "reviews": "10.96.83.13"}
"""Service → its cluster IP, which the shop knows instead of asking a DNS server."""


def workload(name: str) -> Workload:
    """The workload of that name."""
    return next(each for each in WORKLOADS if each.name == name)


def fqdn(service: str) -> str:
    """A service's full name."""
    return f"{service}.{SHOP}.svc.cluster.local"
