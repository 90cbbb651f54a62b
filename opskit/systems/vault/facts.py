"""What is true of a Vault or OpenBao now: from each node, from its API, and from Kubernetes around it."""

from datetime import datetime, timedelta
from typing import Any

from opskit.core.cluster import Cluster
from opskit.core.errors import NotInstalled
from opskit.core.findings import Data
from opskit.core.kinds_workloads import Pod
from opskit.core.parts import Unread, attempt, known, listed, recorded, settle
from opskit.systems.vault import answers, client, keys, kinds, leases, nodes, reviewing, signs
from opskit.systems.vault.nodes import Node
from opskit.systems.vault.reviewing import Reviewing
from opskit.systems.vault.signs import Sign

TOKENS = 300
"""Accessors that are looked at."""
LOG_SECONDS = 24 * 3600
POLICIES = 300
LATELY = timedelta(hours=1)


class Facts(Data, frozen=True):
    """Everything that the checks judge. A part that could not be read is an `Unread`; the rest stands."""

    namespace: str
    """Of its pods; `default` where there are none."""
    now: datetime
    server: str
    """The one that was asked beyond its seal: unsealed, the named one first."""
    nodes: list[Node]
    pods: list[Pod] | Unread
    front: answers.SealStatus | Unread
    """What the server `vault` says, through whatever stands before the nodes."""
    myself: answers.Token | Unread
    """opskit's own token."""
    ha: answers.HaStatus | Unread
    raft: answers.RaftConfiguration | Unread | None
    """None: the storage is not raft."""
    autopilot: answers.Autopilot | Unread | None
    mounts: dict[str, answers.Mount] | Unread
    auth: dict[str, answers.Mount] | Unread
    audit: dict[str, answers.AuditDevice] | Unread
    policies: dict[str, answers.Policy | Unread] | Unread
    leases: leases.Leases | Unread
    irrevocable: answers.LeaseCount | Unread
    tokens: list[answers.Token] | Unread
    key: answers.KeyStatus | Unread
    transit: list[keys.Transit | Unread] | Unread
    pki: list[keys.Authority | Unread] | Unread
    signs: list[Sign] | Unread
    vaults: list[kinds.Vault] | Unread
    syncs: list[tuple[str, kinds.Sync]] | Unread
    """Kind and resource of the Vault Secrets Operator."""
    refusing: tuple[str, ...] = ()
    """Nodes that serve nothing now, where the log told of an audit device: standbys may well serve reads."""
    reviewing: Reviewing | Unread | None = None
    """None: a snapshot did not ask."""

    def lately(self, sign: str) -> list[Sign]:
        """That sign, where the logs show it within the last hour: nothing in them says that it is over."""
        told = [each for each in known(self.signs, []) if each.name == sign]
        return [each for each in told if each.at is None or self.now - each.at < LATELY]

    @property
    def cli(self) -> str:
        """The command line that fits the server: `bao` or `vault`."""
        mounts = known(self.mounts, {})
        openbao = any(".bao" in each.running_plugin_version for each in mounts.values())
        return "bao" if openbao or "openbao" in self.namespace else "vault"

    @property
    def seal(self) -> answers.SealStatus | None:
        """The seal status of any node that answers."""
        seen = [self.front, *(each.seal for each in self.nodes)]
        return next((each for each in seen if isinstance(each, answers.SealStatus)), None)


def read(cluster: Cluster) -> Facts:
    """Read a Vault: each node without a token, then what the token may see.

    `vault.nodes`, `vault.namespace` and `vault.selector` of the settings say where it is.
    """
    around = settle(
        {
            "pods": lambda: nodes.pods(cluster),
            "vaults": lambda: listed(cluster, kinds.VAULT),
            "syncs": lambda: _syncs(cluster),
            "front": lambda: client.plain(
                cluster, "sys/seal-status", answers.SealStatus, server=client.SERVER
            ),
        }
    )
    pods: list[Pod] = known(around["pods"], [])
    every = nodes.read(cluster, nodes.servers(cluster, pods))
    server = _asked(around["front"], every)
    seal = next((each.seal for each in every if each.server == server), around["front"])
    rest = _rest(cluster, server, seal)
    namespace = str(cluster.setting("vault", "namespace", "")) or _namespace(pods)
    told = attempt("log of Vault's pods", lambda: _signs(cluster, namespace, pods))
    return Facts(
        namespace=namespace,
        now=cluster.now(),
        server=server,
        nodes=every,
        signs=told,
        refusing=_refusing(cluster, every, known(told, [])),
        reviewing=_reviewing(cluster, known(rest["auth"], {}), pods, server),
        **around,
        **rest,
    )


def _reviewing(cluster: Cluster, auth: dict[str, answers.Mount], pods: list[Pod], server: str) -> Any:
    return attempt(
        "rights to review tokens",
        lambda: recorded(lambda: reviewing.read(cluster, auth, pods, server=server)),
    )


