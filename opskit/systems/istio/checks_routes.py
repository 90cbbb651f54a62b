"""Rules that lead nowhere: hosts, subsets, gateways, weights, and rules that contradict each other."""

from collections.abc import Iterator

from opskit.core.findings import Evidence, Remedy, Severity
from opskit.core.parts import Unread, known
from opskit.core.wording import some
from opskit.systems.istio import kinds
from opskit.systems.istio.facts import Facts, full
from opskit.systems.istio.judging import Judgement, check_of, finding, named
from opskit.systems.istio.metrics import short

_ANALYSIS = "reference/config/analysis"
_PROTOCOLS = ("http", "http2", "https", "grpc", "grpc-web", "tcp", "tls", "udp", "mongo", "mysql", "redis")


def _destinations(facts: Facts) -> Iterator[tuple[kinds.VirtualService, str, kinds.RouteDestination]]:
    """Rule, full host and destination of every route."""
    for rule in known(facts.virtual_services, []):
        for each in rule.routes:
            yield rule, full(each.destination.host, rule.namespace or ""), each


def share(rule: kinds.VirtualService, each: kinds.RouteDestination) -> float:
    """Of its route's requests how many go there, 0 to 1."""
    for route in rule.spec.http:
        if any(one is each for one in route.route or []):
            total = sum(one.weight for one in route.route or [])
            return each.weight / total if total else (1.0 if len(route.route or []) == 1 else 0.0)
    return 1.0


def _show(rule: kinds.VirtualService | kinds.DestinationRule) -> str:
    return f"kubectl -n {rule.namespace} get {type(rule).__name__.lower()} {rule.name} -o yaml"


@check_of
def host_unknown(facts: Facts) -> list[Judgement]:
    """Routes to hosts that no service and no ServiceEntry has: Envoy answers 503 itself."""
    if isinstance(facts.services, Unread) or isinstance(facts.service_entries, Unread):
        return []
    return [
        _unknown(facts, rule, host, each)
        for rule, host, each in _destinations(facts)
        if each.destination.host and not _registered(facts, host)
    ]


def _registered(facts: Facts, host: str) -> bool:
    if (
        host in facts.hosts
        or f"{host}.cluster.local" in facts.hosts
        or f"{host}.svc.cluster.local" in facts.hosts
    ):
        return True
    return any(each.startswith("*") and host.endswith(each[1:]) for each in facts.hosts)


def _unknown(facts: Facts, rule: kinds.VirtualService, host: str, each: kinds.RouteDestination) -> Judgement:
    from difflib import get_close_matches

    part = share(rule, each)
    near = get_close_matches(host, sorted(facts.hosts), n=1)
    guess = f" Did it mean {near[0]}?" if near else ""
    found = finding(
        "HOST_UNKNOWN",
        Severity.ERROR if part else Severity.WARNING,
        named(rule),
        f"{part:.0%} of the requests for {some(rule.spec.hosts)} are sent to {host}, which does not exist.",
        evidence=[
            Evidence(
                text=f"no Service and no ServiceEntry has the host {host}", command="istioctl analyze -A"
            ),
            Evidence(text=f"destination {each.destination.host}, weight {each.weight}", command=_show(rule)),
        ],
        cause=f"The name is wrong, or the service was deleted or is in another namespace.{guess}",
        remedy=Remedy(
            text="Correct the host, or create the service.",
            runbook="istio/where-goes-request",
            parameters={"host": rule.spec.hosts[0] if rule.spec.hosts else host},
        ),
        source=f"{_ANALYSIS}/ist0101/",
    )
    return Judgement(finding=found, hosts=_affected(rule))


def _affected(rule: kinds.VirtualService) -> frozenset[str]:
    where = rule.namespace or ""
    ends = (full(each.destination.host, where) for each in rule.routes)
    return frozenset([*(full(host, where) for host in rule.spec.hosts), *ends])


