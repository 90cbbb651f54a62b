"""What is true of a kubeadm cluster now: its objects, its nodes' files, its etcd."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from opskit.core.cluster import Cluster
from opskit.core.errors import BadAnswer, NotFound, NotInstalled
from opskit.core.findings import Data
from opskit.core.parts import Unread, attempt, known, settle
from opskit.core.reads import OnNode
from opskit.systems.kubeadm import answers, kinds, metrics, reading
from opskit.systems.kubeadm.versions import Version, of_image, parse

SYSTEM = "kube-system"
COMPONENTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")
"""The static pods that kubeadm makes on a control-plane node."""


class Facts(Data, frozen=True):
    """Everything that the checks judge. A part that could not be read is an `Unread`; the rest stands."""

    now: datetime
    server: Version | None
    """Of the API server that answered."""
    configuration: dict[str, Any] | Unread
    """kubeadm's ClusterConfiguration."""
    nodes: list[kinds.Node] | Unread
    static_pods: list[kinds.Pod] | Unread
    """The control plane's pods in kube-system."""
    budgets: list[kinds.PodDisruptionBudget] | Unread
    deprecated: list[answers.DeprecatedApi] | Unread
    """Asked for since the API server that answered was started."""
    certificates: dict[str, answers.CertificateReport | Unread]
    """Control-plane node → its certificates."""
    served: dict[str, datetime | Unread]
    """Control-plane node → when the certificate ends that its API server shows now."""
    tokens: list[answers.BootstrapToken] | Unread
    members: answers.Members | Unread
    endpoints: list[answers.Endpoint] | Unread
    health: list[answers.Health] | Unread
    alarms: answers.Alarms | Unread

    @property
    def control_planes(self) -> list[kinds.Node]:
        """The control-plane nodes."""
        return control_planes(known(self.nodes, []))

    def component(self, name: str) -> list[kinds.Pod]:
        """The static pods of a component, one a control-plane node."""
        return [pod for pod in known(self.static_pods, []) if pod.labels.get("component") == name]

    @property
    def api_servers(self) -> dict[str, Version]:
        """Node → version of its API server, as its image's tag says."""
        found = {pod.spec.node_name: _version_of(pod) for pod in self.component("kube-apiserver")}
        return {node: version for node, version in found.items() if version is not None}


def control_planes(nodes: list[kinds.Node]) -> list[kinds.Node]:
    """The control-plane nodes among them."""
    return [node for node in nodes if kinds.CONTROL_PLANE in node.labels]


def _version_of(pod: kinds.Pod) -> Version | None:
    containers = pod.spec.containers or []
    return of_image(containers[0].image) if containers else None


def read(cluster: Cluster) -> Facts:
    """Read a kubeadm cluster.

    What only the nodes know (certificates, tokens) needs `[clusters.NAME.nodes]` in opskit.toml.
    """
    first = settle(
        {
            "configuration": lambda: configuration(cluster),
            "nodes": lambda: cluster.list(kinds.NODE),
            "static_pods": lambda: cluster.list(kinds.POD, namespace=SYSTEM, selector="tier=control-plane"),
            "budgets": lambda: cluster.list(kinds.POD_DISRUPTION_BUDGET),
            "deprecated": lambda: metrics.deprecated(cluster.path("/metrics").decode(errors="replace")),
        }
    )
    rest = _unasked(first["configuration"]) or _of_nodes(cluster, control_planes(known(first["nodes"], [])))
    return Facts(now=cluster.now(), server=parse(cluster.info.version), **first, **rest)


def configuration(cluster: Cluster) -> dict[str, Any]:
    """Kubeadm's ClusterConfiguration, from the ConfigMap `kubeadm-config`.

    Raises:
        NotInstalled: the cluster was not made by kubeadm.
        BadAnswer: it holds no such configuration.

    """
    from ruamel.yaml import YAML, YAMLError

    try:
        found = cluster.get(kinds.CONFIG_MAP, "kubeadm-config", namespace=SYSTEM)
    except NotFound as error:
        raise NotInstalled(
            "The cluster was not made by kubeadm.",
            where=f"ConfigMap {SYSTEM}/kubeadm-config",
            hint="nothing to do where something else manages the control plane",
        ) from error
    try:
        held = YAML(typ="safe").load((found.data or {}).get("ClusterConfiguration", ""))
    except YAMLError as error:
        raise BadAnswer(
            "ClusterConfiguration does not parse.", where="kubeadm-config", hint=str(error)
        ) from error
    if not isinstance(held, dict):
        raise BadAnswer(
            "There is no ClusterConfiguration.", where="kubeadm-config", hint="`kubeadm config print`"
        )
    return msgspec.convert(held, dict[str, Any])


