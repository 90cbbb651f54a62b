"""Drain a node, and return it.

Follows https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/.
"""

from collections.abc import Iterator

from opskit.core import selectors
from opskit.core.errors import Refused, UnknownName
from opskit.core.parts import Unread, known
from opskit.core.plan import Change, Condition, Draft, Evict, Lock, Patch, Step, Target, Undo
from opskit.core.planning import looks
from opskit.core.wording import some
from opskit.systems.kubeadm import kinds
from opskit.systems.kubeadm import looks as questions
from opskit.systems.kubeadm.checks_etcd import down
from opskit.systems.kubeadm.facts import Facts

EVICT_SECONDS = 900
LOCK = Lock(namespace="kube-system", name="opskit-nodes")
"""One lock for all nodes: two drains at once could take two control planes, or all replicas."""


@looks(questions.workloads)
def drain_node(
    facts: Facts,
    *,
    node: str,
    bare_pods: bool,
    empty_dirs: bool,
    local_volumes: bool,
    pods: list[kinds.Pod] | Unread,
    volumes: list[kinds.PersistentVolume] | Unread,
) -> Draft:
    """Cordon a node and evict what runs on it, each pod as its budget allows.

    Args:
        facts: of the cluster.
        node: its name.
        bare_pods: evict pods that nothing makes anew.
        empty_dirs: evict pods whose emptyDir data are lost.
        local_volumes: evict pods whose volume lies on this node: they wait until it is back.
        pods: every pod of the cluster.
        volumes: every persistent volume.

    Raises:
        UnknownName: there is no such node.
        Refused: with every reason why not now.

    """
    found = _node(facts, node)
    reasons = [
        *_unread(nodes=facts.nodes, budgets=facts.budgets, pods=pods, volumes=volumes),
        *_control_plane(facts, found),
        *_losses(known(pods, []), node, bare_pods=bare_pods, empty_dirs=empty_dirs),
        *(() if local_volumes else _local(known(pods, []), known(volumes, []), node)),
        *_blocked(known(facts.budgets, []), known(pods, []), node),
    ]
    _refuse(reasons, what=f"The drain of {node}")
    moved = [pod for pod in known(pods, []) if pod.spec.node_name == node and kinds.moves(pod)]
    goal = (_cordoned(found), _drained(node))
    if found.spec.unschedulable and not moved:
        told = f"{node} is cordoned and drained already."
        return Draft(title=f"Drain {node}", steps=(), goal=goal, lock=LOCK, nothing_to_do=told)
    evictions = [_evict(pod) for pod in sorted(moved, key=lambda pod: (pod.namespace or "", pod.name))]
    return Draft(title=f"Drain {node}", steps=(_cordon(found), *evictions), goal=goal, lock=LOCK)


def return_node(facts: Facts, *, node: str) -> Draft:
    """Let a node take pods again.

    Args:
        facts: of the cluster.
        node: its name.

    Raises:
        UnknownName: there is no such node.
        Refused: it is not Ready, so nothing would run on it.

    """
    found = _node(facts, node)
    if not found.ready:
        _refuse([f"{node} is not Ready: its kubelet must report first"], what=f"The return of {node}")
    goal = (_open(found), _ready(found))
    if not found.spec.unschedulable:
        told = f"{node} takes pods already."
        return Draft(title=f"Return {node}", steps=(), goal=goal, lock=LOCK, nothing_to_do=told)
    step = Step(
        id=f"uncordon-{node}",
        title=f"Let {node} take pods again",
        action=Patch(patch={"spec": {"unschedulable": None}}),
        target=_target(found),
        reason="A cordoned node stays empty for ever.",
        precondition=(_ready(found),),
        postcondition=(_open(found),),
        expected=(Change(path="spec.unschedulable", before=True, after=None),),
        undo=Undo(action=Patch(patch={"spec": {"unschedulable": True}}), postcondition=(_cordoned(found),)),
        deadline_seconds=60,
    )
    return Draft(title=f"Return {node}", steps=(step,), goal=goal, lock=LOCK)


def _node(facts: Facts, name: str) -> kinds.Node:
    nodes = {each.name: each for each in known(facts.nodes, [])}
    if name not in nodes and not isinstance(facts.nodes, Unread):
        raise UnknownName.among("node", name, nodes)
    if name not in nodes:
        _refuse(_unread(nodes=facts.nodes), what=f"Work on {name}")
    return nodes[name]


def _refuse(reasons: "Iterator[str] | list[str]", *, what: str) -> None:
    listed = "".join(f"\n  - {reason}" for reason in dict.fromkeys(reasons))
    if listed:
        raise Refused(
            f"{what} is refused:{listed}\n", where="kubeadm", hint="clear these first, then plan again"
        )


def _unread(**parts: object) -> Iterator[str]:
    for name, part in parts.items():
        if isinstance(part, Unread):
            yield f"{name} could not be read: {part.reason}"


def _control_plane(facts: Facts, node: kinds.Node) -> Iterator[str]:
    """A second control-plane node must not go while another is away."""
    if kinds.CONTROL_PLANE not in node.labels:
        return
    for other in facts.control_planes:
        if other.name != node.name and (not other.ready or other.spec.unschedulable):
            state = "cordoned" if other.ready else "not Ready"
            yield f"the control-plane node {other.name} is {state}: never take two at once"
    lost = [each.name for each in down(facts) if each.name != node.name]
    if lost:
        yield f"etcd on {some(lost)} does not answer: its quorum may need {node.name}"