@check_of
def subset_undefined(facts: Facts) -> list[Judgement]:
    """Routes to subsets that no DestinationRule defines."""
    if isinstance(facts.destination_rules, Unread):
        return []
    defined = {
        (full(rule.spec.host, rule.namespace or ""), subset.name)
        for rule in facts.destination_rules
        for subset in rule.spec.subsets or []
    }
    return [
        _undefined(rule, host, each)
        for rule, host, each in _destinations(facts)
        if each.destination.subset and (host, each.destination.subset) not in defined
    ]


def _undefined(rule: kinds.VirtualService, host: str, each: kinds.RouteDestination) -> Judgement:
    subset, part = each.destination.subset, share(rule, each)
    found = finding(
        "SUBSET_UNDEFINED",
        Severity.ERROR if part else Severity.WARNING,
        named(rule),
        f"{part:.0%} of the requests go to the subset {subset} of {short(host)}, which no rule defines.",
        evidence=[
            Evidence(
                text=f"no DestinationRule for {host} has a subset {subset}", command="istioctl analyze -A"
            ),
            Evidence(text=f"destination subset {subset}, weight {each.weight}", command=_show(rule)),
        ],
        cause="The VirtualService was applied before its DestinationRule, or the subset was renamed.",
        remedy=Remedy(text="Define the subset in a DestinationRule first, then route to it."),
        source=f"{_ANALYSIS}/ist0101/",
    )
    return Judgement(finding=found, hosts=frozenset({host}))


@check_of
def subset_without_pods(facts: Facts) -> list[Judgement]:
    """Subsets whose labels select no ready pod, and how much of the traffic goes there."""
    if isinstance(facts.pods, Unread) or isinstance(facts.services, Unread):
        return []
    found: list[Judgement] = []
    for rule in known(facts.destination_rules, []):
        host = full(rule.spec.host, rule.namespace or "")
        service = facts.service_of.get(host)
        if service is None or not service.spec.selector:
            continue
        for subset in rule.spec.subsets or []:
            if not facts.behind(service, subset.labels):
                found.append(_empty(facts, rule, host, service, subset))
    return found


def _empty(
    facts: Facts, rule: kinds.DestinationRule, host: str, service: kinds.MeshService, subset: kinds.Subset
) -> Judgement:
    routes = [
        (each, share(each, one))
        for each, end, one in _destinations(facts)
        if end == host and one.destination.subset == subset.name
    ]
    part = max((each for _, each in routes), default=0.0)
    others = facts.behind(service)
    wanted = ",".join(f"{key}={value}" for key, value in (subset.labels or {}).items())
    selector = ",".join(f"{key}={value}" for key, value in (service.spec.selector or {}).items())
    versions = sorted({each.labels.get("version", "none") for each in others})
    command = f"kubectl -n {service.namespace} get pods -l {selector} --show-labels"
    found = finding(
        "SUBSET_WITHOUT_PODS",
        Severity.ERROR if part else Severity.WARNING,
        f"subset {subset.name} of {short(host)}",
        f"No ready pod is in the subset {subset.name}; {part:.0%} of the requests are sent to it.",
        evidence=[
            Evidence(text=f"no ready pod of {short(host)} has {wanted or 'its labels'}", command=command),
            Evidence(
                text=f"its {len(others)} ready pods have version {some(versions) or 'none'}", command=command
            ),
            *(
                Evidence(text=f"{named(each)} routes {one:.0%} there", command=_show(each))
                for each, one in routes
            ),
        ],
        cause=_why_empty(facts, service, subset),
        remedy=_leave(routes, rule, subset),
        source=f"{_ANALYSIS}/ist0101/",
    )
    return Judgement(finding=found, hosts=frozenset({host}))


def _why_empty(facts: Facts, service: kinds.MeshService, subset: kinds.Subset) -> str:
    wanted = {**(service.spec.selector or {}), **(subset.labels or {})}
    unready = [
        each.name
        for each in known(facts.pods, [])
        if each.namespace == service.namespace and wanted.items() <= each.labels.items()
    ]
    if unready:
        return f"Its pods are there and not ready: {some(unready)}."
    return "Its workload is scaled to 0 or deleted, or the labels of pods and subset differ."


