"""Namespaces, CRDs and volumes that are to go and do not: what holds each, and who would have to let go."""

from collections.abc import Iterator

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import Unread, known
from opskit.core.wording import some
from opskit.systems.operators.checks_resources import PATIENCE
from opskit.systems.operators.facts import Facts
from opskit.systems.operators.held import Held
from opskit.systems.operators.judging import FINALIZER_DOC, ago, finding

_PLURALS = {
    "Namespace": "namespace",
    "PersistentVolumeClaim": "pvc",
    "PersistentVolume": "pv",
    "CustomResourceDefinition": "crd",
}
_WHO = {
    "kubernetes": "the namespace controller, once nothing is left in it",
    "kubernetes.io/pvc-protection": "the controller manager, once no pod uses the claim",
    "kubernetes.io/pv-protection": "the controller manager, once no claim is bound to the volume",
    "external-provisioner.volume.kubernetes.io/finalizer": "the CSI driver's provisioner, once the storage "
    "behind it is deleted",
    "customresourcecleanup.apiextensions.k8s.io": "the API server, once no object of the CRD is left",
    "foregroundDeletion": "the garbage collector, once everything that the object owns is gone",
    "orphan": "the garbage collector",
}
_NEXT = {
    "Namespace": "remove what is left in it: `kubectl api-resources --verbs=list --namespaced -o name | "
    "xargs -n1 kubectl get --show-kind --ignore-not-found -n {name}`; emptying the namespace's own "
    "finalizers leaves those objects behind for ever",
    "PersistentVolumeClaim": "`kubectl -n {namespace} describe pvc {name}` names the pods that use it: "
    "end them",
    "PersistentVolume": "read the log of its CSI provisioner; the storage behind it may be left over",
    "CustomResourceDefinition": "`kubectl get {name} -A`: let each of its objects go first; their operator "
    "must still run for that",
}


def held(facts: Facts) -> Iterator[Held]:
    """Everything that is to go since longer than `PATIENCE`."""
    read = (each for each in facts.held.values() if each is not None and not isinstance(each, Unread))
    every = [*(one for each in read for one in each), *_crds(facts)]
    return (each for each in every if facts.now - each.since > PATIENCE)


def _crds(facts: Facts) -> Iterator[Held]:
    for each in known(facts.crds, []):
        if each.metadata.deletion_timestamp:
            yield Held(
                kind="CustomResourceDefinition",
                name=each.name,
                namespace=None,
                since=each.metadata.deletion_timestamp,
                finalizers=tuple(each.metadata.finalizers or ()),
            )


def deletion_held(facts: Facts) -> list[Finding]:
    """Each of them, with what holds it."""
    return [_told(facts, each) for each in held(facts)]


def _told(facts: Facts, each: Held) -> Finding:
    place = f"-n {each.namespace} " if each.namespace else ""
    command = f"kubectl {place}get {_PLURALS[each.kind]} {each.name} -o yaml"
    names = some(each.finalizers)
    who = "; ".join(f"{name} is for {_who(name)} to remove" for name in each.finalizers)
    return finding(
        "DELETION_HELD",
        Severity.WARNING,
        str(each),
        f"{each} is being deleted {ago(each.since, facts.now)}, held by {names or 'nothing'}.",
        evidence=[
            Evidence(text=f"finalizers: {names or 'none'}", command=command),
            *(Evidence(text=said) for said in each.said[:4]),
        ],
        cause=" ".join([f"{who}." if who else "", *each.said[:2]]).strip(),
        remedy=Remedy(text=_NEXT[each.kind].format(name=each.name, namespace=each.namespace)),
        source=FINALIZER_DOC,
    )


def _who(finalizer: str) -> str:
    return _WHO.get(finalizer) or f"the controller of {finalizer.partition('/')[0]}"


CHECKS = (deletion_held,)
