"""Whom each API server trusts: by its flags, or by the file of its authentication configuration."""

from typing import Any, TypeVar

import msgspec

from opskit.core.cluster import Cluster
from opskit.core.errors import BadAnswer, NotInstalled
from opskit.core.findings import Data
from opskit.core.kinds_core import POD
from opskit.core.kinds_workloads import Pod
from opskit.core.reads import Local, OnNode, Place
from opskit.systems.dex import kinds

APISERVER = "component=kube-apiserver"
_FLAG = "--authentication-config="
T = TypeVar("T")


class ApiServer(Data, frozen=True):
    """One API server's way of knowing people: by flags, or by a file."""

    node: str
    flags: dict[str, str]
    """Those named `--oidc-…`, without the dashes."""
    file: str
    """Of `--authentication-config`; empty where it has none."""


class Trust(Data, frozen=True):
    """An issuer that an API server trusts."""

    node: str
    issuer: str
    audiences: tuple[str, ...]
    username: kinds.Claim
    groups: kinds.Claim
    authority: str = ""
    """PEM of the CA that its certificate must be signed by; empty: the machine's own CAs, or not known."""


def apiservers(cluster: Cluster) -> list[ApiServer]:
    """Every API server, by its static pod.

    Raises:
        NotInstalled: they are no pods here.
        As any read.

    """
    pods = cluster.list(POD, namespace="kube-system", selector=APISERVER)
    if not pods:
        raise NotInstalled(
            "The API servers are no pods here, so that their flags can't be read.",
            where=f"namespace kube-system, {APISERVER}",
            hint="ask whoever runs the control plane how it authenticates",
        )
    return [_apiserver(each) for each in pods]


def _apiserver(pod: Pod) -> ApiServer:
    words = [word for each in pod.spec.containers or [] for word in _words(each)]
    pairs = (word.removeprefix("--").partition("=") for word in words if word.startswith("--oidc-"))
    file = next((word.removeprefix(_FLAG) for word in words if word.startswith(_FLAG)), "")
    return ApiServer(
        node=pod.spec.node_name or pod.name, flags={key: value for key, _, value in pairs}, file=file
    )


def _words(container: Any) -> list[str]:
    return [*(container.command or []), *(container.args or [])]


def read(cluster: Cluster, servers: list[ApiServer]) -> list[Trust]:
    """Every issuer that they trust, by flags or a file; `dex.authentication_config` names a copy of it.

    Raises:
        BadAnswer: the file does not parse.
        As any read.

    """
    copy = cluster.setting("dex", "authentication_config")
    found: list[Trust] = []
    for server in servers:
        if server.file:
            place: Place = Local() if copy else OnNode(name=server.node)
            said = cluster.tool(("cat", str(copy or server.file)), place=place)
            held = yaml(said.body, kinds.AuthenticationConfiguration, where=f"{server.file} on {server.node}")
            found += [_trust(server.node, each) for each in held.jwt]
        elif "oidc-issuer-url" in server.flags:
            found.append(_flagged(server))
    return found


def _trust(node: str, jwt: kinds.Jwt) -> Trust:
    return Trust(
        node=node,
        issuer=jwt.issuer.url,
        audiences=tuple(jwt.issuer.audiences),
        username=jwt.mappings.username,
        groups=jwt.mappings.groups,
        authority=jwt.issuer.authority,
    )


def _flagged(server: ApiServer) -> Trust:
    """The flags' own defaults: the claim `sub`, and the issuer as a prefix unless the claim is `email`."""
    flags, issuer = server.flags, server.flags["oidc-issuer-url"]
    claim = flags.get("oidc-username-claim", "sub")
    prefix = flags.get("oidc-username-prefix", "" if claim == "email" else f"{issuer}#")
    return Trust(
        node=server.node,
        issuer=issuer,
        audiences=(flags.get("oidc-client-id", ""),),
        username=kinds.Claim(claim=claim, prefix="" if prefix == "-" else prefix),
        groups=kinds.Claim(
            claim=flags.get("oidc-groups-claim", ""), prefix=flags.get("oidc-groups-prefix", "")
        ),
    )


def yaml(text: str | bytes, shape: type[T], *, where: str) -> T:
    """A configuration file.

    Raises:
        BadAnswer: it does not parse.

    """
    try:
        return msgspec.yaml.decode(text, type=shape, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadAnswer(f"It does not parse: {error}.", where=where, hint="mend the file") from error
