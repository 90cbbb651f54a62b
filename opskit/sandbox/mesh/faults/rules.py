"""Rules that are wrong."""

from typing import Any

from opskit.sandbox.control_plane import api
from opskit.sandbox.faults import Broken, Fault
from opskit.sandbox.kube import Json
from opskit.sandbox.mesh import proxies, rules
from opskit.sandbox.mesh.faults.common import drop_rule, failing, give_back, seen, set_rule, settled
from opskit.sandbox.mesh.workloads import REVIEWS_V2, SHOP, fqdn


def _scale(sandbox: Broken, replicas: int) -> None:
    path = f"/apis/apps/v1/namespaces/{SHOP}/statefulsets/{REVIEWS_V2.name}"
    api(sandbox.site).patch(path, {"spec": {"replicas": replicas}})


def _no_pods(sandbox: Broken) -> dict[str, Any]:
    _scale(sandbox, 0)
    seen(lambda: failing(sandbox), "requests to the empty subset fail")
    return {}


def _pods_back(sandbox: Broken) -> None:
    _scale(sandbox, 1)


SUBSET_WITHOUT_PODS = Fault(
    name="subset-without-pods",
    summary="The StatefulSet of reviews v2 is scaled to 0 while 10 % of the requests are routed to it.",
    seen="One request in ten ends with 503 and the flag UH; `istioctl proxy-config endpoint` shows no "
    "endpoint of the subset.",
    inject=_no_pods,
    heal=_pods_back,
    victims=("reviews v2",),
)


def _nowhere(sandbox: Broken) -> dict[str, Any]:
    rule = rules.reviews(90, 10)
    rule["spec"]["http"][0]["route"][1]["destination"] = {"host": fqdn("reviewz")}
    set_rule(sandbox, "virtualservices", "reviews", rule)
    seen(lambda: failing(sandbox), "requests to the unknown host fail")
    return {}


def _reviews_back(sandbox: Broken) -> None:
    give_back(sandbox, "virtualservices", "reviews")


UNKNOWN_HOST = Fault(
    name="unknown-host",
    summary="The VirtualService of reviews sends 10 % to a host that does not exist.",
    seen="One request in ten ends with 503 and the flag NC; `istioctl analyze` says IST0101.",
    inject=_nowhere,
    heal=_reviews_back,
    victims=("the VirtualService reviews",),
)


def _weights(sandbox: Broken) -> dict[str, Any]:
    set_rule(sandbox, "virtualservices", "reviews", rules.reviews(90, 60))
    seen(lambda: settled(sandbox), "proxies have the weights")
    return {}


WRONG_WEIGHTS = Fault(
    name="wrong-weights",
    summary="The weights of reviews add up to 150: somebody raised v2 to 60 and forgot v1.",
    seen="40 % of the requests reach v2, and nothing says so but the counters.",
    inject=_weights,
    heal=_reviews_back,
    victims=("the VirtualService reviews",),
)


def _second(sandbox: Broken) -> dict[str, Any]:
    spec: Json = {
        "host": fqdn("reviews"),
        "subsets": [{"name": "v2", "labels": {"version": "v1"}}],
        "trafficPolicy": {"loadBalancer": {"simple": "RANDOM"}},
    }
    body = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": "reviews-release", "namespace": SHOP},
        "spec": spec,
    }
    set_rule(sandbox, "destinationrules", "reviews-release", body)
    seen(lambda: settled(sandbox), "proxies have the second rule")
    return {}


def _one(sandbox: Broken) -> None:
    drop_rule(sandbox, "destinationrules", "reviews-release")


CONFLICTING_RULES = Fault(
    name="conflicting-rules",
    summary="A second DestinationRule claims the host reviews, with a subset of the same name.",
    seen="The second rule has no effect, and no object says so.",
    inject=_second,
    heal=_one,
)


def _filter(sandbox: Broken) -> dict[str, Any]:
    value = {
        "name": "envoy.filters.http.local_ratelimit",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
            "stat_prefix": "",
        },
    }
    place = {
        "listener": {"filterChain": {"filter": {"name": "envoy.filters.network.http_connection_manager"}}}
    }
    patch = {
        "applyTo": "HTTP_FILTER",
        "match": {"context": "SIDECAR_INBOUND", **place},
        "patch": {"operation": "INSERT_BEFORE", "value": value},
    }
    body = {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "metadata": {"name": "rate-limit", "namespace": SHOP},
        "spec": {"workloadSelector": {"labels": {"app": "catalog"}}, "configPatches": [patch]},
    }
    set_rule(sandbox, "envoyfilters", "rate-limit", body, group=_ALPHA)
    seen(lambda: not settled(sandbox), "Envoy refuses the configuration")
    return {}


_ALPHA = rules.NETWORKING.replace("/v1", "/v1alpha3")


def _no_filter(sandbox: Broken) -> None:
    drop_rule(sandbox, "envoyfilters", "rate-limit", group=_ALPHA)


CONFIG_REJECTED = Fault(
    name="config-rejected",
    summary="An EnvoyFilter gives the catalog's Envoy a rate limit without the field that it needs.",
    seen="The Envoy refuses its listeners and keeps the old ones: STALE in `istioctl proxy-status`, "
    "lds.update_rejected in its statistics.",
    inject=_filter,
    heal=_no_filter,
)


def _strict(sandbox: Broken) -> dict[str, Any]:
    body = {
        "apiVersion": "security.istio.io/v1",
        "kind": "PeerAuthentication",
        "metadata": {"name": "default", "namespace": SHOP},
        "spec": {"mtls": {"mode": "STRICT"}},
    }
    before = _refused(sandbox)
    set_rule(sandbox, "peerauthentications", "default", body, group=rules.SECURITY)
    seen(lambda: _refused(sandbox) > before, "the client without a sidecar is refused")
    return {}


def _refused(sandbox: Broken) -> int:
    counted = proxies.counted(sandbox.site, proxies.BATCH_LOAD)
    return sum(number for what, number in counted.items() if not what.isdecimal())


def _permissive(sandbox: Broken) -> None:
    drop_rule(sandbox, "peerauthentications", "default", group=rules.SECURITY)


STRICT_PLAINTEXT = Fault(
    name="strict-plaintext",
    summary="mTLS becomes STRICT in the shop, while legacy/batch, without a sidecar, still calls.",
    seen="The client's connections are cut; no_filter_chain_match rises in the catalog's Envoy.",
    inject=_strict,
    heal=_permissive,
)
