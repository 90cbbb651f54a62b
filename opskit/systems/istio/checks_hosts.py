"""Rules for hosts and gateways that do not exist, and ports whose protocol is guessed."""

from opskit.core.findings import Evidence, Remedy, Severity
from opskit.core.kinds_core import Namespace
from opskit.core.parts import Unread, known
from opskit.core.wording import count, some
from opskit.systems.istio import kinds
from opskit.systems.istio.destinations import ANALYSIS, affected, destinations, share, show
from opskit.systems.istio.facts import Facts
from opskit.systems.istio.judging import Judgement, check_of, finding, named
from opskit.systems.istio.metrics import short

_PROTOCOLS = ("http", "http2", "https", "grpc", "grpc-web", "tcp", "tls", "udp", "mongo", "mysql", "redis")


@check_of
def host_unknown(facts: Facts) -> list[Judgement]:
    """Routes to hosts that no service and no ServiceEntry has: Envoy answers 503 itself."""
    if isinstance(facts.services, Unread) or isinstance(facts.service_entries, Unread):
        return []
    return [
        _unknown(facts, rule, host, each)
        for rule, host, each in destinations(facts)
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
    near = get_close_matches(host, sorted(each for each in facts.hosts if _akin(each, host)), n=1)
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
            Evidence(text=f"destination {each.destination.host}, weight {each.weight}", command=show(rule)),
        ],
        cause=f"The name is wrong, or the service was deleted or is in another namespace.{guess}",
        remedy=Remedy(
            text="Correct the host, or create the service.",
            runbook="istio/where-goes-request",
            parameters={"host": rule.spec.hosts[0] if rule.spec.hosts else host},
        ),
        source=f"{ANALYSIS}/ist0101/",
    )
    return Judgement(finding=found, hosts=affected(rule))


def _akin(known_host: str, host: str) -> bool:
    """Of the same name or the same namespace: of thousands of hosts only those are worth a guess."""
    one, other = known_host.split("."), host.split(".")
    return one[0] == other[0] or one[1:2] == other[1:2]


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
        source=f"{ANALYSIS}/ist0101/",
    )
    return Judgement(finding=found, hosts=affected(rule))


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
        source=f"{ANALYSIS}/ist0101/",
    )
    return Judgement(finding=found)


@check_of
def port_naming(facts: Facts) -> list[Judgement]:
    """Ports whose protocol Istio has to guess."""
    injected = {each.name for each in known(facts.namespaces, []) if _meshed(each)}
    odd = [
        f"{short(service.host)}:{port.port} ({port.name or 'no name'})"
        for service in known(facts.services, [])
        if service.namespace in injected
        for port in service.spec.ports or []
        if port.protocol == "TCP" and not port.app_protocol and not _named(port.name)
    ]
    if not odd:
        return []
    found = finding(
        "PORT_NAMING",
        Severity.INFO,
        some(odd),
        f"{count(len(odd), 'port', 'has')} no protocol in the name and no appProtocol: Istio guesses it.",
        evidence=[Evidence(text=some(odd), command="istioctl analyze -A")],
        cause="A service that was written before the mesh.",
        remedy=Remedy(text="Name ports `http-…`, `grpc-…`, `tcp-…`, or set appProtocol."),
        source="ops/configuration/traffic-management/protocol-selection/",
    )
    return [Judgement(finding=found)]


def _meshed(each: Namespace) -> bool:
    """Whether new pods there get a sidecar."""
    by_revision = "istio.io/rev" in each.labels and each.labels.get("istio-injection") != "disabled"
    return each.labels.get("istio-injection") == "enabled" or by_revision


def _named(port: str) -> bool:
    """Whether the port's name begins with a protocol: `grpc-web` is one, and its part `grpc`, too."""
    return any(port == each or port.startswith(f"{each}-") for each in _PROTOCOLS)
