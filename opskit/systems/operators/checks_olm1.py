"""OLM v1: extensions that are not installed, and catalogues that are not served."""

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.kinds import WireCondition, condition_holds
from opskit.core.parts import known
from opskit.systems.operators.facts import Facts
from opskit.systems.operators.judging import OLM1_DOC, finding
from opskit.systems.operators.kinds import ClusterObject


def _said(found: ClusterObject, condition: str) -> str:
    said = (each.message or "" for each in found.status.conditions or [] if each.type == condition)
    return next(said, "")


def extension_not_installed(facts: Facts) -> list[Finding]:
    """OLM v1: extensions that are not installed, or on which OLM makes no progress."""
    return [
        finding(
            "EXTENSION_NOT_INSTALLED",
            Severity.ERROR,
            f"ClusterExtension {each.name}",
            f"OLM could not install {each.name}: {said.reason or said.type}.",
            evidence=[
                Evidence(
                    text=f"{said.type}={said.status}: {said.message or ''}",
                    command=f"kubectl get clusterextension {each.name} -o jsonpath={{.status.conditions}}",
                )
            ],
            cause=said.message or said.reason or "OLM gives no reason.",
            remedy=Remedy(text=f"kubectl describe clusterextension {each.name}"),
            source=OLM1_DOC,
        )
        for each in known(facts.extensions, [])
        if (said := _not_installed(each)) is not None
    ]


def _not_installed(extension: ClusterObject) -> WireCondition | None:
    conditions = extension.status.conditions or []
    blocked = [
        each for each in conditions if each.type == "Progressing" and each.reason in ("Blocked", "Retrying")
    ]
    missing = [each for each in conditions if each.type == "Installed" and each.status == "False"]
    return (blocked or missing or [None])[0]


def extension_deprecated(facts: Facts) -> list[Finding]:
    """OLM v1: extensions whose publisher gives up the package, the channel or the version."""
    return [
        finding(
            "EXTENSION_DEPRECATED",
            Severity.INFO,
            f"ClusterExtension {each.name}",
            f"What {each.name} installs is deprecated by its publisher.",
            evidence=[
                Evidence(
                    text=_said(each, "Deprecated"),
                    command=f"kubectl get clusterextension {each.name} -o yaml",
                )
            ],
            cause="The package, channel or bundle is marked as deprecated in its catalogue.",
            remedy=Remedy(text="read the message for what replaces it, and plan the move"),
            source=OLM1_DOC,
        )
        for each in known(facts.extensions, [])
        if condition_holds(each.status.conditions, "Deprecated")
    ]


def catalog_not_serving(facts: Facts) -> list[Finding]:
    """OLM v1: catalogues whose content is not served."""
    return [
        finding(
            "CATALOG_NOT_SERVING",
            Severity.ERROR,
            f"ClusterCatalog {each.name}",
            f"The catalogue {each.name} is not served: {said.reason or 'no reason'}.",
            evidence=[
                Evidence(
                    text=f"Serving=False: {said.message or ''}",
                    command=f"kubectl get clustercatalog {each.name} -o jsonpath={{.status.conditions}}",
                )
            ],
            cause=said.message or said.reason or "OLM gives no reason.",
            remedy=Remedy(text=f"kubectl describe clustercatalog {each.name}"),
            source=OLM1_DOC,
        )
        for each in known(facts.catalogs, [])
        for said in each.status.conditions or []
        if said.type == "Serving" and said.status == "False" and said.reason != "UserSpecifiedUnavailable"
    ]


CHECKS = (catalog_not_serving, extension_not_installed, extension_deprecated)
