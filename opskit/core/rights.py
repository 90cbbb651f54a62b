"""Least privilege: what a run needs, asked of the API server before anything is changed.

Follows https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from opskit.core.answers import converted
from opskit.core.cluster import Cluster
from opskit.core.errors import BadValue, MissingRights
from opskit.core.kinds import Wire
from opskit.core.lease import LEASES
from opskit.core.live_faults import refusal
from opskit.core.plan import Action, Apply, Delete, Evict, Json, Patch, Plan, Run, Scale, Target
from opskit.core.reads import InPod, NamedPod
from opskit.core.writes import SECONDS, api_of

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


class Rule(Wire, frozen=True):
    """An RBAC rule, as a Role has it, and the namespaces that it is needed in."""

    api_groups: tuple[str, ...]
    resources: tuple[str, ...]
    """`deployments`, or with a subresource `deployments/scale`."""
    verbs: tuple[str, ...]
    resource_names: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    """Empty: a ClusterRole, for all namespaces or for what has none."""


class Right(Wire, frozen=True):
    """One verb on one resource in one namespace."""

    group: str
    resource: str
    verb: str
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        group = f".{self.group}" if self.group else ""
        resource, _, sub = self.resource.partition("/")
        name = f" {self.name!r}" if self.name else ""
        place = f" in namespace {self.namespace}" if self.namespace else " in all namespaces"
        return f"{self.verb} {resource}{group}{'/' + sub if sub else ''}{name}{place}"


def parse(rules: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """Rules of a runbook's metadata: `{apiGroups, resources, verbs, resourceNames?, namespaces?}`.

    Raises:
        BadValue: one is not of that shape.

    """
    try:
        return converted(list(rules), tuple[Rule, ...])
    except msgspec.ValidationError as error:
        raise BadValue(
            f"An RBAC rule is not well formed: {error}",
            where="metadata.opskit.rbac",
            hint="write it as a Role has it: apiGroups, resources, verbs, and namespaces",
        ) from error


def needed(plan: Plan) -> tuple[Rule, ...]:
    """What the plan's own reads and writes of targets need, undo and lock included."""
    found = [_rule(LEASES.group, LEASES.plural, ("get", "create", "update"), plan.lock.namespace)]
    for step in plan.steps:
        found.extend(_of(step.action, step.target))
        if step.undo:
            found.extend(_of(step.undo.action, step.undo.target or step.target))
    return tuple(dict.fromkeys(found))


def missing(cluster: Cluster, rules: Iterable[Rule]) -> list[Right]:
    """The rights of these rules that the credential lacks.

    Raises:
        ReadError: the API server could not be asked.

    """
    rights = dict.fromkeys(right for rule in rules for right in _rights(rule))
    return [right for right in rights if not _allowed(cluster, right)]


def require(cluster: Cluster, rules: Iterable[Rule]) -> None:
    """Ask whether the credential has every right of these rules.

    Raises:
        MissingRights: names each that it lacks, and the commands that grant them.
        ReadError: the API server could not be asked.

    """
    lacking = missing(cluster, rules)
    if not lacking:
        return
    raise MissingRights(
        f"The credential may not: {'; '.join(map(str, lacking))}.",
        where=cluster.info.server,
        hint="let an administrator run: " + " && ".join(grants(lacking, subject=_subject(cluster))),
    )


def grants(rights: Iterable[Right], *, subject: str) -> list[str]:
    """The kubectl commands that grant rights.

    Args:
        rights: what is missing.
        subject: the binding's option, e.g. `--user=alice`.

    """
    by_resource: dict[tuple[str, str, str, str], list[str]] = {}
    for right in rights:
        key = (right.namespace, right.group, right.resource, right.name)
        by_resource.setdefault(key, []).append(right.verb)
    return [
        command
        for (namespace, group, resource, name), verbs in by_resource.items()
        for command in _grant(namespace, group, resource, name, verbs, subject)
    ]


def _grant(
    namespace: str, group: str, resource: str, name: str, verbs: list[str], subject: str
) -> Iterator[str]:
    plural, _, sub = resource.partition("/")
    full = f"{plural}.{group}" if group else plural
    full = f"{full}/{sub}" if sub else full
    role = "-".join(["opskit", *verbs, resource.replace("/", "-")])
    named = f" --resource-name={name}" if name else ""
    sort, scope = ("role", f" -n {namespace}") if namespace else ("clusterrole", "")
    yield f"kubectl{scope} create {sort} {role} --verb={','.join(verbs)} --resource={full}{named}"
    yield f"kubectl{scope} create {sort}binding {role} --{sort}={role} {subject}"


def _of(action: Action, target: Target) -> Iterator[Rule]:
    if target.plural:
        yield _rule(target.group, target.plural, ("get",), target.namespace)
    match action:
        case Apply():
            verbs = ("patch",) if target.uid else ("patch", "create")
            yield _rule(target.group, target.plural, verbs, target.namespace)
        case Patch():
            sub = f"/{action.subresource}" if action.subresource else ""
            yield _rule(target.group, target.plural + sub, ("patch",), target.namespace)
        case Scale():
            yield _rule(target.group, f"{target.plural}/scale", ("patch",), target.namespace)
        case Delete():
            yield _rule(target.group, target.plural, ("delete",), target.namespace)
        case Evict():
            yield _rule(target.group, f"{target.plural}/eviction", ("create",), target.namespace)
        case Run(place=InPod() as place):
            yield _rule("", "pods", ("list",), place.namespace)
            yield _rule("", "pods/exec", ("get", "create"), place.namespace)
        case Run(place=NamedPod() as place):
            yield _rule("", "pods/exec", ("get", "create"), place.namespace)
        case _:
            return


def _rule(group: str, resource: str, verbs: tuple[str, ...], namespace: str | None) -> Rule:
    namespaces = (namespace,) if namespace else ()
    return Rule(api_groups=(group,), resources=(resource,), verbs=verbs, namespaces=namespaces)


def _rights(rule: Rule) -> Iterator[Right]:
    for group in rule.api_groups:
        for resource in rule.resources:
            for verb in rule.verbs:
                for namespace in rule.namespaces or ("",):
                    for name in rule.resource_names or ("",):
                        yield Right(group=group, resource=resource, verb=verb, namespace=namespace, name=name)


def _allowed(cluster: Cluster, right: Right) -> bool:
    resource, _, sub = right.resource.partition("/")
    attributes = {
        "group": right.group,
        "resource": resource,
        "subresource": sub,
        "verb": right.verb,
        "namespace": right.namespace,
        "name": right.name,
    }
    review = _asked(cluster, REVIEWS, "SelfSubjectAccessReview", {"resourceAttributes": attributes})
    return bool(review.get("status", {}).get("allowed"))


def _subject(cluster: Cluster) -> str:
    review = _asked(cluster, WHO, "SelfSubjectReview", {})
    user = str(review.get("status", {}).get("userInfo", {}).get("username", "USER"))
    account = user.removeprefix("system:serviceaccount:")
    return f"--serviceaccount={account}" if account != user else f"--user={user}"


def _asked(cluster: Cluster, path: str, kind: str, spec: Json) -> Json:
    """A review's answer. Asking changes nothing, so that it is asked again after a failure."""
    version = path.removeprefix("/apis/").rpartition("/")[0]
    body = msgspec.json.encode({"apiVersion": version, "kind": kind} | ({"spec": spec} if spec else {}))
    api = api_of(cluster)
    response = api.request("POST", path, body=body, deadline=SECONDS, retry=True)
    if response.status not in (200, 201):
        raise refusal(response, where=f"POST {path}", resource="")
    return msgspec.json.decode(response.body)
