"""Predicates over OpenShift's routes, by name."""

from typing import TYPE_CHECKING

from opskit.core.conditions import Conditions, Held
from opskit.core.errors import NotFound
from opskit.core.wording import count
from opskit.systems.openshift.checks_routes import refusal, weights
from opskit.systems.openshift.kinds import ENDPOINT_SLICE, ROUTE, Route

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster

CONDITIONS = Conditions()


def _route(cluster: "Cluster", namespace: str, name: str) -> Route | Held:
    try:
        return cluster.get(ROUTE, name, namespace=namespace)
    except NotFound:
        return Held(ok=False, state=f"there is no route {namespace}/{name}")


@CONDITIONS.named("openshift/route-has-weights")
def route_has_weights(cluster: "Cluster", *, namespace: str, name: str, wanted: dict[str, int]) -> Held:
    """The route spreads requests by exactly these weights, and a router has admitted it.

    Args:
        cluster: where it is.
        namespace: of the route.
        name: of the route.
        wanted: service → weight.

    """
    found = _route(cluster, namespace, name)
    if isinstance(found, Held):
        return found
    now, refused = weights(found), refusal(found)
    told = ", ".join(f"{service} {weight}" for service, weight in now.items())
    if refused is not None:
        return Held(ok=False, state=f"the route is not admitted: {refused.reason}")
    return Held(ok={k: v for k, v in now.items() if v} == {k: v for k, v in wanted.items() if v}, state=told)


@CONDITIONS.named("openshift/service-answers")
def service_answers(cluster: "Cluster", *, namespace: str, service: str) -> Held:
    """At least one pod behind the service takes requests."""
    selector = f"kubernetes.io/service-name={service}"
    ready = sum(each.ready for each in cluster.list(ENDPOINT_SLICE, namespace=namespace, selector=selector))
    return Held(ok=ready > 0, state=f"{count(ready, 'ready endpoint')} behind service {service}")
