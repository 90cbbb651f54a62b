"""calico-node and Felix: whether they are there and ready, and settings that contradict each other."""

from collections.abc import Iterator

from opskit.core.findings import Evidence, Finding
from opskit.core.kinds_workloads import Pod
from opskit.core.parts import Unread, known
from opskit.core.wording import count, some
from opskit.systems.calico.facts import Facts
from opskit.systems.calico.judging import BGP_TROUBLE, ERROR, FELIX, WARNING, finding


def node_not_ready(facts: Facts) -> list[Finding]:
    """calico-node is not ready on a node that is: no new pod there gets its network and its policies."""
    if isinstance(facts.node_pods, Unread):
        return []
    return [_not_ready(facts, pod) for pod in facts.node_pods if not pod.ready and _up(facts, pod)]


def _up(facts: Facts, pod: Pod) -> bool:
    node = facts.nodes.get(pod.spec.node_name)
    return node is not None and node.ready


def _not_ready(facts: Facts, pod: Pod) -> Finding:
    said = _last_words(facts, pod)
    felix = "felix is not ready" in said.lower()
    why = f": {said}" if said else ""
    return finding(
        "FELIX_NOT_READY" if felix else "CALICO_NODE_NOT_READY",
        ERROR,
        f"calico-node on {pod.spec.node_name}",
        f"calico-node on {pod.spec.node_name} is not Ready{why}.",
        evidence=[
            Evidence(
                text=said or f"{pod.name}: {pod.status.phase}, {count(pod.restarts, 'restart')}",
                command=f"kubectl -n {pod.namespace} describe pod {pod.name}",
            )
        ],
        cause="Felix does not program routes and policies there: what changes meanwhile has no effect on it."
        if felix
        else "Its probe fails; the message names Felix or BIRD.",
        remedy=f"`kubectl -n {pod.namespace} logs {pod.name} -c calico-node`: the first error after "
        "its start.",
        source=BGP_TROUBLE,
    )


def _last_words(facts: Facts, pod: Pod) -> str:
    """What the latest probe that failed said."""
    mine = [each for each in known(facts.events, []) if each.involved_object.name == pod.name]
    told = [each for each in mine if each.reason in ("Unhealthy", "BackOff", "Failed")]
    told.sort(key=lambda each: str(each.last_seen or ""))
    return told[-1].message.strip().replace("\n", " ")[:300] if told else ""


def node_missing(facts: Facts) -> list[Finding]:
    """Ready nodes on which no calico-node runs, while it runs on others."""
    pods = known(facts.node_pods, [])
    if not pods:
        return []
    covered = {pod.spec.node_name for pod in pods}
    bare = [name for name, node in facts.nodes.items() if node.ready and name not in covered]
    if not bare:
        return []
    return [
        finding(
            "CALICO_NODE_MISSING",
            ERROR,
            some(bare),
            f"No calico-node runs on {count(len(bare), 'Ready node')}: policies are not enforced there.",
            evidence=[
                Evidence(
                    text=f"without calico-node: {some(bare)}",
                    command="kubectl get pods -A -l k8s-app=calico-node -o wide",
                )
            ],
            cause="A taint that its DaemonSet does not tolerate, a node selector, or no room on the node.",
            remedy="`kubectl describe daemonset calico-node` in its namespace; see its events.",
            source=BGP_TROUBLE,
        )
    ]


def felix_conflict(facts: Facts) -> list[Finding]:
    """Settings of Felix that contradict the pools, the nodes or kube-proxy."""
    return [*_encapsulation(facts), *_bpf(facts), *_unknown_node(facts), *_failsafe(facts)]


def _conflict(code: str, name: str, summary: str, text: str, remedy: str, *, grave: bool) -> Finding:
    command = f"kubectl get felixconfigurations.projectcalico.org {name} -o yaml"
    return finding(
        code,
        ERROR if grave else WARNING,
        f"FelixConfiguration {name}",
        summary,
        evidence=[Evidence(text=text, command=command)],
        cause="Two settings were made at different times and nothing compares them.",
        remedy=remedy,
        source=FELIX,
    )


def _encapsulation(facts: Facts) -> Iterator[Finding]:
    pools = [pool for pool in known(facts.ip_pools, []) if not pool.spec.disabled]
    for each in known(facts.felix_configurations, []):
        for name, enabled, wanting in (
            ("VXLAN", each.spec.vxlan_enabled, [p.name for p in pools if p.spec.vxlan_mode != "Never"]),
            ("IPIP", each.spec.ipip_enabled, [p.name for p in pools if p.spec.ipip_mode != "Never"]),
        ):
            if enabled is False and wanting:
                yield _conflict(
                    "FELIX_CONFLICT",
                    each.name,
                    f"FelixConfiguration {each.name} turns {name} off, but IPPool {some(wanting)} needs it.",
                    f"{name.lower()}Enabled: false",
                    f"Take the setting out: Felix then follows the pools. Or set the pools' {name} "
                    "mode to Never.",
                    grave=True,
                )


def _bpf(facts: Facts) -> Iterator[Finding]:
    proxies = [each for each in known(facts.kube_proxies, []) if each.status.desired_number_scheduled]
    for each in known(facts.felix_configurations, []):
        if each.spec.bpf_enabled and proxies:
            yield _conflict(
                "FELIX_CONFLICT",
                each.name,
                "Felix's eBPF data plane and kube-proxy both handle Services.",
                f"bpfEnabled: true, and kube-proxy runs on "
                f"{count(proxies[0].status.desired_number_scheduled, 'node')}",
                "Take kube-proxy off the nodes (a nodeSelector that none has), or set bpfEnabled to false.",
                grave=False,
            )


def _unknown_node(facts: Facts) -> Iterator[Finding]:
    if not facts.nodes:
        return
    for each in known(facts.felix_configurations, []):
        if each.name.startswith("node.") and each.name.removeprefix("node.") not in facts.nodes:
            yield _conflict(
                "FELIX_CONFIGURATION_UNUSED",
                each.name,
                f"FelixConfiguration {each.name} is for a node that does not exist: it has no effect.",
                f"nodes: {some(facts.nodes)}",
                "Correct its name (`node.NAME`), or delete it.",
                grave=False,
            )


def _failsafe(facts: Facts) -> Iterator[Finding]:
    for each in known(facts.felix_configurations, []):
        for name, ports in (
            ("failsafeInboundHostPorts", each.spec.failsafe_inbound_host_ports),
            ("failsafeOutboundHostPorts", each.spec.failsafe_outbound_host_ports),
        ):
            if ports == []:
                yield _conflict(
                    "FELIX_FAILSAFE_EMPTY",
                    each.name,
                    f"{name} is empty: a policy for hosts can lock out SSH, etcd, the API server and BGP.",
                    f"{name}: []",
                    "Take the setting out to get Felix's own list back, unless every port is "
                    "allowed by policy.",
                    grave=False,
                )
