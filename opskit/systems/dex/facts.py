"""What is true of Dex, of the API servers that trust it, and of the rights that its people have."""

import base64
import json
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from opskit.core import heads
from opskit.core.answers import decoder_for
from opskit.core.cluster import Cluster
from opskit.core.errors import BadAnswer, NotFound, NotInstalled, ReadError
from opskit.core.findings import Data
from opskit.core.heads import Head
from opskit.core.kinds_core import CONFIG_MAP, DEPLOYMENT
from opskit.core.kinds_rbac import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING, Binding, Role
from opskit.core.kinds_workloads import Deployment
from opskit.core.parts import Job, Unread, known, listed, recorded, settle
from opskit.systems.dex import certificates, codes, directory, kinds, trusts
from opskit.systems.dex.certificates import Shown
from opskit.systems.dex.directory import Directory
from opskit.systems.dex.trusts import ApiServer as ApiServer
from opskit.systems.dex.trusts import Trust as Trust

SELECTOR = "app.kubernetes.io/name=dex"
LOG_SECONDS = 3600
T = TypeVar("T")


class Facts(Data, frozen=True):
    """Everything that the checks judge. A part that could not be read is an `Unread`; the rest stands."""

    namespace: str
    now: datetime
    deployments: list[Deployment] | Unread
    config: kinds.DexConfig | Unread
    discovery: kinds.Discovery | Unread
    keys: kinds.KeySet | Unread
    log: str | Unread
    """Dex's, of the last hour."""
    apiservers: list[ApiServer] | Unread
    trusts: list[Trust] | Unread
    apiserver_log: str | Unread
    sessions: list[kinds.OfflineSession] | Unread
    roles: list[Role] | Unread
    cluster_roles: list[Role] | Unread
    bindings: list[Binding] | Unread
    cluster_bindings: list[Binding] | Unread
    shown: Shown | None = None
    """The certificate that Dex shows at its issuer's address; None where that is out of reach from here."""
    directories: dict[str, Directory | Unread] = msgspec.field(default_factory=dict[str, Directory | Unread])
    """LDAP connector → its directory."""
    dex_head: Head | Unread | None = None
    """Of its keys; None where a snapshot did not ask. Dex lets them be kept until their next rotation."""
    apiserver_head: Head | Unread | None = None
    """Of its version."""
    codes_waiting: int | Unread | None = None
    """Codes of logins that no application has redeemed; None: not asked, or they are not in Kubernetes."""


def read(cluster: Cluster) -> Facts:
    """Read Dex through its Deployment, and the API servers through their static pods.

    Of the settings count `dex.namespace`, `dex.selector` and `dex.authentication_config`: the path of a copy,
    on this machine, of the file that the API servers read, where their nodes can't be reached over SSH.
    """
    selector = str(cluster.setting("dex", "selector", SELECTOR))
    named = cluster.setting("dex", "namespace")
    start = settle(
        {
            "deployments": lambda: _dex(cluster, selector, named),
            "apiservers": lambda: trusts.apiservers(cluster),
        }
    )
    found: list[Deployment] = known(start["deployments"], [])
    namespace = (found[0].namespace or "") if found else str(named or "dex")
    parts = settle(
        {
            "config": lambda: _config(cluster, namespace),
            "trusts": lambda: trusts.read(cluster, known(start["apiservers"], [])),
            "log": lambda: cluster.logs(namespace, selector, since_seconds=LOG_SECONDS),
            "apiserver_log": lambda: cluster.logs("kube-system", trusts.APISERVER, since_seconds=LOG_SECONDS),
            "sessions": lambda: listed(cluster, kinds.OFFLINE_SESSION, namespace=namespace),
            "roles": lambda: cluster.list(ROLE),
            "cluster_roles": lambda: cluster.list(CLUSTER_ROLE),
            "bindings": lambda: cluster.list(ROLE_BINDING),
            "cluster_bindings": lambda: cluster.list(CLUSTER_ROLE_BINDING),
        }
    )
    issuer = _issuer(parts["config"], parts["trusts"])
    served = settle(_of_servers(cluster, issuer, known(parts["config"], kinds.DexConfig())))
    return Facts(namespace=namespace, now=cluster.now(), **start, **parts, **served)


def _of_servers(cluster: Cluster, issuer: str, config: kinds.DexConfig) -> dict[str, Job]:
    base, in_kubernetes = urlsplit(issuer).path.rstrip("/"), config.storage.type == "kubernetes"
    return {
        "discovery": lambda: _ask(cluster, f"{base}/.well-known/openid-configuration", kinds.Discovery),
        "keys": lambda: _ask(cluster, f"{base}/keys", kinds.KeySet),
        "shown": lambda: _shown(cluster, issuer),
        "directories": lambda: directory.read(cluster, config),
        "dex_head": lambda: recorded(lambda: heads.ask(cluster, f"{base}/keys", server="dex")),
        "codes_waiting": lambda: recorded(lambda: codes.waiting(cluster)) if in_kubernetes else None,
        "apiserver_head": lambda: recorded(lambda: heads.ask(cluster, "/version")),
    }


def _shown(cluster: Cluster, issuer: str) -> Shown | None:
    """Its trust is judged against what the API servers hold: a check of the way there is not asked of TLS."""
    place = urlsplit(issuer)
    if place.scheme != "https" or not place.hostname:
        return None
    try:
        return certificates.read(cluster.served(place.hostname, place.port or 443))
    except ReadError:
        return None


def _dex(cluster: Cluster, selector: str, namespace: str | None) -> list[Deployment]:
    found = cluster.list(DEPLOYMENT, namespace=namespace, selector=selector)
    if not found:
        raise NotInstalled(
            "There is no Dex.",
            where=f"Deployments with {selector}",
            hint="name its namespace and selector in opskit.toml: [clusters.NAME.dex]",
        )
    return found


def _issuer(config: kinds.DexConfig | Unread, told: list[Trust] | Unread) -> str:
    if not isinstance(config, Unread):
        return config.issuer
    return next((each.issuer for each in known(told, [])), "")


def _config(cluster: Cluster, namespace: str) -> kinds.DexConfig:
    """The configuration in the ConfigMap of Dex. A Secret that holds one instead is not read."""
    for each in cluster.list(CONFIG_MAP, namespace=namespace):
        for text in (each.data or {}).values():
            if "issuer:" in text and ("connectors:" in text or "storage:" in text):
                return trusts.yaml(text, kinds.DexConfig, where=f"ConfigMap {namespace}/{each.name}")
    raise NotFound(
        "No ConfigMap holds Dex's configuration; one in a Secret is not read.",
        where=f"namespace {namespace}",
        hint="keep the configuration in a ConfigMap and only its passwords, as $VARIABLES, in a Secret",
    )


def _ask(cluster: Cluster, path: str, shape: type[T]) -> T:
    answer = cluster.http("dex", path, deadline=10.0)
    if answer.status != 200:
        raise BadAnswer(
            f"Dex answered {answer.status}.", where=path, hint="compare the path with the issuer's"
        )
    try:
        return decoder_for(shape).decode(answer.body)
    except msgspec.MsgspecError as error:
        raise BadAnswer(f"Dex' answer can't be used: {error}.", where=path) from error


def claims_of(token: str) -> dict[str, Any]:
    """What an ID token says, unverified.

    Raises:
        BadAnswer: it is no JWT.

    """
    try:
        part = token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError) as error:
        raise BadAnswer("This is no ID token.", where="the token", hint="it has three parts") from error
