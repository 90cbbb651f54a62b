"""What RBAC lets a user and its groups do: the roles that are bound, evaluated here. Pure.

After https://kubernetes.io/docs/reference/access-authn-authz/rbac/.
"""

from collections.abc import Iterator, Sequence

from opskit.core.findings import Data
from opskit.core.kinds_rbac import Binding, Question, Rule, Subject, allows
from opskit.core.parts import known
from opskit.systems.dex.facts import Facts

AUTHENTICATED = "system:authenticated"


class Grant(Data, frozen=True):
    """A binding that allows it."""

    binding: str
    role: str
    through: str
    """`User …` or `Group …`."""


def granting(facts: Facts, user: str, groups: Sequence[str], question: Question) -> list[Grant]:
    """The bindings that allow it, cluster-wide ones first."""
    found: list[Grant] = []
    for binding in _in_reach(facts, question.namespace):
        through = _through(binding, user, groups)
        if through and any(allows(rule, question) for rule in _rules(facts, binding)):
            found.append(Grant(binding=_named(binding), role=_role(binding), through=through))
    return found


def everybody(facts: Facts, question: Question) -> list[tuple[Subject, str]]:
    """Whoever may do it without being an admin of all, and by which binding.

    Left out are the cluster's own components, whose names begin with `system:`, and what runs in kube-system.
    """
    return [
        (subject, _named(binding))
        for binding in _in_reach(facts, question.namespace)
        if any(allows(rule, question) and not _of_admins(rule) for rule in _rules(facts, binding))
        for subject in binding.subjects or []
        if not _of_the_cluster(subject)
    ]


def _of_admins(rule: Rule) -> bool:
    return all("*" in (each or []) for each in (rule.verbs, rule.api_groups, rule.resources))


def _of_the_cluster(subject: Subject) -> bool:
    if subject.kind == "ServiceAccount":
        return subject.namespace == "kube-system"
    everyone = (AUTHENTICATED, "system:unauthenticated", "system:serviceaccounts")
    return subject.name.startswith("system:") and not subject.name.startswith(everyone)


def bound(facts: Facts, user: str, groups: Sequence[str]) -> list[str]:
    """Every role that is bound to a user or its groups, with the binding; those of everybody are left out."""
    found = ((each, _through(each, user, groups)) for each in _every(facts))
    return [
        f"{_role(each)} by {_named(each)}"
        for each, through in found
        if through and through != f"Group {AUTHENTICATED}"
    ]


def near_misses(facts: Facts, names: Sequence[str]) -> list[str]:
    """Bindings of a user or group that is called the same but for a prefix: the usual mistake.

    Args:
        facts: read before.
        names: the user and the groups as the API server sees them, prefix included.

    """
    bare = {name.rpartition(":")[2] for name in names}
    found: list[str] = []
    for binding in _every(facts):
        for subject in binding.subjects or []:
            other = subject.kind in ("User", "Group") and subject.name not in names
            if other and subject.name.rpartition(":")[2] in bare:
                found.append(f"{_named(binding)} is for {subject.kind} {subject.name}")
    return found


def _every(facts: Facts) -> Iterator[Binding]:
    yield from known(facts.cluster_bindings, [])
    yield from known(facts.bindings, [])


def _in_reach(facts: Facts, namespace: str) -> Iterator[Binding]:
    return (each for each in _every(facts) if each.namespace in (None, namespace))


def _through(binding: Binding, user: str, groups: Sequence[str]) -> str:
    for subject in binding.subjects or []:
        if subject.kind == "User" and subject.name == user:
            return f"User {user}"
        if subject.kind == "Group" and subject.name in (*groups, AUTHENTICATED):
            return f"Group {subject.name}"
    return ""


def _rules(facts: Facts, binding: Binding) -> list[Rule]:
    wanted = binding.role_ref
    if wanted.kind == "ClusterRole":
        roles = [each for each in known(facts.cluster_roles, []) if each.name == wanted.name]
    else:
        roles = [
            each
            for each in known(facts.roles, [])
            if each.name == wanted.name and each.namespace == binding.namespace
        ]
    return [rule for role in roles for rule in role.rules or []]


def _named(binding: Binding) -> str:
    scope = f"RoleBinding {binding.namespace}/" if binding.namespace else "ClusterRoleBinding "
    return f"{scope}{binding.name}"


def _role(binding: Binding) -> str:
    return f"{binding.role_ref.kind} {binding.role_ref.name}"
