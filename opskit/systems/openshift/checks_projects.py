"""What projects run: builds, deployment configs, and what limits them."""

from collections import Counter
from datetime import timedelta

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import known
from opskit.core.wording import count, some, spoken
from opskit.systems.openshift.facts import Facts, condition
from opskit.systems.openshift.judging import (
    BUILDS_DOC,
    PROJECTS_DOC,
    finding,
    lasting,
    of_platform,
    said,
)
from opskit.systems.openshift.kinds import Build

BUILD_CONFIG = "openshift.io/build-config.name"


LONG_WAIT = timedelta(minutes=15)
"""Longer than a build waits for its pod."""


def newest(facts: Facts) -> list[Build]:
    """The newest build of each build config: what came before it is history."""
    found: dict[tuple[str | None, str], Build] = {}
    for build in sorted(known(facts.builds, []), key=lambda each: str(each.metadata.creation_timestamp)):
        found[build.namespace, build.labels.get(BUILD_CONFIG, build.name)] = build
    return list(found.values())


def build_failed(facts: Facts) -> list[Finding]:
    """Build configs whose newest build failed."""
    return [_failed(build) for build in newest(facts) if build.status.phase in ("Failed", "Error")]


def build_waiting(facts: Facts) -> list[Finding]:
    """Builds that have not begun: their pod is not made, or not placed."""
    return [
        finding(
            "BUILD_WAITING",
            Severity.WARNING,
            f"Build {build.namespace}/{build.name}",
            f"The build {build.namespace}/{build.name} has been {build.status.phase} for {spoken(time)}.",
            evidence=[
                Evidence(
                    text=build.status.message or build.status.reason or f"phase {build.status.phase}",
                    command=f"oc -n {build.namespace} describe build {build.name}",
                )
            ],
            cause=build.status.message
            or "A quota, a missing Secret or image stream tag, or no node with room for its pod.",
            remedy=Remedy(text=f"oc -n {build.namespace} get events,pods,resourcequota; mend what they name"),
            source=BUILDS_DOC,
        )
        for build in newest(facts)
        if build.status.phase in ("New", "Pending")
        if (time := lasting(build.metadata.creation_timestamp, facts.now)) > LONG_WAIT
    ]


def _failed(build: Build) -> Finding:
    status = build.status
    return finding(
        "BUILD_FAILED",
        Severity.WARNING,
        f"Build {build.namespace}/{build.name}",
        f"The newest build {build.namespace}/{build.name} ended in {status.phase}"
        + (f": {status.reason}." if status.reason else "."),
        evidence=[
            Evidence(
                text=(status.log_snippet or status.message)[-400:],
                command=f"oc -n {build.namespace} logs build/{build.name}",
            )
        ],
        cause=status.message or status.reason or "The build's log tells.",
        remedy=Remedy(text=f"oc -n {build.namespace} logs build/{build.name}; mend it, then start it anew"),
        source=BUILDS_DOC,
    )


def deployment_config_stalled(facts: Facts) -> list[Finding]:
    """DeploymentConfigs whose roll-out failed."""
    return [
        finding(
            "DEPLOYMENT_CONFIG_STALLED",
            Severity.WARNING,
            f"DeploymentConfig {each.namespace}/{each.name}",
            f"The roll-out of {each.namespace}/{each.name} failed: {each.status.available_replicas} of "
            f"{each.spec.replicas} replicas are available.",
            evidence=[
                Evidence(text=said(bad), command=f"oc -n {each.namespace} rollout status dc/{each.name}")
            ],
            cause=bad.message or bad.reason or "It gives no reason.",
            remedy=Remedy(
                text=f"oc -n {each.namespace} logs dc/{each.name}; "
                f"oc -n {each.namespace} rollout undo dc/{each.name}"
            ),
            source=BUILDS_DOC,
        )
        for each in known(facts.deployment_configs, [])
        if not each.spec.paused
        if (bad := condition(each.status.conditions, "Progressing")) and bad.status == "False"
    ]


def deployment_configs_deprecated(facts: Facts) -> list[Finding]:
    """DeploymentConfigs are deprecated: one finding for all."""
    found = [each for each in known(facts.deployment_configs, []) if not of_platform(each.namespace or "")]
    if not found:
        return []
    counts = Counter(each.namespace or "" for each in found)
    return [
        finding(
            "DEPLOYMENT_CONFIGS_DEPRECATED",
            Severity.INFO,
            count(len(found), "DeploymentConfig"),
            f"{count(len(found), 'DeploymentConfig', 'is')} in use, deprecated since OpenShift 4.14.",
            evidence=[
                Evidence(text=some(f"{name}: {n}" for name, n in counts.items()), command="oc get dc -A")
            ],
            cause="They were made by `oc new-app` of older versions, or from templates.",
            remedy=Remedy(text="make a Deployment of each; their hooks and triggers need a replacement"),
            source=BUILDS_DOC,
        )
    ]


def project_unlimited(facts: Facts) -> list[Finding]:
    """Projects without a quota: one finding for all."""
    return _projects(
        facts,
        {each.namespace for each in known(facts.quotas, [])} if isinstance(facts.quotas, list) else None,
        "PROJECT_WITHOUT_QUOTA",
        "have no ResourceQuota: one of them can starve the others",
        "oc -n PROJECT create quota compute --hard=requests.cpu=8,requests.memory=32Gi,pods=100",
    )


def project_open(facts: Facts) -> list[Finding]:
    """Projects without a network policy: one finding for all."""
    return _projects(
        facts,
        {each.namespace for each in known(facts.policies, [])} if isinstance(facts.policies, list) else None,
        "PROJECT_WITHOUT_POLICY",
        "have no NetworkPolicy: any pod of the cluster reaches theirs",
        "put quota, limits and a default deny into the project template, so that new projects have them",
    )


def _projects(
    facts: Facts, having: set[str | None] | None, code: str, lacks: str, remedy: str
) -> list[Finding]:
    every = [each.name for each in known(facts.namespaces, []) if not of_platform(each.name)]
    without = sorted(set(every) - having) if having is not None else []
    if not without:
        return []
    resource = "resourcequota" if code.endswith("QUOTA") else "networkpolicy"
    return [
        finding(
            code,
            Severity.INFO,
            f"{len(without)} projects",
            f"{len(without)} of {len(every)} projects {lacks}.",
            evidence=[Evidence(text=some(without, at_most=12), command=f"oc get {resource} -A")],
            cause="The project template of this cluster does not have it.",
            remedy=Remedy(text=remedy),
            source=PROJECTS_DOC,
        )
    ]


CHECKS = (
    build_failed,
    build_waiting,
    deployment_config_stalled,
    deployment_configs_deprecated,
    project_unlimited,
    project_open,
)