def _leave(
    routes: list[tuple[kinds.VirtualService, float]], rule: kinds.DestinationRule, subset: kinds.Subset
) -> Remedy:
    text = "Bring its pods back, or take its share away."
    if not routes or not routes[0][1]:
        return Remedy(text=f"Bring its pods back, or remove the subset from {named(rule)}.")
    first = routes[0][0]
    given = {"namespace": first.namespace, "service": first.name, "subset": subset.name, "weight": 0}
    return Remedy(text=text, runbook="istio/shift-traffic", parameters=given)


@check_of
def weights(facts: Facts) -> list[Judgement]:
    """Shares that do not add up to 100: Envoy takes them in proportion, which is rarely what was meant."""
    found: list[Judgement] = []
    for rule in known(facts.virtual_services, []):
        for route in rule.spec.http:
            given = [each.weight for each in route.route or []]
            if len(given) > 1 and sum(given) != 100:
                found.append(_weighted(rule, route, given))
    return found


def _weighted(rule: kinds.VirtualService, route: kinds.HttpRoute, given: list[int]) -> Judgement:
    total = sum(given)
    ends = [
        f"{each.destination.subset or each.destination.host}: {each.weight}" for each in route.route or []
    ]
    real = ", ".join(f"{each / total:.0%}" for each in given) if total else "evenly to all"
    found = finding(
        "WEIGHTS",
        Severity.WARNING,
        f"{named(rule)}, route {route.name or 'without a name'}",
        f"The weights add up to {total}, not 100: requests are split {real}.",
        evidence=[Evidence(text="; ".join(ends), command=_show(rule))],
        cause="One share was changed and the other forgotten.",
        remedy=Remedy(text="Set weights that add up to 100."),
        source="reference/config/networking/virtual-service/#HTTPRouteDestination",
    )
    return Judgement(finding=found, hosts=_affected(rule))


@check_of
def rules_conflict(facts: Facts) -> list[Judgement]:
    """Several rules for one host: which one counts is decided by age, not by what is written in them."""
    return [*_routes_conflict(facts), *_policies_conflict(facts)]


def _routes_conflict(facts: Facts) -> Iterator[Judgement]:
    by_host: dict[str, list[kinds.VirtualService]] = {}
    for rule in known(facts.virtual_services, []):
        if rule.in_mesh:
            for host in rule.spec.hosts:
                by_host.setdefault(full(host, rule.namespace or ""), []).append(rule)
    for host, rules in by_host.items():
        if len(rules) > 1:
            effect = "sidecars use one of them and ignore the others"
            yield _conflict("VIRTUAL_SERVICES_CONFLICT", host, rules, effect, "ist0109")


def _policies_conflict(facts: Facts) -> Iterator[Judgement]:
    by_host: dict[str, list[kinds.DestinationRule]] = {}
    for rule in known(facts.destination_rules, []):
        if rule.spec.workload_selector is None:
            by_host.setdefault(full(rule.spec.host, rule.namespace or ""), []).append(rule)
    for host, rules in by_host.items():
        subsets = [subset.name for rule in rules for subset in rule.spec.subsets or []]
        policies = [rule for rule in rules if rule.spec.traffic_policy]
        if len(rules) > 1 and (len(set(subsets)) < len(subsets) or len(policies) > 1):
            effect = "the older one's policy and subsets of the same name win, the others are dropped"
            yield _conflict("DESTINATION_RULES_CONFLICT", host, rules, effect, "ist0137")


