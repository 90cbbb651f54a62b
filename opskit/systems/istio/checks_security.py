"""Certificates, and whether clients speak what servers accept."""

from collections import Counter
from collections.abc import Iterator

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.kinds_core import Pod
from opskit.core.parts import known
from opskit.core.wording import some
from opskit.systems.istio import kinds
from opskit.systems.istio.answers import Certificate
from opskit.systems.istio.facts import Facts, full
from opskit.systems.istio.judging import Judgement, check_of, finding, named
from opskit.systems.istio.metrics import short
from opskit.systems.istio.proxies import Proxy, identity, left

_FEW = 0.2
"""Certificates are renewed with half of their lifetime left: less than this is a renewal that fails."""
_PLAIN = ("DISABLE", "SIMPLE", "MUTUAL")


def _secret(each: Proxy) -> str:
    return f"istioctl proxy-config secret {each.pod}.{each.namespace}"


@check_of
def certificate_expired(facts: Facts) -> list[Judgement]:
    """Workload certificates that have expired, or whose renewal is overdue."""
    found: list[Judgement] = []
    for each in facts.proxies:
        worst = min(each.own, key=lambda one: left(one, facts.now), default=None)
        if worst is not None and left(worst, facts.now) < _FEW:
            found.append(_overdue(facts, each, worst))
    return found


def _overdue(facts: Facts, each: Proxy, worst: Certificate) -> Judgement:
    over = left(worst, facts.now) <= 0
    when = f"{worst.expiration_time:%Y-%m-%d %H:%M} UTC" if worst.expiration_time else "an unknown time"
    judged = finding(
        "CERTIFICATE_EXPIRED" if over else "CERTIFICATE_NOT_RENEWED",
        Severity.CRITICAL if over else Severity.WARNING,
        each.subject,
        f"Its workload certificate {'expired' if over else 'expires'} at {when}"
        + (": all mTLS with it is refused." if over else ", and was not renewed in time."),
        evidence=[
            Evidence(text=f"{identity(worst)}, serial {worst.serial_number[:16]}…", command=_secret(each)),
            Evidence(
                text=f"it counts {each.counter('ssl.connection_error'):.0f} failed TLS connections",
                command=each.admin("stats?filter=ssl"),
            ),
        ],
        cause="Its agent got no new certificate: istiod's CA is not reached, or refuses the token; "
        "or the node's clock is wrong.",
        remedy=Remedy(
            text=f"`kubectl -n {each.namespace} logs {each.pod} -c istio-proxy | grep -i -e csr -e sds`; "
            "a new pod asks anew."
        ),
        source="concepts/security/#pki",
    )
    return Judgement(finding=judged, hosts=_hosts_of(facts, each), pods=frozenset({each.subject}))


def _hosts_of(facts: Facts, each: Proxy) -> frozenset[str]:
    pod = next((one for one in facts.meshed if (one.namespace, one.name) == (each.namespace, each.pod)), None)
    return _hosts_of_pod(facts, pod) if pod else frozenset()


def _hosts_of_pod(facts: Facts, pod: Pod) -> frozenset[str]:
    return frozenset(
        service.host
        for service in known(facts.services, [])
        if service.namespace == pod.namespace
        and service.spec.selector
        and service.spec.selector.items() <= pod.labels.items()
    )


@check_of
def roots_differ(facts: Facts) -> list[Judgement]:
    """Proxies that trust another root than the rest of the mesh, or show a certificate of one."""
    roots = {each.subject: each.roots for each in facts.proxies if each.roots}
    if len(roots) < 3:
        return []
    usual = Counter(roots.values()).most_common(1)[0][0]
    odd = [each for each in facts.proxies if each.subject in roots and not roots[each.subject] & usual]
    return [_strange(facts, each, roots[each.subject], usual) for each in odd]


def _strange(facts: Facts, each: Proxy, its: frozenset[str], usual: frozenset[str]) -> Judgement:
    judged = finding(
        "ROOT_DIFFERS",
        Severity.CRITICAL,
        each.subject,
        "It trusts another certificate authority than the rest of the mesh: neither side accepts the other.",
        evidence=[
            Evidence(
                text=f"its root: {_serials(its)}; the others': {_serials(usual)}", command=_secret(each)
            ),
            Evidence(
                text=f"it counts {each.counter('fail_verify_error') + each.counter('fail_verify_san'):.0f} "
                "certificates that it could not verify",
                command=each.admin("stats?filter=fail_verify"),
            ),
        ],
        cause="It was started with an old root, belongs to another istiod, or the CA was replaced without a "
        "time in which both were trusted.",
        remedy=Remedy(
            text="Compare with the ConfigMap istio-ca-root-cert of its namespace; then restart the pod."
        ),
        source="tasks/security/cert-management/plugin-ca-cert/",
    )
    return Judgement(finding=judged, hosts=_hosts_of(facts, each), pods=frozenset({each.subject}))


def _serials(roots: frozenset[str]) -> str:
    return ", ".join(f"{each[:12]}…" for each in sorted(roots))