def _losses(pods: list[kinds.Pod], node: str, *, bare_pods: bool, empty_dirs: bool) -> Iterator[str]:
    moved = [pod for pod in pods if pod.spec.node_name == node and kinds.moves(pod)]
    bare = [f"{pod.namespace}/{pod.name}" for pod in moved if not pod.controller]
    if bare and not bare_pods:
        yield f"nothing makes these pods anew: {some(bare)}; with bare_pods=true they are lost"
    scratch = [f"{pod.namespace}/{pod.name}" for pod in moved if pod.empty_dirs]
    if scratch and not empty_dirs:
        yield f"these pods keep data in an emptyDir: {some(scratch)}; with empty_dirs=true they are lost"


def _local(pods: list[kinds.Pod], volumes: list[kinds.PersistentVolume], node: str) -> Iterator[str]:
    tied = {
        (volume.spec.claim_ref.namespace, volume.spec.claim_ref.name): volume.name
        for volume in volumes
        if volume.is_local and volume.spec.claim_ref is not None
    }
    for pod in pods:
        if pod.spec.node_name == node and kinds.moves(pod):
            for claim in pod.claims:
                volume = tied.get((pod.namespace or "", claim))
                if volume:
                    yield (
                        f"{pod.namespace}/{pod.name} uses the volume {volume}, which lies on a node: "
                        "it waits until the node is back; with local_volumes=true it does"
                    )


def _blocked(budgets: list[kinds.PodDisruptionBudget], pods: list[kinds.Pod], node: str) -> Iterator[str]:
    """What a budget would refuse now, or could not decide."""
    chosen = [(each, selectors.parse(each.spec.selector.text())) for each in budgets if each.spec.selector]
    for pod in pods:
        if pod.spec.node_name != node or not kinds.moves(pod):
            continue
        over = [
            budget
            for budget, selector in chosen
            if budget.namespace == pod.namespace and selectors.matches(selector, pod.labels)
        ]
        name = f"{pod.namespace}/{pod.name}"
        if len(over) > 1:
            named = some(each.name for each in over)
            yield f"{name} has {len(over)} budgets ({named}): the server evicts none such"
        elif over and over[0].status.disruptions_allowed == 0:
            status = over[0].status
            yield (
                f"the budget {over[0].namespace}/{over[0].name} lets {name} not go: it wants "
                f"{status.desired_healthy} healthy of {status.expected_pods}, and "
                f"{status.current_healthy} are"
            )


def _target(node: kinds.Node) -> Target:
    return Target(kind="Node", name=node.name, version="v1", plural="nodes", uid=node.metadata.uid)


def _of_node(name: str, node: kinds.Node, text: str) -> Condition:
    arguments = {"node": node.name, "uid": node.metadata.uid}
    return Condition(name=f"kubeadm/node-{name}", arguments=arguments, text=f"{node.name} {text}")


def _cordoned(node: kinds.Node) -> Condition:
    return _of_node("cordoned", node, "takes no new pods")


def _open(node: kinds.Node) -> Condition:
    return _of_node("open", node, "takes new pods")


def _ready(node: kinds.Node) -> Condition:
    return _of_node("ready", node, "is Ready")


def _drained(node: str) -> Condition:
    return Condition(name="kubeadm/node-drained", arguments={"node": node}, text=f"{node} is drained")


def _cordon(node: kinds.Node) -> Step:
    closed = node.spec.unschedulable
    return Step(
        id=f"cordon-{node.name}",
        title=f"Cordon {node.name}",
        action=Patch(patch={"spec": {"unschedulable": True}}),
        target=_target(node),
        reason="Pods that are evicted must not come back to it.",
        postcondition=(_cordoned(node),),
        expected=() if closed else (Change(path="spec.unschedulable", before=None, after=True),),
        undo=Undo(action=Patch(patch={"spec": {"unschedulable": None}}), postcondition=(_open(node),)),
        deadline_seconds=60,
        skip=f"{node.name} is cordoned already" if closed else "",
    )


def _evict(pod: kinds.Pod) -> Step:
    namespace, uid = pod.namespace or "", pod.metadata.uid
    arguments = {"name": pod.name, "namespace": namespace, "uid": uid}
    gone = Condition(name="kubeadm/pod-gone", arguments=arguments, text=f"pod {namespace}/{pod.name} is gone")
    return Step(
        id=f"evict-{namespace}-{pod.name}",
        title=f"Evict {namespace}/{pod.name}",
        action=Evict(),
        target=Target(kind="Pod", name=pod.name, namespace=namespace, version="v1", plural="pods", uid=uid),
        reason="An eviction asks the pod's disruption budget first, and waits until it allows.",
        postcondition=(gone,),
        no_undo="Its controller makes it anew, elsewhere or here once the node is open again."
        if pod.controller
        else "Nothing makes it anew.",
        deadline_seconds=EVICT_SECONDS,
        risk="medium",
        confirm="" if pod.controller else pod.name,
    )
