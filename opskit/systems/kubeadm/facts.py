"""What is true of a kubeadm cluster now: its objects, its nodes' files, its etcd."""

from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from opskit.core.answers import decoder_for
from opskit.core.cluster import Cluster
from opskit.core.errors import BadAnswer, DeadlineExceeded, NotFound, NotInstalled, Unreachable, Untrusted
from opskit.core.findings import Data
from opskit.core.parts import Unread, attempt, known, settle
from opskit.core.reads import OnNode
from opskit.systems.kubeadm import answers, kinds, machines, metrics, reading, tokens
from opskit.systems.kubeadm.answers_machines import Machine
from opskit.systems.kubeadm.machines import COMPONENTS
from opskit.systems.kubeadm.versions import Version, of_image, parse

SYSTEM, DNS = "kube-system", "k8s-app=kube-dns"
_NO_ANSWER = (Unreachable.__name__, Untrusted.__name__, DeadlineExceeded.__name__)


class Facts(Data, frozen=True):
    """Everything that the checks judge. A part that could not be read is an `Unread`; the rest stands."""

    now: datetime
    api: str | Unread
    """The version that an API server answered with; unread: none answered."""
    configuration: dict[str, Any] | Unread
    """kubeadm's ClusterConfiguration."""
    nodes: list[kinds.Node] | Unread
    static_pods: list[kinds.Pod] | Unread
    """The control plane's pods in kube-system."""
    dns: list[kinds.Deployment] | Unread
    """CoreDNS, as kubeadm deploys it."""
    dns_pods: list[kinds.Pod] | Unread
    budgets: list[kinds.PodDisruptionBudget] | Unread
    deprecated: list[answers.DeprecatedApi] | Unread
    """Asked for since the API server that answered was started."""
    machines: dict[str, Machine | Unread]
    """Node → what its own tools say: control planes, nodes that are not Ready, and those that opskit.toml
    names when no API server answers."""
    gaps: list[Unread]
    """What nodes that answered could not say."""
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
    def server(self) -> Version | None:
        """Of the API server that answered."""
        return None if isinstance(self.api, Unread) else parse(self.api)

    @property
    def silent_api(self) -> str:
        """Why no API server answered; empty where one did, or where it refused to be asked."""
        return self.api.reason if isinstance(self.api, Unread) and self.api.error in _NO_ANSWER else ""

    def machine(self, name: str) -> Machine | None:
        """What a node says of itself; None where it was not asked or did not answer."""
        found = self.machines.get(name)
        return None if found is None or isinstance(found, Unread) else found

    @property
    def plane_names(self) -> list[str]:
        """The control-plane nodes; without an API server, those that have a control plane's manifests."""
        if not isinstance(self.nodes, Unread):
            return [node.name for node in self.control_planes]
        return _planes(self.machines)

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


def _planes(told: dict[str, Machine | Unread]) -> list[str]:
    """Nodes with a manifest of a control plane's component, or a container of one."""
    return [
        name
        for name, each in told.items()
        if not isinstance(each, Unread)
        and (set(known(each.manifests, [])) & set(COMPONENTS) or any(map(each.newest, COMPONENTS)))
    ]


def _version_of(pod: kinds.Pod) -> Version | None:
    containers = pod.spec.containers or []
    return of_image(containers[0].image) if containers else None


def read(cluster: Cluster) -> Facts:
    """Read a kubeadm cluster.

    What only the nodes know (services, certificates, tokens) needs `[clusters.NAME.nodes]` in opskit.toml;
    with `addresses` there, it is read even while no API server answers.
    """
    api = attempt("the API server", lambda: cluster.info.version)
    first = _objects(cluster) if not isinstance(api, Unread) else _silent(_OBJECTS, api)
    rest = _unasked(first["configuration"]) or _of_nodes(cluster, api, known(first["nodes"], None))
    return Facts(now=cluster.now(), api=api, **first, **rest)


_OBJECTS = ("configuration", "nodes", "static_pods", "dns", "dns_pods", "budgets", "deprecated")


def _silent(parts: tuple[str, ...], api: Unread) -> dict[str, Any]:
    """Parts that nobody was asked for, because no API server answers."""
    return {part: Unread(part=part, error=api.error, reason=api.reason) for part in parts}


