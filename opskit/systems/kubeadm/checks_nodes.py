"""Nodes, as the API server sees them."""

from collections.abc import Iterator

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.kinds import WireCondition
from opskit.core.parts import Unread, known
from opskit.core.wording import first_sentence, some
from opskit.systems.kubeadm import kinds
from opskit.systems.kubeadm.facts import Facts
from opskit.systems.kubeadm.judging import finding

_NODE_PAGE = "reference/node/node-status/"


def silent(facts: Facts) -> set[str]:
    """Names of the nodes that are not Ready."""
    return {node.name for node in known(facts.nodes, []) if not node.ready}


def answering(facts: Facts) -> set[str]:
    """Names of the nodes that answered over SSH."""
    return {name for name, each in facts.machines.items() if not isinstance(each, Unread)}


def holding_dns(facts: Facts) -> set[str]:
    """Names of the nodes that are not Ready and hold all of cluster DNS between them; else none."""
    held = {pod.spec.node_name for pod in known(facts.dns_pods, []) if pod.spec.node_name and not pod.is_over}
    return held if held <= silent(facts) else set()


def grave(facts: Facts, node: str) -> Severity:
    """How bad the loss of this node is: critical where the control plane or all of DNS goes with it."""
    lost_with_it = node in facts.plane_names or node in holding_dns(facts)
    return Severity.CRITICAL if lost_with_it else Severity.ERROR


def node_not_ready(facts: Facts) -> Iterator[Finding]:
    """Nodes that are not Ready; what runs on them is told here and nowhere else."""
    for node in known(facts.nodes, []):
        if not node.ready:
            yield _not_ready(facts, node)


def _not_ready(facts: Facts, node: kinds.Node) -> Finding:
    condition = next((each for each in node.status.conditions or [] if each.type == "Ready"), WireCondition())
    plane = kinds.CONTROL_PLANE in node.labels
    gone = condition.status == "Unknown" or not condition.type
    there = [
        pod.labels.get("component", pod.name)
        for pod in known(facts.static_pods, [])
        if pod.spec.node_name == node.name
    ]
    evidence = [
        Evidence(
            text=f"Ready is {condition.status or 'absent'}: {condition.reason or ''} "
            f"{condition.message or ''}".strip(),
            command=f"kubectl describe node {node.name}",
        )
    ]
    if there:
        evidence.append(
            Evidence(
                text=f"What Kubernetes shows of {some(sorted(there))} there is its last word, not its state.",
                command=f"kubectl -n kube-system get pods --field-selector spec.nodeName={node.name}",
            )
        )
    return finding(
        "NODE_NOT_READY",
        grave(facts, node.name),
        f"node {node.name}",
        f"{'Control-plane node' if plane else 'Node'} {node.name} is not Ready.",
        evidence=evidence,
        cause=_silence(facts, node.name)
        if gone
        else f"The kubelet itself says why: {condition.message or condition.reason}.",
        remedy=Remedy(
            text="Look whether the machine runs; on it, `systemctl status kubelet` and `journalctl -u "
            "kubelet -n 100`."
            if gone and facts.machine(node.name) is None
            else f"On {node.name}: `journalctl -u kubelet -n 100`, and mend what its message names."
        ),
        source=_NODE_PAGE,
    )


def _silence(facts: Facts, name: str) -> str:
    """Why a kubelet reports nothing, as far as the node itself can be asked."""
    asked = facts.machines.get(name)
    if asked is None:
        return _GONE
    if isinstance(asked, Unread):
        return f"{_GONE} Over SSH: {first_sentence(asked.reason)}."
    if known(asked.services, {}).get("kubelet") != "active":
        return _GONE
    return (
        "Its kubelet runs, and its reports do not arrive: no API server answers from there, or it is refused."
    )


_GONE = "The kubelet reports nothing: the machine is off or cut off, or its kubelet has ended."


def node_cordoned(facts: Facts) -> Iterator[Finding]:
    """Nodes that take no pods, and that nobody may remember."""
    for node in known(facts.nodes, []):
        if node.spec.unschedulable and node.ready:
            yield finding(
                "NODE_CORDONED",
                Severity.WARNING,
                f"node {node.name}",
                f"{node.name} is Ready and takes no new pods.",
                evidence=[
                    Evidence(text="spec.unschedulable is true", command=f"kubectl get node {node.name}")
                ],
                cause="It was cordoned for a maintenance that is under way, or over and forgotten.",
                remedy=Remedy(
                    text="Once the maintenance is over, return it.",
                    runbook="kubeadm/return-node",
                    parameters={"node": node.name},
                ),
                source="tasks/administer-cluster/safely-drain-node/",
            )


def blocked_drain(facts: Facts) -> Iterator[Finding]:
    """Budgets that allow no disruption although all is well: they would block every drain."""
    for budget in known(facts.budgets, []):
        status = budget.status
        tight = status.expected_pods > 0 and status.disruptions_allowed == 0
        if tight and status.current_healthy >= status.expected_pods:
            name = f"{budget.namespace}/{budget.name}"
            yield finding(
                "BUDGET_BLOCKS_DRAIN",
                Severity.INFO,
                f"PodDisruptionBudget {name}",
                f"{name} never lets a pod go: all {status.expected_pods} are healthy, and it allows 0 "
                "disruptions.",
                evidence=[
                    Evidence(
                        text=f"wants {status.desired_healthy} of {status.expected_pods} healthy",
                        command=f"kubectl -n {budget.namespace} get pdb {budget.name}",
                    )
                ],
                cause="It asks for as many healthy pods as there are replicas.",
                remedy=Remedy(text="Give the workload one replica more, or the budget one pod less."),
                source="tasks/run-application/configure-pdb/",
            )
