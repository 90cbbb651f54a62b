"""OLM v0: what is not installed, and whom it waits for."""

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.kinds import WireCondition
from opskit.core.parts import known
from opskit.core.wording import some
from opskit.systems.operators.facts import Facts
from opskit.systems.operators.judging import OLM_DOC, ago, finding, namespaced
from opskit.systems.operators.kinds import CatalogSource, ConnectionState, Csv, InstallPlan, Subscription

GONE_ON = frozenset(
    {"Succeeded", "Replacing", "Deleting", "", "None", "Pending", "InstallReady", "Installing"}
)
"""Phases of a CSV that are no failure."""


def olm_catalog_not_ready(facts: Facts) -> list[Finding]:
    """Catalogues that OLM can't reach, and who waits for them."""
    return [_catalog(facts, each) for each in known(facts.catalog_sources, []) if _unready(each)]


def _unready(catalog: CatalogSource) -> bool:
    state = catalog.status.connection_state
    return state is not None and state.last_observed_state not in ("READY", "IDLE", "CONNECTING", "")


def _catalog(facts: Facts, catalog: CatalogSource) -> Finding:
    state = catalog.status.connection_state or ConnectionState()
    waiting = [each for each in known(facts.subscriptions, []) if _waits_for(each, catalog)]
    place = f"-n {catalog.namespace}"
    return finding(
        "OLM_CATALOG_NOT_READY",
        Severity.ERROR if waiting else Severity.WARNING,
        f"CatalogSource {namespaced(catalog.name, catalog.namespace)}",
        f"OLM can't reach the catalogue {catalog.name}: {state.last_observed_state}. "
        "No operator is installed from it, and one bad catalogue stops resolution in its namespace.",
        evidence=[
            Evidence(
                text=f"{state.last_observed_state} at {state.address or 'no address'}",
                command=f"kubectl {place} get catalogsource {catalog.name} -o yaml",
            ),
            *(Evidence(text=f"waits for it: Subscription {_at(each)}") for each in waiting[:5]),
        ],
        cause=catalog.status.message or "Its registry pod does not run, or its image can't be pulled.",
        remedy=Remedy(text=f"kubectl {place} describe pod -l olm.catalogSource={catalog.name}"),
        source=OLM_DOC,
    )


def _waits_for(subscription: Subscription, catalog: CatalogSource) -> bool:
    spec = subscription.spec
    return spec.source == catalog.name and spec.source_namespace == catalog.namespace


def _at(found: Subscription | InstallPlan | Csv) -> str:
    return namespaced(found.name, found.namespace)


def olm_csv_failed(facts: Facts) -> list[Finding]:
    """Operators that OLM could not install or keep."""
    return [
        finding(
            "OLM_CSV_FAILED",
            Severity.ERROR,
            f"ClusterServiceVersion {_at(csv)}",
            f"The operator {csv.spec.display_name or csv.name} is {csv.status.phase} "
            f"({csv.status.reason}) {ago(csv.status.last_transition_time, facts.now)}".rstrip()
            + ".",
            evidence=[
                Evidence(
                    text=f"phase {csv.status.phase}: {csv.status.message}",
                    command=f"kubectl -n {csv.namespace} get csv {csv.name} -o jsonpath={{.status}}",
                ),
                *_waiting_plan(facts, csv),
            ],
            cause=csv.status.message or csv.status.reason,
            remedy=Remedy(text=_after_failed(csv)),
            source=OLM_DOC,
        )
        for csv in known(facts.csvs, [])
        if csv.status.phase not in GONE_ON and not csv.copied
    ]


def _waiting_plan(facts: Facts, csv: Csv) -> list[Evidence]:
    every = known(facts.install_plans, [])
    plans = [each for each in every if csv.name in (each.spec.cluster_service_version_names or [])]
    return [Evidence(text=f"InstallPlan {_at(each)} is {each.status.phase}") for each in plans[:2]]


def _after_failed(csv: Csv) -> str:
    described = f"kubectl -n {csv.namespace} describe csv {csv.name}"
    if csv.status.reason in ("ComponentUnhealthy", "InstallCheckFailed", "InstallComponentFailed"):
        return f"kubectl -n {csv.namespace} get deployments,pods; {described}"
    if csv.status.reason in ("RequirementsNotMet", "RequirementsUnknown"):
        return f"kubectl -n {csv.namespace} get csv {csv.name} -o jsonpath={{.status.requirementStatus}}"
    return described


