"""istiod and what its proxies make of it: connected, in sync, accepted, of a fitting version."""

import re

from opskit.core.findings import Evidence, Remedy, Severity
from opskit.core.parts import Unread, known
from opskit.core.wording import count, some
from opskit.systems.istio.answers import Sync
from opskit.systems.istio.facts import Facts
from opskit.systems.istio.judging import Judgement, check_of, finding
from opskit.systems.istio.proxies import Proxy

NO_ANSWER = ("Unreachable", "Untrusted", "PodNotReady", "DeadlineExceeded")
_MINOR = re.compile(r"^(\d+)\.(\d+)")


@check_of
def istiod_down(facts: Facts) -> list[Judgement]:
    """No istiod serves: proxies keep what they have, new pods get nothing, certificates are not renewed."""
    if isinstance(facts.istiod, Unread):
        return []
    ready = sum(each.status.ready_replicas for each in facts.istiod)
    unreachable = isinstance(facts.sync, Unread) and facts.sync.error in NO_ANSWER
    if ready and not unreachable:
        return []
    found = finding(
        "ISTIOD_DOWN",
        Severity.CRITICAL,
        f"istiod in {facts.namespace}",
        "No istiod answers." if ready else "No istiod is ready.",
        evidence=[
            Evidence(
                text=_replicas(facts),
                command=f"kubectl -n {facts.namespace} get deployments,pods -l app=istiod",
            ),
            Evidence(text=_said(facts), command="istioctl proxy-status"),
        ],
        cause=_why_down(facts, ready),
        remedy=Remedy(text=_bring_back(facts, ready)),
        source="ops/common-problems/",
    )
    return [Judgement(finding=found, pods=frozenset({"*"}))]


def _replicas(facts: Facts) -> str:
    told = [
        f"{each.name}: {each.status.ready_replicas} of {each.spec.replicas} ready"
        for each in known(facts.istiod, [])
    ]
    return "; ".join(told) or f"there is no deployment of istiod in {facts.namespace}"


def _said(facts: Facts) -> str:
    return facts.sync.reason if isinstance(facts.sync, Unread) else "its debug interface still answered"


def _why_down(facts: Facts, ready: int) -> str:
    deployments = known(facts.istiod, [])
    if ready:
        return "Its pod counts as ready, but the process does not answer: it hangs, or died a moment ago."
    if deployments and all(each.spec.replicas == 0 for each in deployments):
        return "It was scaled to 0. Proxies keep their configuration; certificates expire within a day."
    if not deployments:
        return "It is not installed in this namespace, or was deleted."
    return "Its pod is not ready: see its state and its log."


def _bring_back(facts: Facts, ready: int) -> str:
    where, deployments = facts.namespace, known(facts.istiod, [])
    if not ready and deployments and all(each.spec.replicas == 0 for each in deployments):
        return f"`kubectl -n {where} scale deployment {deployments[0].name} --replicas=1` (or what it had)."
    return f"`kubectl -n {where} logs -l app=istiod --tail=50`; then mend or restart it."


@check_of
def proxy_disconnected(facts: Facts) -> list[Judgement]:
    """Pods with a proxy that istiod does not know."""
    if isinstance(facts.sync, Unread) or isinstance(facts.pods, Unread):
        return []
    there = {each.proxy for each in facts.sync}
    lost = [pod for pod in facts.meshed if f"{pod.name}.{pod.namespace}" not in there]
    if not lost:
        return []
    names = [f"{pod.namespace}/{pod.name}" for pod in lost]
    found = finding(
        "PROXY_DISCONNECTED",
        Severity.ERROR,
        some(names),
        f"{len(lost)} of {count(len(facts.meshed), 'proxy')} not connected to istiod.",
        evidence=[Evidence(text=f"istiod does not list {some(names)}", command="istioctl proxy-status")],
        cause="The agent can't reach istiod, its certificate or token is refused, or the process is gone. "
        "It keeps the configuration that it had; a proxy that has just started has none.",
        remedy=Remedy(text=f"`kubectl -n {lost[0].namespace} logs {lost[0].name} -c istio-proxy --tail=50`."),
        source="ops/diagnostic-tools/proxy-cmd/",
    )
    return [Judgement(finding=found, pods=frozenset(names))]


@check_of
def config_rejected(facts: Facts) -> list[Judgement]:
    """Envoys that refused what istiod sent: they go on with what they had before, silently."""
    refusing = [each for each in facts.proxies if each.rejections]
    by_reason: dict[tuple[str, ...], list[Proxy]] = {}
    for each in refusing:
        by_reason.setdefault(each.rejections, []).append(each)
    return [_rejected(facts, reasons, proxies) for reasons, proxies in by_reason.items()]