def mode_of(facts: Facts, pod: Pod) -> tuple[str, kinds.PeerAuthentication | None]:
    """What a pod's Envoy accepts, and the rule that says so: workload before namespace before mesh."""
    best: tuple[int, str, kinds.PeerAuthentication] | None = None
    for each in known(facts.peer_authentications, []):
        chosen = (each.spec.selector.match_labels or {}) if each.spec.selector else {}
        if each.mode == "UNSET" or not chosen.items() <= pod.labels.items():
            continue
        if each.namespace == pod.namespace:
            rank = 2 if chosen else 1
        elif each.namespace == facts.namespace and not chosen:
            rank = 0
        else:
            continue
        if best is None or rank > best[0]:
            best = (rank, each.mode, each)
    return (best[1], best[2]) if best else ("PERMISSIVE", None)


@check_of
def plaintext_refused(facts: Facts) -> list[Judgement]:
    """Clients without mTLS at workloads that accept nothing else: their connections are cut."""
    found: list[Judgement] = []
    by_rule: dict[str, list[tuple[Pod, float]]] = {}
    rules: dict[str, kinds.PeerAuthentication] = {}
    for pod in facts.meshed:
        rate = known(facts.refusals, {}).get(f"{pod.namespace}/{pod.name}", 0.0)
        mode, rule = mode_of(facts, pod)
        if mode == "STRICT" and rule is not None and rate > 0:
            rules[named(rule)] = rule
            by_rule.setdefault(named(rule), []).append((pod, rate))
    for name, refused in by_rule.items():
        found.append(_refused(facts, rules[name], refused))
    return found


def _refused(facts: Facts, rule: kinds.PeerAuthentication, refused: list[tuple[Pod, float]]) -> Judgement:
    pods = [f"{pod.namespace}/{pod.name}" for pod, _ in refused]
    hosts = frozenset(host for pod, _ in refused for host in _hosts_of_pod(facts, pod))
    bare = sorted(
        f"{pod.namespace}/{pod.name}"
        for pod in known(facts.pods, [])
        if pod not in facts.meshed and pod.status.phase == "Running" and not _of_the_cluster(facts, pod)
    )
    judged = finding(
        "PLAINTEXT_REFUSED",
        Severity.ERROR,
        some(sorted(map(short, hosts)) or pods),
        f"Clients in plain text are refused: {sum(rate for _, rate in refused):.1f} connections a second "
        f"to {some(pods)}.",
        evidence=[
            Evidence(
                text=f"{named(rule)} is STRICT",
                command=f"kubectl -n {rule.namespace} get peerauthentication {rule.name} -o yaml",
            ),
            Evidence(
                text="connections that fit no filter chain of the inbound listener",
                command=f"kubectl -n {refused[0][0].namespace} exec {refused[0][0].name} -c istio-proxy -- "
                "pilot-agent request GET 'stats?filter=no_filter_chain_match'",
            ),
            Evidence(text=f"pods without a sidecar: {some(bare) or 'none'}", command="kubectl get pods -A"),
        ],
        cause="STRICT was switched on while clients without a sidecar, or with mTLS switched off by a "
        "DestinationRule, still call.",
        remedy=Remedy(
            text=f"Set {named(rule)} to PERMISSIVE until every client has a sidecar; then STRICT again.",
        ),
        source="concepts/security/#mutual-tls-authentication",
    )
    return Judgement(finding=judged, hosts=hosts, pods=frozenset(pods))


def _of_the_cluster(facts: Facts, pod: Pod) -> bool:
    return pod.namespace in (facts.namespace, "kube-system", "monitoring")


@check_of
def mtls_conflict(facts: Facts) -> list[Judgement]:
    """DestinationRules that switch mTLS off towards workloads that accept nothing else."""
    return [
        Judgement(
            finding=_conflict(rule, mode, strict),
            hosts=frozenset({full(rule.spec.host, rule.namespace or "")}),
        )
        for rule in known(facts.destination_rules, [])
        for mode in _modes(rule)
        if mode in _PLAIN and (strict := _strict_behind(facts, rule)) is not None
    ]


def _modes(rule: kinds.DestinationRule) -> Iterator[str]:
    policies = [rule.spec.traffic_policy, *(subset.traffic_policy for subset in rule.spec.subsets or [])]
    yield from dict.fromkeys(each.tls.mode for each in policies if each and each.tls and each.tls.mode)


def _strict_behind(facts: Facts, rule: kinds.DestinationRule) -> kinds.PeerAuthentication | None:
    service = facts.service_of.get(full(rule.spec.host, rule.namespace or ""))
    for pod in facts.behind(service) if service else []:
        mode, strict = mode_of(facts, pod)
        if mode == "STRICT" and strict is not None:
            return strict
    return None


def _conflict(rule: kinds.DestinationRule, mode: str, strict: kinds.PeerAuthentication) -> Finding:
    return finding(
        "MTLS_CONFLICT",
        Severity.ERROR,
        short(full(rule.spec.host, rule.namespace or "")),
        f"Clients are told to use TLS mode {mode}, and its workloads accept mTLS of the mesh only.",
        evidence=[
            Evidence(
                text=f"{named(rule)}: tls.mode {mode}",
                command=f"kubectl -n {rule.namespace} get destinationrule {rule.name} -o yaml",
            ),
            Evidence(
                text=f"{named(strict)}: STRICT",
                command=f"kubectl -n {strict.namespace} get peerauthentication {strict.name} -o yaml",
            ),
        ],
        cause="A DestinationRule overrides the automatic mTLS of clients.",
        remedy=Remedy(text=f"Remove `tls` from {named(rule)}, or set it to ISTIO_MUTUAL."),
        source="ops/common-problems/network-issues/#503-errors-after-setting-destination-rule",
    )
