"""Machine config pools: whether their nodes get the configuration that they should have."""

from collections.abc import Iterator
from datetime import timedelta

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.kinds import WireCondition
from opskit.core.kinds_core import Node
from opskit.core.parts import known
from opskit.core.wording import some, spoken
from opskit.systems.openshift.facts import Facts, condition, says
from opskit.systems.openshift.judging import MACHINES_DOC, SUPPORT_DOC, finding, lasting, said
from opskit.systems.openshift.kinds import Pool

LONG_POOL = timedelta(minutes=90)
"""Longer than a pool of a few nodes takes; each drains and restarts."""


def pool_ill(pool: Pool) -> bool:
    """Whether a machine of it can't be configured, or its configuration not rendered."""
    return says(pool.status.conditions, "Degraded", "True")


def pool_degraded(facts: Facts) -> list[Finding]:
    """Pools of which a node can't be configured, or whose configuration can't be rendered."""
    return [_degraded(facts, each) for each in known(facts.pools, []) if pool_ill(each)]


def _degraded(facts: Facts, pool: Pool) -> Finding:
    bad = [
        each
        for each in pool.status.conditions or []
        if each.status == "True" and each.type.endswith("Degraded") and (each.message or each.reason)
    ]
    away = [each.name for each in known(facts.nodes, []) if not each.ready and _named_in(each, bad)]
    operator = next((e for e in known(facts.operators, []) if e.name == "machine-config"), None)
    follows = condition(operator.status.conditions, "Degraded") if operator else None
    return finding(
        "POOL_DEGRADED",
        Severity.ERROR,
        f"MachineConfigPool {pool.name}",
        f"{pool.status.degraded_machine_count} of {pool.status.machine_count} machines of the pool "
        f"{pool.name} can't be configured; no further one is updated.",
        evidence=[
            *(
                Evidence(text=said(each), command=f"oc describe machineconfigpool {pool.name}")
                for each in bad
            ),
            *(Evidence(text=f"{each} is not Ready", command=f"oc describe node {each}") for each in away),
            *(
                [
                    Evidence(
                        text=f"follows: machine-config: {said(follows)}", command="oc get clusteroperators"
                    )
                ]
                if follows and follows.status == "True"
                else []
            ),
        ],
        cause=(bad[0].message or bad[0].reason or "") if bad else "The pool gives no reason.",
        remedy=Remedy(
            text="oc -n openshift-machine-config-operator logs ds/machine-config-daemon "
            "-c machine-config-daemon --all-pods | grep -i error; "
            "undo what was changed by hand on the node that is named"
        ),
        source=MACHINES_DOC,
    )


def _named_in(node: Node, conditions: list[WireCondition]) -> bool:
    return any(node.name in (each.message or "") for each in conditions)


def pool_paused(facts: Facts) -> list[Finding]:
    """Pools that are paused: they get no configuration, and no renewed certificates."""
    return [
        finding(
            "POOL_PAUSED",
            Severity.WARNING,
            f"MachineConfigPool {pool.name}",
            f"The pool {pool.name} is paused{', and a new configuration waits' if _behind(pool) else ''}.",
            evidence=[
                Evidence(
                    text=f"it wants {pool.spec.configuration.name}, and has {pool.status.configuration.name}",
                    command=f"oc get machineconfigpool {pool.name} -o yaml",
                )
            ],
            cause="Somebody paused it, for an update in stages as a rule. Meanwhile the kubelets get no "
            "renewed CA, and in time can't be reached any more.",
            remedy=Remedy(
                text="when nodes may restart: `oc patch machineconfigpool "
                f'{pool.name} --type=merge -p \'{{"spec":{{"paused":false}}}}\'`'
            ),
            source=MACHINES_DOC,
        )
        for pool in known(facts.pools, [])
        if pool.spec.paused
    ]


def _behind(pool: Pool) -> bool:
    return (
        bool(pool.spec.configuration.name) and pool.spec.configuration.name != pool.status.configuration.name
    )


def pool_stuck(facts: Facts) -> list[Finding]:
    """Pools that take longer than updates of nodes do."""
    return [finding_ for pool in known(facts.pools, []) for finding_ in _stuck(facts, pool)]


def _stuck(facts: Facts, pool: Pool) -> Iterator[Finding]:
    busy = condition(pool.status.conditions, "Updating")
    if busy is None or busy.status != "True" or pool.spec.paused or pool_ill(pool):
        return
    time = lasting(busy.last_transition_time, facts.now)
    if time < LONG_POOL:
        return
    blocking = [
        f"{each.namespace}/{each.name}"
        for each in known(facts.budgets, [])
        if each.status.expected_pods and not each.status.disruptions_allowed
    ]
    held = f"PodDisruptionBudgets that let no pod go: {some(blocking)}" if blocking else ""
    yield finding(
        "POOL_STUCK",
        Severity.WARNING,
        f"MachineConfigPool {pool.name}",
        f"The pool {pool.name} has been updating for {spoken(time)}: {pool.status.updated_machine_count} of "
        f"{pool.status.machine_count} machines are done.",
        evidence=[
            Evidence(text=said(busy), command=f"oc describe machineconfigpool {pool.name}"),
            *([Evidence(text=held, command="oc get pdb -A")] if held else []),
        ],
        cause=held or "A node does not drain, or does not come back from its restart.",
        remedy=Remedy(
            text="oc get nodes; oc -n openshift-machine-config-operator logs deploy/machine-config-controller"
        ),
        source=SUPPORT_DOC,
    )


CHECKS = (pool_degraded, pool_stuck, pool_paused)