def _refusing(cluster: Cluster, every: list[Node], told: list[Sign]) -> tuple[str, ...]:
    """Ask each node what it has to log before it answers; a log may tell of what is long mended."""
    if not any(each.name == "audit-blocked" for each in told):
        return ()

    def own(node: Node) -> Any:
        return lambda: client.data(cluster, "auth/token/lookup-self", answers.Token, server=node.server)

    found = settle({each.name: own(each) for each in every if each.unsealed})
    return tuple(
        name for name, each in found.items() if isinstance(each, Unread) and each.error == "Unreachable"
    )


def _namespace(pods: list[Pod]) -> str:
    return (pods[0].namespace or "default") if pods else "default"


def _asked(front: answers.SealStatus | Unread, every: list[Node]) -> str:
    if isinstance(front, answers.SealStatus) and not front.sealed:
        return client.SERVER
    return next((each.server for each in every if each.active), None) or next(
        (each.server for each in every if each.unsealed), client.SERVER
    )


def _rest(cluster: Cluster, server: str, seal: Any) -> dict[str, Any]:
    """What needs a token; for one that is sealed or away, unread for that reason."""
    if isinstance(seal, Unread) or seal.sealed:
        why = (
            seal
            if isinstance(seal, Unread)
            else Unread(part="Vault", error="Unreachable", reason="Vault is sealed.")
        )
        return dict.fromkeys(_PARTS, why)
    raft = seal.storage_type == "raft"

    def data(path: str, model: Any) -> Any:
        return lambda: client.data(cluster, path, model, server=server)

    found = settle(
        {
            "myself": data("auth/token/lookup-self", answers.Token),
            "ha": data("sys/ha-status", answers.HaStatus),
            "raft": data("sys/storage/raft/configuration", answers.RaftConfiguration) if raft else _none,
            "autopilot": data("sys/storage/raft/autopilot/state", answers.Autopilot) if raft else _none,
            "mounts": data("sys/mounts", dict[str, answers.Mount]),
            "auth": data("sys/auth", dict[str, answers.Mount]),
            "audit": data("sys/audit", dict[str, answers.AuditDevice]),
            "policies": lambda: _policies(cluster, server),
            "leases": lambda: leases.read(cluster, server=server),
            "irrevocable": lambda: client.data(
                cluster, "sys/leases/count", answers.LeaseCount, server=server, query={"type": "irrevocable"}
            ),
            "tokens": lambda: _tokens(cluster, server),
            "key": data("sys/key-status", answers.KeyStatus),
        }
    )
    mounts = found["mounts"]
    held: dict[str, Any] = (
        {"transit": mounts, "pki": mounts}
        if isinstance(mounts, Unread)
        else keys.read(cluster, mounts, server=server)
    )
    return {**found, **held}


_PARTS = (
    "myself",
    "ha",
    "raft",
    "autopilot",
    "mounts",
    "auth",
    "audit",
    "policies",
    "leases",
    "irrevocable",
    "tokens",
    "key",
    "transit",
    "pki",
)


def _none() -> None:
    return None


def _policies(cluster: Cluster, server: str) -> dict[str, Any]:
    names = [each for each in client.keys(cluster, "sys/policies/acl", server=server) if each != "root"]

    def one(name: str) -> Any:
        return lambda: client.data(cluster, f"sys/policies/acl/{name}", answers.Policy, server=server)

    return settle({name: one(name) for name in names[:POLICIES]})


def _tokens(cluster: Cluster, server: str) -> list[answers.Token]:
    """By accessor: one that ended in between is left out."""

    def one(accessor: str) -> Any:
        return lambda: client.data(
            cluster,
            "auth/token/lookup-accessor",
            answers.Token,
            server=server,
            question={"accessor": accessor},
        )

    accessors = client.keys(cluster, "auth/token/accessors", server=server)[:TOKENS]
    found = settle({accessor: one(accessor) for accessor in accessors})
    return [each for each in found.values() if isinstance(each, answers.Token)]


def _syncs(cluster: Cluster) -> list[tuple[str, kinds.Sync]]:
    return [(kind.kind, each) for kind in kinds.SYNCS for each in listed(cluster, kind)]


def _signs(cluster: Cluster, namespace: str, pods: list[Pod]) -> list[Sign]:
    if not pods:
        return []
    named = str(cluster.setting("vault", "selector", ""))
    labels = pods[0].labels
    selector = named or f"app.kubernetes.io/name={labels.get('app.kubernetes.io/name', 'vault')}"
    try:
        return signs.read(cluster.logs(namespace, selector, since_seconds=LOG_SECONDS, deadline=15.0))
    except NotInstalled:
        return []
