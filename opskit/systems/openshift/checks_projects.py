"""What projects run: routes, builds, deployment configs, and what limits them."""

from collections import Counter

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.kinds import WireCondition
from opskit.core.parts import known
from opskit.core.wording import some
from opskit.systems.openshift.facts import Facts, condition
from opskit.systems.openshift.judging import BUILDS_DOC, PROJECTS_DOC, ROUTES_DOC, finding, said
from opskit.systems.openshift.kinds import Build, Route

_OWN = ("openshift", "kube-", "default")
"""How the names of the platform's own namespaces begin."""

BUILD_CONFIG = "openshift.io/build-config.name"


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
        if refusal(route) is None and not _platforms(route.namespace or "")
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


def build_failed(facts: Facts) -> list[Finding]:
    """Build configs whose newest build failed."""
    newest: dict[tuple[str | None, str], Build] = {}
    for build in sorted(known(facts.builds, []), key=lambda each: str(each.metadata.creation_timestamp)):
        newest[build.namespace, build.labels.get(BUILD_CONFIG, build.name)] = build
    return [_failed(build) for build in newest.values() if build.status.phase in ("Failed", "Error")]


def _failed(build: Build) -> Finding:
    status = build.status
    return finding(
        "BUILD_FAILED",
        Severity.WARNING,
        f"Build {build.namespace}/{build.name}",
        f"The newest build {build.namespace}/{build.name} {status.phase.lower()}: {status.reason}.",
        evidence=[
            Evidence(
                text=(status.log_snippet or status.message)[-400:],
                command=f"oc -n {build.namespace} logs build/{build.name}",
            )
        ],
        cause=status.message or status.reason or "The build's log tells.",
        remedy=Remedy(text=f"oc -n {build.namespace} logs build/{build.name}; mend it, then start it anew"),
        source=BUILDS_DOC,
    )


def deployment_config_stalled(facts: Facts) -> list[Finding]:
    """DeploymentConfigs whose roll-out failed."""
    return [
        finding(
            "DEPLOYMENT_CONFIG_STALLED",
            Severity.WARNING,
            f"DeploymentConfig {each.namespace}/{each.name}",
            f"The roll-out of {each.namespace}/{each.name} failed: {each.status.available_replicas} of "
            f"{each.spec.replicas} replicas are available.",
            evidence=[
                Evidence(text=said(bad), command=f"oc -n {each.namespace} rollout status dc/{each.name}")
            ],
            cause=bad.message or bad.reason or "It gives no reason.",
            remedy=Remedy(text=f"oc -n {each.namespace} logs dc/{each.name}; oc rollout undo dc/{each.name}"),
            source=BUILDS_DOC,
        )
        for each in known(facts.deployment_configs, [])
        if not each.spec.paused
        if (bad := condition(each.status.conditions, "Progressing")) and bad.status == "False"
    ]


def deployment_configs_deprecated(facts: Facts) -> list[Finding]:
    """DeploymentConfigs are deprecated: one finding for all."""
    found = [each for each in known(facts.deployment_configs, []) if not _platforms(each.namespace or "")]
    if not found:
        return []
    counts = Counter(each.namespace or "" for each in found)
    return [
        finding(
            "DEPLOYMENT_CONFIGS_DEPRECATED",
            Severity.INFO,
            f"{len(found)} DeploymentConfigs",
            f"{len(found)} DeploymentConfigs are in use, which OpenShift has deprecated since 4.14.",
            evidence=[
                Evidence(text=some(f"{name}: {n}" for name, n in counts.items()), command="oc get dc -A")
            ],
            cause="They were made by `oc new-app` of older versions, or from templates.",
            remedy=Remedy(text="make a Deployment of each; their hooks and triggers need a replacement"),
            source=BUILDS_DOC,
        )
    ]


def project_unlimited(facts: Facts) -> list[Finding]:
    """Projects without a quota: one finding for all."""
    return _projects(
        facts,
        {each.namespace for each in known(facts.quotas, [])} if isinstance(facts.quotas, list) else None,
        "PROJECT_WITHOUT_QUOTA",
        "have no ResourceQuota: one of them can starve the others",
        "oc -n PROJECT create quota compute --hard=requests.cpu=8,requests.memory=32Gi,pods=100",
    )


def project_open(facts: Facts) -> list[Finding]:
    """Projects without a network policy: one finding for all."""
    return _projects(
        facts,
        {each.namespace for each in known(facts.policies, [])} if isinstance(facts.policies, list) else None,
        "PROJECT_WITHOUT_POLICY",
        "have no NetworkPolicy: any pod of the cluster reaches theirs",
        "put quota, limits and a default deny into the project template, so that new projects have them",
    )


def _projects(
    facts: Facts, having: set[str | None] | None, code: str, lacks: str, remedy: str
) -> list[Finding]:
    every = [each.name for each in known(facts.namespaces, []) if not _platforms(each.name)]
    without = sorted(set(every) - having) if having is not None else []
    if not without:
        return []
    resource = "resourcequota" if code.endswith("QUOTA") else "networkpolicy"
    return [
        finding(
            code,
            Severity.INFO,
            f"{len(without)} projects",
            f"{len(without)} of {len(every)} projects {lacks}.",
            evidence=[Evidence(text=some(without, at_most=12), command=f"oc get {resource} -A")],
            cause="The project template of this cluster does not have it.",
            remedy=Remedy(text=remedy),
            source=PROJECTS_DOC,
        )
    ]


def _platforms(namespace: str) -> bool:
    return namespace.startswith(_OWN)


CHECKS = (
    route_not_admitted,
    route_without_endpoints,
    build_failed,
    deployment_config_stalled,
    deployment_configs_deprecated,
    project_unlimited,
    project_open,
)