def _rejected(facts: Facts, reasons: tuple[str, ...], proxies: list[Proxy]) -> Judgement:
    first = proxies[0]
    found = finding(
        "CONFIG_REJECTED",
        Severity.ERROR,
        some(each.subject for each in proxies),
        f"{len(proxies)} of {len(facts.proxies)} asked Envoys refuse what istiod sends: {reasons[0][:300]}",
        evidence=[
            *(
                Evidence(
                    text=each[:500],
                    command=f"istioctl proxy-config all {first.pod}.{first.namespace} -o json",
                )
                for each in reasons[:4]
            ),
            Evidence(
                text=f"{first.subject} counts {first.counter('update_rejected'):.0f} refused updates",
                command=first.admin("stats?filter=update_rejected"),
            ),
        ],
        cause=_guilty_filters(facts, proxies),
        remedy=Remedy(
            text="Mend or delete what the reason names: until then later changes of its type are refused."
        ),
        source="ops/common-problems/network-issues/",
    )
    return Judgement(finding=found, pods=frozenset(each.subject for each in proxies))


def _guilty_filters(facts: Facts, proxies: list[Proxy]) -> str:
    pods = {f"{pod.namespace}/{pod.name}": pod for pod in known(facts.pods, [])}
    suspects: list[str] = []
    for each in known(facts.envoy_filters, []):
        hit = [
            proxy
            for proxy in proxies
            if each.namespace in (facts.namespace, proxy.namespace)
            and (pod := pods.get(proxy.subject)) is not None
            and each.labels_selected.items() <= pod.labels.items()
        ]
        if len(hit) == len(proxies):
            suspects.append(f"EnvoyFilter {each.namespace}/{each.name}")
    if suspects:
        return f"{some(suspects)} patches exactly these proxies: its content is passed to Envoy unchecked."
    return "No EnvoyFilter selects these proxies: istiod and this Envoy differ in what they know."


@check_of
def proxy_stale(facts: Facts) -> list[Judgement]:
    """Proxies that have not acknowledged what was sent, at two readings."""
    stale = [each for each in known(facts.sync, []) if each.stale]
    if not stale:
        return []
    names = [_pod_of(each) for each in stale]
    found = finding(
        "PROXY_STALE",
        Severity.WARNING,
        some(names),
        f"{len(stale)} of {len(known(facts.sync, []))} proxies did not acknowledge their configuration: "
        f"{some(sorted({kind for each in stale for kind in each.stale}))}.",
        evidence=[Evidence(text=f"STALE: {some(names)}", command="istioctl proxy-status")],
        cause="The proxy refused it, hangs, or its connection to istiod does.",
        remedy=Remedy(text=f"`istioctl proxy-status {stale[0].proxy}` shows the difference."),
        source="ops/diagnostic-tools/proxy-cmd/",
    )
    return [Judgement(finding=found, pods=frozenset(names), symptom=True)]


def _pod_of(each: Sync) -> str:
    pod, _, namespace = each.proxy.partition(".")
    return f"{namespace}/{pod}"


@check_of
def version_skew(facts: Facts) -> list[Judgement]:
    """Proxies that are newer than istiod, or more than one minor version older."""
    control = [minor(version) for version in control_versions(facts)]
    known_control = [each for each in control if each]
    if not known_control:
        return []
    newest, oldest = max(known_control), min(known_control)
    versions = {each.proxy: minor(each.istio_version) for each in known(facts.sync, []) if each.istio_version}
    ahead = sorted(name for name, version in versions.items() if version and version > newest)
    behind = sorted(
        name
        for name, version in versions.items()
        if version and oldest[1] - version[1] > 1 and version < oldest
    )
    found: list[Judgement] = []
    for names, code, severity, text in (
        (ahead, "DATA_PLANE_AHEAD", Severity.ERROR, "newer than istiod, which is not supported"),
        (behind, "DATA_PLANE_OLD", Severity.WARNING, "more than one minor version older than istiod"),
    ):
        if names:
            found.append(_skewed(names, code, severity, text, newest))
    return found


def _skewed(names: list[str], code: str, severity: Severity, text: str, newest: tuple[int, int]) -> Judgement:
    control = ".".join(map(str, newest))
    each = finding(
        code,
        severity,
        some(names),
        f"{count(len(names), 'proxy', 'is')} {text} ({control}).",
        evidence=[Evidence(text=some(names), command="istioctl version; istioctl proxy-status")],
        cause="Workloads were restarted with another revision's image than the istiod that serves them, "
        "or were never restarted after an upgrade.",
        remedy=Remedy(text="Upgrade istiod first; then restart the workloads, so that they get its proxy."),
        source="releases/supported-releases/",
    )
    return Judgement(finding=each)


def control_versions(facts: Facts) -> list[str]:
    """The version of each istiod deployment, as its image has it."""
    images = [
        container.image
        for each in known(facts.istiod, [])
        for container in each.spec.template.spec.containers or []
        if container.name == "discovery"
    ]
    return [image.rpartition(":")[2].partition("@")[0] for image in images]


def minor(version: str) -> tuple[int, int] | None:
    """Major and minor of `1.30.3`; None of what is no version, as a development build's."""
    found = _MINOR.match(version)
    return (int(found[1]), int(found[2])) if found else None