def _unasked(first: dict[str, Any] | Unread) -> dict[str, Any]:
    """Every other part, unread for the same reason, where this is no kubeadm cluster."""
    if not isinstance(first, Unread) or first.error != NotInstalled.__name__:
        return {}
    parts = ("tokens", "members", "endpoints", "health", "alarms")
    unread = {part: Unread(part=part, error=first.error, reason=first.reason) for part in parts}
    return {"certificates": {}, "served": {}, **unread}


def _of_nodes(cluster: Cluster, planes: list[kinds.Node]) -> dict[str, Any]:
    names = tuple(node.name for node in planes)
    told = settle(
        {
            **{f"certificates {name}": lambda name=name: certificates(cluster, name) for name in names},
            **{f"served {node.name}": lambda node=node: _served(cluster, node) for node in planes},
            "tokens": lambda: tokens(cluster, names),
            "members": lambda: reading.etcd(cluster, "member", "list", model=answers.Members, nodes=names),
            "endpoints": lambda: reading.etcd(
                cluster,
                "endpoint",
                "status",
                "--cluster",
                model=list[answers.Endpoint],
                nodes=names,
                many=True,
            ),
            "health": lambda: reading.etcd(
                cluster, "endpoint", "health", "--cluster", model=list[answers.Health], nodes=names, many=True
            ),
            "alarms": lambda: reading.etcd(cluster, "alarm", "list", model=answers.Alarms, nodes=names),
        }
    )
    return {
        "certificates": {name: told.pop(f"certificates {name}") for name in names},
        "served": {name: told.pop(f"served {name}") for name in names},
        **told,
    }


def certificates(cluster: Cluster, node: str) -> answers.CertificateReport:
    """What kubeadm says of the certificates on a control-plane node.

    Raises:
        NotInstalled: no way to reach the node is named, or it has no kubeadm.
        ToolFailed, BadAnswer, Unreachable, Unauthorized, DeadlineExceeded, NotInSnapshot.

    """
    from opskit.core.cluster import decode

    answer = cluster.tool(reading.CERTIFICATES, place=OnNode(name=node))
    return decode(answer.body, msgspec.json.Decoder(answers.CertificateReport), where=f"kubeadm on {node}")


def _served(cluster: Cluster, node: kinds.Node) -> datetime:
    from cryptography import x509

    address = next(
        (each.address for each in node.status.addresses or [] if each.type == "InternalIP"), node.name
    )
    shown = cluster.served(address, 6443, name="kubernetes")
    return x509.load_pem_x509_certificate(shown.encode()).not_valid_after_utc


def tokens(cluster: Cluster, nodes: tuple[str, ...]) -> list[answers.BootstrapToken]:
    """The bootstrap tokens without their secrets, asked on the first control-plane node that answers.

    Raises:
        NotInstalled: no control-plane node can be reached.
        ToolFailed, BadAnswer, Unreachable, Unauthorized, DeadlineExceeded, NotInSnapshot.

    """
    why = "There is no control-plane node."
    for name in nodes:
        found = attempt("tokens", lambda name=name: _tokens_on(cluster, name))
        if not isinstance(found, Unread):
            return found
        why = found.reason
    raise NotInstalled(why, where="bootstrap tokens", hint="name the nodes in opskit.toml")


def _tokens_on(cluster: Cluster, node: str) -> list[answers.BootstrapToken]:
    lines = cluster.tool(reading.TOKENS, place=OnNode(name=node)).body.decode(errors="replace").splitlines()
    return [_token(*line.split(None, 1)) for line in lines if line.strip()]


def _token(id_: str, expires: str = "") -> answers.BootstrapToken:
    text = expires.strip()
    try:
        at = (
            datetime.fromisoformat(text.replace(" +0000 UTC", "+00:00"))
            if text and text[0].isdigit()
            else None
        )
    except ValueError as error:
        raise BadAnswer(
            f"A token ends at {text!r}.", where="kubeadm token list", hint="ask it by hand"
        ) from error
    return answers.BootstrapToken(id=id_, expires=at.astimezone(UTC) if at else None)