def _conflict(
    code: str,
    host: str,
    rules: "list[kinds.VirtualService] | list[kinds.DestinationRule]",
    effect: str,
    page: str,
) -> Judgement:
    ordered = sorted(rules, key=lambda each: str(each.metadata.creation_timestamp))
    found = finding(
        code,
        Severity.WARNING,
        f"{short(host)}",
        f"{len(rules)} rules claim {short(host)}: {some(named(each) for each in ordered)}; {effect}.",
        evidence=[
            Evidence(text=f"{named(each)}, made {each.metadata.creation_timestamp}", command=_show(each))
            for each in ordered
        ],
        cause="Two teams, or two releases, manage the same host.",
        remedy=Remedy(text=f"Merge them into {named(ordered[0])}, then delete the others."),
        source=f"{_ANALYSIS}/{page}/",
    )
    return Judgement(finding=found, hosts=frozenset({host}))


@check_of
def gateway_unknown(facts: Facts) -> list[Judgement]:
    """Rules for gateways that do not exist, and gateways without pods."""
    if isinstance(facts.gateways, Unread):
        return []
    there = {f"{each.namespace}/{each.name}" for each in facts.gateways}
    found: list[Judgement] = []
    for rule in known(facts.virtual_services, []):
        for name in rule.spec.gateways or []:
            whole = name if "/" in name else f"{rule.namespace}/{name}"
            if name != "mesh" and whole not in there:
                found.append(_no_gateway(rule, whole))
    return [*found, *(_bare(each) for each in facts.gateways if not _pods_of(facts, each))]


def _pods_of(facts: Facts, gateway: kinds.Gateway) -> bool:
    wanted = (gateway.spec.selector or {}).items()
    return isinstance(facts.pods, Unread) or any(
        wanted <= pod.labels.items() and pod.ready for pod in facts.pods
    )


def _no_gateway(rule: kinds.VirtualService, gateway: str) -> Judgement:
    found = finding(
        "GATEWAY_UNKNOWN",
        Severity.ERROR,
        named(rule),
        f"It is meant for the gateway {gateway}, which does not exist: nobody reaches it from there.",
        evidence=[Evidence(text=f"there is no Gateway {gateway}", command="istioctl analyze -A")],
        cause="The gateway was renamed or is in another namespace, or the rule lacks its namespace.",
        remedy=Remedy(text="Write NAMESPACE/NAME of a gateway that exists."),
        source=f"{_ANALYSIS}/ist0101/",
    )
    return Judgement(finding=found, hosts=_affected(rule))


def _bare(gateway: kinds.Gateway) -> Judgement:
    chosen = ",".join(f"{key}={value}" for key, value in (gateway.spec.selector or {}).items())
    found = finding(
        "GATEWAY_WITHOUT_PODS",
        Severity.ERROR,
        named(gateway),
        "No ready pod is this gateway.",
        evidence=[Evidence(text=f"no ready pod has {chosen}", command=f"kubectl get pods -A -l {chosen}")],
        cause="The gateway's deployment is down, or the selector does not fit its labels.",
        remedy=Remedy(text="Bring its pods back, or mend the selector."),
        source=f"{_ANALYSIS}/ist0101/",
    )
    return Judgement(finding=found)


@check_of
def port_naming(facts: Facts) -> list[Judgement]:
    """Ports whose protocol Istio has to guess."""
    injected = {
        each.name for each in known(facts.namespaces, []) if each.labels.get("istio-injection") == "enabled"
    }
    odd = [
        f"{short(service.host)}:{port.port} ({port.name or 'no name'})"
        for service in known(facts.services, [])
        if service.namespace in injected
        for port in service.spec.ports or []
        if port.protocol == "TCP" and not port.app_protocol and port.name.partition("-")[0] not in _PROTOCOLS
    ]
    if not odd:
        return []
    found = finding(
        "PORT_NAMING",
        Severity.INFO,
        some(odd),
        f"{len(odd)} ports have neither a protocol in their name nor an appProtocol: Istio guesses it.",
        evidence=[Evidence(text=some(odd), command="istioctl analyze -A")],
        cause="A service that was written before the mesh.",
        remedy=Remedy(text="Name ports `http-…`, `grpc-…`, `tcp-…`, or set appProtocol."),
        source="ops/configuration/traffic-management/protocol-selection/",
    )
    return [Judgement(finding=found)]
