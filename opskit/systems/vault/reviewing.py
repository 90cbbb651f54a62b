"""Whether Vault may have ServiceAccounts' tokens reviewed: if it may not, only its debug log tells.

Follows https://developer.hashicorp.com/vault/docs/auth/kubernetes.
"""

from collections.abc import Iterable, Mapping

import msgspec

from opskit.core.cluster import Cluster
from opskit.core.findings import Data
from opskit.core.kinds_rbac import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, Binding, Question, Role, allows
from opskit.core.kinds_workloads import Pod
from opskit.core.parts import attempt
from opskit.systems.vault import client
from opskit.systems.vault.answers import Mount

_REVIEW = Question(verb="create", resource="tokenreviews", group="authentication.k8s.io")


class Reviewing(Data, frozen=True):
    """Who reviews the tokens that are shown to the auth methods `kubernetes`."""

    methods: tuple[str, ...]
    """Their paths; none: nobody logs in so."""
    namespace: str
    """Of Vault's pods, whose ServiceAccount reviews unless the method was given another one's token."""
    own: tuple[str, ...] = ()
    """The ServiceAccounts of its pods."""
    allowed: tuple[str, ...] = ()
    """Those of the namespace that RBAC lets review."""
    by_pod: bool = False
    """Whether a method certainly has no other ServiceAccount's token."""


class _Config(msgspec.Struct, frozen=True):
    """`auth/PATH/config`; the token itself is never told."""

    token_reviewer_jwt_set: bool = True


def read(cluster: Cluster, auth: Mapping[str, Mount], pods: list[Pod], *, server: str) -> Reviewing:
    """Who may review, as RBAC says.

    Raises:
        Forbidden and others: bindings or roles can't be read.

    """
    methods = tuple(path for path, each in auth.items() if each.type == "kubernetes")
    namespace = (pods[0].namespace or "") if pods else ""
    if not methods or not namespace:
        return Reviewing(methods=methods, namespace=namespace)
    own = sorted({each.spec.service_account_name or "default" for each in pods})
    roles = {each.name: each for each in cluster.list(CLUSTER_ROLE)}
    allowed = _allowed(cluster.list(CLUSTER_ROLE_BINDING), roles, namespace)
    configs = [attempt(path, lambda path=path: _config(cluster, path, server)) for path in methods]
    return Reviewing(
        methods=methods,
        namespace=namespace,
        own=tuple(own),
        allowed=tuple(sorted(allowed)),
        by_pod=any(isinstance(each, _Config) and not each.token_reviewer_jwt_set for each in configs),
    )


def _config(cluster: Cluster, path: str, server: str) -> _Config:
    return client.data(cluster, f"auth/{path}config", _Config, server=server)


def _allowed(bindings: Iterable[Binding], roles: Mapping[str, Role], namespace: str) -> set[str]:
    """ServiceAccounts by name; `*` where a group of all of them may."""
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
    found: set[str] = set()
    for each in bindings:
        role = roles.get(each.role_ref.name)
        if role is None or not any(allows(rule, _REVIEW) for rule in role.rules or []):
            continue
        for subject in each.subjects or []:
            if subject.kind == "ServiceAccount" and subject.namespace == namespace:
                found.add(subject.name)
            if subject.kind == "Group" and subject.name in groups:
                found.add("*")
    return found