def olm_install_plan_failed(facts: Facts) -> list[Finding]:
    """Install plans that failed."""
    return [
        finding(
            "OLM_INSTALL_PLAN_FAILED",
            Severity.ERROR,
            f"InstallPlan {_at(plan)}",
            f"Installing {some(plan.spec.cluster_service_version_names or [])} failed.",
            evidence=[
                Evidence(
                    text=_failure(plan),
                    command=f"kubectl -n {plan.namespace} get installplan {plan.name} -o yaml",
                )
            ],
            cause=_failure(plan),
            remedy=Remedy(
                text="remove the reason, then delete the InstallPlan and the failed ClusterServiceVersion: "
                "the Subscription makes new ones"
            ),
            source=OLM_DOC,
        )
        for plan in known(facts.install_plans, [])
        if plan.status.phase == "Failed"
    ]


def _failure(plan: InstallPlan) -> str:
    bad = [each for each in plan.status.conditions or [] if each.status == "False"]
    said = [f"{each.reason}: {each.message}" for each in bad]
    return "; ".join(said) or plan.status.message or "OLM gives no reason."


def olm_install_plan_waiting(facts: Facts) -> list[Finding]:
    """Install plans that wait for a person."""
    return [
        finding(
            "OLM_INSTALL_PLAN_WAITING",
            Severity.WARNING,
            f"InstallPlan {_at(plan)}",
            f"{some(plan.spec.cluster_service_version_names or [])} waits to be approved "
            f"{ago(plan.metadata.creation_timestamp, facts.now)}".rstrip()
            + ".",
            evidence=[
                Evidence(
                    text="phase RequiresApproval, spec.approved is false",
                    command=f"kubectl -n {plan.namespace} get installplan {plan.name}",
                )
            ],
            cause="Its Subscription has installPlanApproval: Manual: a person decides when it is installed.",
            remedy=Remedy(
                text="read what it brings (its CRDs: operators/crd-upgrade-check), then "
                f"`kubectl -n {plan.namespace} patch installplan {plan.name} --type=merge "
                '-p \'{"spec":{"approved":true}}\'`'
            ),
            source=OLM_DOC,
        )
        for plan in known(facts.install_plans, [])
        if plan.status.phase == "RequiresApproval" and not plan.spec.approved
    ]


_STUCK = ("ResolutionFailed", "BundleUnpackFailed", "InstallPlanFailed", "CatalogSourcesUnhealthy")


def olm_subscription_stuck(facts: Facts) -> list[Finding]:
    """Subscriptions that OLM can't resolve, where no catalogue or install plan explains it."""
    told = {(each.namespace, each.name) for each in known(facts.catalog_sources, []) if _unready(each)}
    return [
        finding(
            "OLM_SUBSCRIPTION_STUCK",
            Severity.WARNING,
            f"Subscription {_at(each)}",
            f"OLM can't go on with {each.spec.name}: {said.type} ({said.reason or 'no reason'}).",
            evidence=[
                Evidence(
                    text=f"{said.type}: {said.message or ''}",
                    command=f"kubectl -n {each.namespace} get subscription {each.name} -o yaml",
                )
            ],
            cause=said.message or said.reason or "OLM gives no reason.",
            remedy=Remedy(text=f"kubectl -n {each.namespace} describe subscription {each.name}"),
            source=OLM_DOC,
        )
        for each in known(facts.subscriptions, [])
        if (each.spec.source_namespace, each.spec.source) not in told
        if (said := _stuck(facts, each)) is not None
    ]


def _stuck(facts: Facts, subscription: Subscription) -> WireCondition | None:
    failed = {each.name for each in known(facts.install_plans, []) if each.status.phase == "Failed"}
    plan = subscription.status.install_plan_ref
    for each in subscription.status.conditions or []:
        explained = each.type == "InstallPlanFailed" and plan is not None and plan.name in failed
        if each.type in _STUCK and each.status == "True" and not explained:
            return each
    return None


CHECKS = (
    olm_catalog_not_ready,
    olm_csv_failed,
    olm_install_plan_failed,
    olm_install_plan_waiting,
    olm_subscription_stuck,
)
