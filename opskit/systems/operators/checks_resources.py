"""Custom resources of whatever operator: what their conditions say, and what holds them."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import groupby

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.kinds_workloads import Deployment
from opskit.core.wording import count, some
from opskit.systems.operators.facts import Facts
from opskit.systems.operators.judging import CONVENTIONS_DOC, FINALIZER_DOC, ago, finding, namespaced
from opskit.systems.operators.resources import Deletion, OfCrd, Resource

PATIENCE = timedelta(minutes=1)
"""That a deletion may take where its operator runs."""

ALONE = 3
"""Resources with the same trouble that are told one by one; more are told together."""

_KUBERNETES = {
    "foregroundDeletion": "the garbage collector, once everything that the object owns is gone",
    "orphan": "the garbage collector",
    "customresourcecleanup.apiextensions.k8s.io": "the API server, once no object of the CRD is left",
}


def odd(facts: Facts) -> list[Resource]:
    """Every custom resource that something is the matter with."""
    read = (each for each in facts.resources.values() if isinstance(each, OfCrd))
    return [each for of_crd in read for each in of_crd.odd]


def stopped_operator(facts: Facts, resource: Resource) -> Deployment | None:
    """The deployment that writes the resource's status, where it has no available pod."""
    for manager in resource.managers:
        found = facts.deployment(manager)
        if found is not None and not found.status.available_replicas:
            return found
    return None


def operator_not_running(facts: Facts) -> list[Finding]:
    """Operators without an available pod, of which some resource needs attention."""
    held: dict[tuple[str | None, str], tuple[Deployment, list[Resource]]] = {}
    for resource in odd(facts):
        stopped = stopped_operator(facts, resource)
        if stopped is not None:
            held.setdefault((stopped.namespace, stopped.name), (stopped, []))[1].append(resource)
    return [_not_running(deployment, waiting) for deployment, waiting in held.values()]


def _not_running(deployment: Deployment, waiting: list[Resource]) -> Finding:
    wanted = deployment.spec.replicas if deployment.spec.replicas is not None else 1
    place = f"-n {deployment.namespace}"
    why = "It was scaled to 0." if wanted == 0 else f"None of its {wanted} pods is available."
    next_ = f"kubectl {place} scale deployment {deployment.name} --replicas=1"
    if wanted:
        look = f"kubectl {place} describe deployment {deployment.name}"
        next_ = f"{look}; kubectl {place} logs deploy/{deployment.name}"
    return finding(
        "OPERATOR_NOT_RUNNING",
        Severity.ERROR,
        f"deployment {namespaced(deployment.name, deployment.namespace)}",
        f"The operator {deployment.name} does not run, so nothing looks after {some(map(str, waiting))}.",
        evidence=[
            Evidence(text=why, command=f"kubectl {place} get deployment {deployment.name}"),
            *(Evidence(text=f"{each}: {_state(each)}", command=each.command) for each in waiting[:5]),
        ],
        cause=why,
        remedy=Remedy(text=next_),
        source=CONVENTIONS_DOC,
    )


def _state(resource: Resource) -> str:
    parts = [each.text for each in resource.troubles]
    if resource.deletion:
        parts.append(f"is being deleted, held by {some(resource.deletion.finalizers) or 'nothing visible'}")
    if resource.unseen:
        parts.append(f"{count(resource.unseen, 'change')} of its spec not seen")
    return "; ".join(parts)


def deletion_stuck(facts: Facts) -> list[Finding]:
    """Resources that are to go, and that a finalizer holds."""
    return [
        _stuck(facts, each)
        for each in odd(facts)
        if each.deletion and facts.now - each.deletion.since > PATIENCE and not stopped_operator(facts, each)
    ]


