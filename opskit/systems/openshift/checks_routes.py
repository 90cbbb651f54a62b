"""Routes: whether a router serves them, and whether pods stand behind them."""

from datetime import timedelta

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.kinds import WireCondition
from opskit.core.parts import known
from opskit.core.wording import some
from opskit.systems.openshift.facts import Facts, condition
from opskit.systems.openshift.judging import ROUTES_DOC, finding, lasting, of_platform, said
from opskit.systems.openshift.kinds import Route

LONG_UNSEEN = timedelta(minutes=5)
"""Longer than a router takes to look at a new route."""


def refusal(route: Route) -> WireCondition | None:
    """What a router says against a route; None where every router admitted it, or none looked at it."""
    for each in route.status.ingress or []:
        admitted = condition(each.conditions, "Admitted")
        if admitted is not None and admitted.status == "False":
            return admitted
    return None


def claimants(facts: Facts, route: Route) -> list[Route]:
    """Other routes of the same host and path."""
    mine = (route.spec.host, route.spec.path)
    return [
        each
        for each in known(facts.routes, [])
        if (each.spec.host, each.spec.path) == mine and each.metadata.uid != route.metadata.uid
    ]


def route_not_admitted(facts: Facts) -> list[Finding]:
    """Routes that a router refuses."""
    return [
        _refused(facts, route, said_)
        for route in known(facts.routes, [])
        if (said_ := refusal(route)) is not None
    ]


def _refused(facts: Facts, route: Route, refused: WireCondition) -> Finding:
    others = claimants(facts, route)
    older = [f"{each.namespace}/{each.name}" for each in others if refusal(each) is None]
    taken = bool(older) or refused.reason == "HostAlreadyClaimed"
    held = (
        f"The host {route.spec.host}{route.spec.path} belongs to the older route {some(older)}."
        if older
        else ""
    )
    show = f"oc -n {route.namespace} get route {route.name} -o yaml"
    return finding(
        "ROUTE_NOT_ADMITTED",
        Severity.WARNING,
        f"Route {route.namespace}/{route.name}",
        f"The route {route.namespace}/{route.name} to {route.spec.host} is not served: "
        f"{refused.reason or 'no reason given'}.",
        evidence=[
            Evidence(text=said(refused), command=show),
            *(
                Evidence(text=f"same host: {each}", command=f"oc get routes -A | grep {route.spec.host}")
                for each in older[:3]
            ),
        ],
        cause=held or refused.message or refused.reason or "The router gives no reason.",
        remedy=Remedy(
            text="give one of the two another host or path, or delete the one that is not wanted"
            if taken
            else f"oc -n {route.namespace} describe route {route.name}; correct what the message names"
        ),
        source=ROUTES_DOC,
    )


def route_without_endpoints(facts: Facts) -> list[Finding]:
    """Admitted routes of which a weighted service has no pod that takes requests: they answer 503."""
    if not isinstance(facts.slices, list):
        return []
    return [
        finding(
            "ROUTE_WITHOUT_ENDPOINTS",
            Severity.WARNING,
            f"Route {route.namespace}/{route.name}",
            f"{share:.0%} of the requests to {route.spec.host} go to {some(empty)}, which has no ready pod.",
            evidence=[
                Evidence(
                    text=f"no ready endpoint of service {each}",
                    command=f"oc -n {route.namespace} get endpoints {each}",
                )
                for each in empty
            ],
            cause="The service's selector fits no pod, or its pods are not ready.",
            remedy=Remedy(text=f"oc -n {route.namespace} get service,pods -o wide"),
            source=ROUTES_DOC,
        )
        for route in known(facts.routes, [])
        if refusal(route) is None and not of_platform(route.namespace or "")
        for empty, share in [_empty(facts, route)]
        if empty
    ]


def _empty(facts: Facts, route: Route) -> tuple[list[str], float]:
    """Weighted services without a ready endpoint, and their share of the requests."""
    backends = weights(route)
    whole = sum(backends.values()) or 1
    empty = [
        name
        for name, weight in backends.items()
        if weight and not facts.endpoints(route.namespace or "", name)
    ]
    return empty, sum(backends[name] for name in empty) / whole


def weights(route: Route) -> dict[str, int]:
    """Service → its weight, 0 to 256; a single backend has 100 as a rule."""
    every = [route.spec.to, *(route.spec.alternate_backends or [])]
    return {each.name: 100 if each.weight is None else each.weight for each in every if each.name}


def route_unseen(facts: Facts) -> list[Finding]:
    """Routes that no router looks at: none is for their labels, their namespace or their domain."""
    return [
        finding(
            "ROUTE_UNSEEN",
            Severity.WARNING,
            f"Route {route.namespace}/{route.name}",
            f"No router looks at this route, so {route.spec.host} is not served.",
            evidence=[
                Evidence(
                    text="its status names no router",
                    command=f"oc -n {route.namespace} get route {route.name} -o jsonpath='{{.status}}'",
                )
            ],
            cause="Every IngressController selects other routes (routeSelector, namespaceSelector), or none "
            "runs.",
            remedy=Remedy(
                text="oc -n openshift-ingress-operator get ingresscontrollers -o yaml | grep -A4 Selector; "
                "label the route or its namespace so that one of them takes it"
            ),
            source=ROUTES_DOC,
        )
        for route in known(facts.routes, [])
        if not route.status.ingress and lasting(route.metadata.creation_timestamp, facts.now) > LONG_UNSEEN
    ]


CHECKS = (route_not_admitted, route_unseen, route_without_endpoints)
