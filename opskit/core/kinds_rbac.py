"""RBAC's roles and bindings, projected to the fields in use, and what a rule allows.

Follows https://kubernetes.io/docs/reference/access-authn-authz/rbac/.
"""

import msgspec

from opskit.core.findings import Data
from opskit.core.kinds import Kind, Object, Wire

RBAC = "rbac.authorization.k8s.io"


class Rule(Wire, frozen=True):
    """What a role allows."""

    verbs: list[str] | None = None
    api_groups: list[str] | None = None
    resources: list[str] | None = None
    resource_names: list[str] | None = None


class Role(Object, frozen=True):
    """A Role or ClusterRole."""

    rules: list[Rule] | None = None


class Subject(Wire, frozen=True):
    """Whom a role is given to."""

    kind: str = ""
    name: str = ""
    namespace: str = ""


class RoleRef(Wire, frozen=True):
    """Which role."""

    kind: str = ""
    name: str = ""


class Binding(Object, frozen=True):
    """A RoleBinding or ClusterRoleBinding."""

    subjects: list[Subject] | None = None
    role_ref: RoleRef = msgspec.field(default_factory=RoleRef)


ROLE = Kind(RBAC, "v1", "Role", "roles", Role)
CLUSTER_ROLE = Kind(RBAC, "v1", "ClusterRole", "clusterroles", Role, namespaced=False)
ROLE_BINDING = Kind(RBAC, "v1", "RoleBinding", "rolebindings", Binding)
CLUSTER_ROLE_BINDING = Kind(
    RBAC, "v1", "ClusterRoleBinding", "clusterrolebindings", Binding, namespaced=False
)


class Question(Data, frozen=True):
    """What somebody wants to do."""

    verb: str
    resource: str
    group: str = ""
    """API group."""
    namespace: str = ""
    """Empty: everywhere, or a resource without namespaces."""
    name: str = ""


def allows(rule: Rule, question: Question) -> bool:
    """Whether a rule allows it."""
    return (
        _has(rule.verbs, question.verb)
        and _has(rule.api_groups, question.group)
        and _has(rule.resources, question.resource)
        and (not rule.resource_names or question.name in rule.resource_names)
    )


def _has(values: list[str] | None, wanted: str) -> bool:
    return bool(values) and ("*" in values or wanted in values)