def _objects(cluster: Cluster) -> dict[str, Any]:
    return settle(
        {
            "configuration": lambda: configuration(cluster),
            "nodes": lambda: cluster.list(kinds.NODE),
            "static_pods": lambda: cluster.list(kinds.POD, namespace=SYSTEM, selector="tier=control-plane"),
            "dns": lambda: cluster.list(kinds.DEPLOYMENT, namespace=SYSTEM, selector=DNS),
            "dns_pods": lambda: cluster.list(kinds.POD, namespace=SYSTEM, selector=DNS),
            "budgets": lambda: cluster.list(kinds.POD_DISRUPTION_BUDGET),
            "deprecated": lambda: metrics.deprecated(cluster.path("/metrics").decode(errors="replace")),
        }
    )


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
    unread = _silent(("tokens", "members", "endpoints", "health", "alarms"), first)
    return {"machines": {}, "gaps": [], "certificates": {}, "served": {}, **unread}


def _of_nodes(cluster: Cluster, api: str | Unread, nodes: list[kinds.Node] | None) -> dict[str, Any]:
    asked = named(cluster) if nodes is None else [n.name for n in nodes if _is_asked(n)]
    told = machines.read(cluster, tuple(asked))
    names = tuple(_planes(told) if nodes is None else (each.name for each in control_planes(nodes)))
    lost = {name: each for name, each in told.items() if isinstance(each, Unread)}
    there = tuple(name for name in names if name not in lost)
    found = settle(
        {
            **{f"certificates {name}": lambda name=name: certificates(cluster, name) for name in there},
            **{
                f"served {each.name}": lambda each=each: _served(cluster, each)
                for each in _shown(nodes, there)
            },
            "tokens": lambda: tokens.read(cluster, there, api),
            **_etcd(cluster, there, pods=not isinstance(api, Unread)),
        }
    )
    return {
        "machines": told,
        "gaps": [each for one in told.values() if isinstance(one, Machine) for each in one.gaps],
        "certificates": {name: lost.get(name) or found.pop(f"certificates {name}") for name in names},
        "served": {
            name: lost.get(name) or found.pop(f"served {name}") for name in names if nodes is not None
        },
        **found,
    }


def named(cluster: Cluster) -> list[str]:
    """The nodes that opskit.toml names."""
    return list(cluster.setting("kubeadm", "nodes", []))


def _is_asked(node: kinds.Node) -> bool:
    """Healthy workers are left alone: there may be hundreds."""
    return kinds.CONTROL_PLANE in node.labels or not node.ready


def _shown(nodes: list[kinds.Node] | None, names: tuple[str, ...]) -> list[kinds.Node]:
    return [node for node in nodes or [] if node.name in names]


def _etcd(cluster: Cluster, names: tuple[str, ...], *, pods: bool) -> dict[str, Any]:
    asked: dict[str, tuple[tuple[str, ...], Any]] = {
        "members": (("member", "list"), answers.Members),
        "endpoints": (("endpoint", "status", "--cluster"), list[answers.Endpoint]),
        "health": (("endpoint", "health", "--cluster"), list[answers.Health]),
        "alarms": (("alarm", "list"), answers.Alarms),
    }

    def read(words: tuple[str, ...], model: Any) -> Any:
        many = "--cluster" in words
        return reading.etcd(cluster, *words, model=model, nodes=names, many=many, pods=pods)

    return {part: partial(read, words, model) for part, (words, model) in asked.items()}


def certificates(cluster: Cluster, node: str) -> answers.CertificateReport:
    """What kubeadm says of the certificates on a control-plane node.

    Raises:
        NotInstalled: no way to reach the node is named, or it has no kubeadm.
        ToolFailed, BadAnswer, Unreachable, Unauthorized, DeadlineExceeded, NotInSnapshot.

    """
    from opskit.core.cluster import decode

    answer = cluster.tool(reading.CERTIFICATES, place=OnNode(name=node))
    return decode(answer.body, decoder_for(answers.CertificateReport), where=f"kubeadm on {node}")


def _served(cluster: Cluster, node: kinds.Node) -> datetime:
    from cryptography import x509

    address = next(
        (each.address for each in node.status.addresses or [] if each.type == "InternalIP"), node.name
    )
    shown = cluster.served(address, 6443, name="kubernetes")
    return x509.load_pem_x509_certificate(shown.encode()).not_valid_after_utc