def _stuck(facts: Facts, resource: Resource) -> Finding:
    deletion = resource.deletion or Deletion(since=facts.now, finalizers=())
    names = deletion.finalizers
    who = "; ".join(f"{name} is for {_remover(facts, resource, name)} to remove" for name in names)
    place = f" -n {resource.namespace}" if resource.namespace else ""
    return finding(
        "DELETION_STUCK",
        Severity.WARNING,
        str(resource),
        f"{resource} is being deleted {ago(deletion.since, facts.now)}, held by {some(names)}.",
        evidence=[
            Evidence(text=f"finalizers: {some(names)}", command=resource.command),
            *(Evidence(text=each.text) for each in resource.troubles[:2]),
        ],
        cause=f"{who}. It did not: it is gone, or fails to clean up what the resource stood for.",
        remedy=Remedy(
            text="read that controller's log and let it finish. Only if it is gone for good, and what it "
            f"would have cleaned up was cleaned by hand: `kubectl{place} patch "
            f"{resource.plural}.{resource.group} "
            f'{resource.name} --type=merge -p \'{{"metadata":{{"finalizers":null}}}}\'`'
        ),
        source=FINALIZER_DOC,
    )


def _remover(facts: Facts, resource: Resource, finalizer: str) -> str:
    if finalizer in _KUBERNETES:
        return _KUBERNETES[finalizer]
    for manager in resource.managers:
        found = facts.deployment(manager)
        if found is not None:
            return f"deployment {namespaced(found.name, found.namespace)}"
    if resource.managers:
        return f"{some(resource.managers)} (no deployment is named so: it may be gone)"
    return f"the controller of {finalizer.partition('/')[0]}"


def resource_unhealthy(facts: Facts) -> list[Finding]:
    """Resources whose conditions say trouble."""
    wrong = [each for each in odd(facts) if each.troubles and not each.deletion]
    judged = sorted((each for each in wrong if not stopped_operator(facts, each)), key=_sort_of_trouble)
    return [each for _, group in groupby(judged, key=_sort_of_trouble) for each in _told(facts, list(group))]


def _sort_of_trouble(resource: Resource) -> tuple[str, ...]:
    first = resource.troubles[0]
    return (resource.group, resource.kind, first.type, first.value, first.reason)


def _told(facts: Facts, same: list[Resource]) -> Iterable[Finding]:
    if len(same) <= ALONE:
        return [_unhealthy(facts, [each]) for each in same]
    return [_unhealthy(facts, same)]


def _unhealthy(facts: Facts, same: list[Resource]) -> Finding:
    first = same[0]
    trouble = first.troubles[0]
    grave = any(trouble.grave for each in same for trouble in each.troubles)
    subject = str(first) if len(same) == 1 else f"{len(same)} {first.kind} resources"
    since = ago(trouble.since, facts.now)
    named = "" if len(same) == 1 else f" ({some(namespaced(each.name, each.namespace) for each in same)})"
    who = f" Its status is written by {some(first.managers)}: read its log." if first.managers else ""
    return finding(
        "RESOURCE_UNHEALTHY",
        Severity.WARNING if grave else Severity.INFO,
        subject,
        f"{subject}{named}: {trouble.type} is {trouble.value}{' ' + since if since else ''}.",
        evidence=[
            Evidence(text=f"{each}: {said.text}", command=each.command)
            for each in same[:5]
            for said in each.troubles[:4]
        ],
        cause=(trouble.message or trouble.reason or "Its operator gives no reason.") + who,
        remedy=Remedy(text=_log_of(facts, first) or f"{first.command}; then read the log of its operator"),
        source=CONVENTIONS_DOC,
    )


def _log_of(facts: Facts, resource: Resource) -> str:
    for manager in resource.managers:
        found = facts.deployment(manager)
        if found is not None:
            return f"kubectl -n {found.namespace} logs deploy/{found.name} | grep {resource.name}"
    return ""


def resource_not_reconciled(facts: Facts) -> list[Finding]:
    """Resources whose operator has not looked at their newest spec."""
    return [
        finding(
            "RESOURCE_NOT_RECONCILED",
            Severity.WARNING,
            str(each),
            f"The operator of {each} has not seen its last {count(each.unseen, 'change')}.",
            evidence=[
                Evidence(text="status.observedGeneration is behind metadata.generation", command=each.command)
            ],
            cause="Its operator is down, watches another namespace, or fails before it gets to this resource."
            + (f" Its status is written by {some(each.managers)}." if each.managers else ""),
            remedy=Remedy(text=_log_of(facts, each) or "find its operator, and read its log"),
            source=CONVENTIONS_DOC,
        )
        for each in odd(facts)
        if each.unseen and not each.deletion and not each.troubles and not stopped_operator(facts, each)
    ]


CHECKS = (operator_not_running, deletion_stuck, resource_unhealthy, resource_not_reconciled)
