"""CRDs: whether they are served, and whether their objects can be read in every version."""

from collections.abc import Iterator

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.kinds import WireCondition
from opskit.core.parts import known
from opskit.core.wording import some
from opskit.systems.operators.facts import Facts
from opskit.systems.operators.judging import CRD_DOC, FINALIZER_DOC, VERSION_DOC, ago, finding
from opskit.systems.operators.kinds import Crd
from opskit.systems.operators.resources import OfCrd


def _condition(crd: Crd, name: str) -> WireCondition | None:
    return next((each for each in crd.status.conditions or [] if each.type == name), None)


def _show(crd: Crd) -> str:
    return f"kubectl get crd {crd.name} -o yaml"


def crd_names_conflict(facts: Facts) -> list[Finding]:
    """CRDs whose names another one holds already."""
    return [
        finding(
            "CRD_NAMES_CONFLICT",
            Severity.ERROR,
            crd.name,
            f"The CRD {crd.name} is not served: {said.message or 'its names are taken'}.",
            evidence=[Evidence(text=f"NamesAccepted=False ({said.reason})", command=_show(crd))],
            cause="Another CRD of the same group has the same plural, singular, kind or short name.",
            remedy=Remedy(
                text="find the other CRD with `kubectl get crd`, and delete or rename the one not used"
            ),
            source=CRD_DOC,
        )
        for crd in known(facts.crds, [])
        if (said := _condition(crd, "NamesAccepted")) and said.status == "False"
    ]


def crd_not_established(facts: Facts) -> list[Finding]:
    """CRDs that the API server does not serve."""
    return [
        finding(
            "CRD_NOT_ESTABLISHED",
            Severity.ERROR,
            crd.name,
            f"The API server does not serve {crd.name}.",
            evidence=[
                Evidence(text=f"Established is {said.status if said else 'missing'}", command=_show(crd))
            ],
            cause=(said.message or "") if said else "The API server has not looked at it yet.",
            remedy=Remedy(text="read its conditions; apply the operator's released CRD again"),
            source=CRD_DOC,
        )
        for crd in known(facts.crds, [])
        if not ((said := _condition(crd, "Established")) and said.status == "True") and not _names_taken(crd)
        if crd.metadata.deletion_timestamp is None
    ]


def _names_taken(crd: Crd) -> bool:
    said = _condition(crd, "NamesAccepted")
    return said is not None and said.status == "False"


def crd_terminating(facts: Facts) -> list[Finding]:
    """CRDs that are to go while there are still objects of theirs."""
    return [
        _terminating(facts, crd)
        for crd in known(facts.crds, [])
        if crd.metadata.deletion_timestamp is not None
    ]


def _terminating(facts: Facts, crd: Crd) -> Finding:
    read = facts.resources.get(crd.name)
    held = [str(each) for each in read.odd if each.deletion] if isinstance(read, OfCrd) else []
    count = (
        f"{read.count} objects of it are" if isinstance(read, OfCrd) else "an unknown number of objects is"
    )
    since = ago(crd.metadata.deletion_timestamp, facts.now)
    return finding(
        "CRD_TERMINATING",
        Severity.ERROR,
        crd.name,
        f"{crd.name} is being deleted {since}; {count} still there, and all go with it.",
        evidence=[
            Evidence(text=f"finalizers {some(crd.metadata.finalizers or [])}", command=_show(crd)),
            *([Evidence(text=f"held by finalizers: {some(held)}")] if held else []),
        ],
        cause="Deleting a CRD deletes every object of it; it stays until the last one has no finalizer.",
        remedy=Remedy(
            text="a deletion can't be taken back: back up what is left "
            f"(`kubectl get {crd.name} -A -o yaml`), let the operator finish, then install the CRD anew"
        ),
        source=FINALIZER_DOC,
    )


def crd_conversion_webhook_dead(facts: Facts) -> list[Finding]:
    """CRDs whose objects can't be read in another version than the stored one."""
    return [each for crd in known(facts.crds, []) if crd.webhook for each in _webhook(facts, crd)]


def _webhook(facts: Facts, crd: Crd) -> Iterator[Finding]:
    refused, unserved = facts.conversions.get(crd.name, ""), _without_endpoint(facts, crd)
    if not refused and not unserved:
        return
    others = [each.name for each in crd.versions if each.served and not each.storage]
    evidence = [
        *([Evidence(text=refused, command=_read_in(crd, others))] if refused else []),
        *([Evidence(text=unserved[0], command=unserved[1])] if unserved else []),
    ]
    yield finding(
        "CRD_CONVERSION_WEBHOOK_DEAD",
        Severity.ERROR if refused or others else Severity.WARNING,
        crd.name,
        f"The conversion webhook of {crd.name} does not answer: its objects can't be read or written in "
        f"{some(others) or 'another version'}, and garbage collection and namespace deletion may hang.",
        evidence=evidence,
        cause=unserved[0]
        if unserved
        else f"Nothing converts at {_place(crd)}: its server is down or refuses.",
        remedy=Remedy(
            text=f"bring back the webhook's server ({_place(crd)}): start its deployment, read its log"
        ),
        source=VERSION_DOC,
    )


def _place(crd: Crd) -> str:
    client = crd.webhook
    if client is None or client.service is None:
        return client.url if client else ""
    return f"service {client.service.namespace}/{client.service.name}"


def _read_in(crd: Crd, versions: list[str]) -> str:
    version = versions[0] if versions else crd.read_version
    return f"kubectl get {crd.spec.names.plural}.{version}.{crd.spec.group} -A"


def _without_endpoint(facts: Facts, crd: Crd) -> tuple[str, str] | None:
    service = crd.webhook.service if crd.webhook else None
    if service is None or not isinstance(facts.slices, list):
        return None
    own = [
        each
        for each in facts.slices
        if each.namespace == service.namespace
        and each.labels.get("kubernetes.io/service-name") == service.name
    ]
    if sum(each.ready for each in own):
        return None
    return (
        f"The service {service.namespace}/{service.name} has no ready endpoint.",
        f"kubectl -n {service.namespace} get endpointslices -l kubernetes.io/service-name={service.name}",
    )


def crd_stored_version_not_served(facts: Facts) -> list[Finding]:
    """CRDs of which objects may be stored in a version that nobody can read."""
    return [
        finding(
            "CRD_STORED_VERSION_NOT_SERVED",
            Severity.INFO,
            crd.name,
            f"Objects of {crd.name} may still be stored in {some(lost)}, which is not served.",
            evidence=[
                Evidence(
                    text=f"storedVersions {some(crd.status.stored_versions or [])}",
                    command=f"kubectl get crd {crd.name} -o jsonpath={{.status.storedVersions}}",
                )
            ],
            cause="The storage version was changed, and old objects were never written again.",
            remedy=Remedy(
                text="write every object once (storage migration), then take the version off "
                "status.storedVersions; until then no upgrade may drop it"
            ),
            source=VERSION_DOC,
        )
        for crd in known(facts.crds, [])
        if (
            lost := sorted(set(crd.status.stored_versions or []) - {v.name for v in crd.versions if v.served})
        )
    ]


CHECKS = (
    crd_names_conflict,
    crd_not_established,
    crd_terminating,
    crd_conversion_webhook_dead,
    crd_stored_version_not_served,
)
