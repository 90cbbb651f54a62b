"""Policies: what the lints of the engine mean for a cluster, and who can't ask for names."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.kinds import Object
from opskit.core.wording import count, some
from opskit.systems.calico.facts import Facts
from opskit.systems.calico.judging import ERROR, INFO, NETWORK_POLICY, STAGED, TIERS, WARNING, finding
from opskit.systems.calico.reach import Lint, LockedOut, locked_out, unknown_fields
from opskit.systems.calico.reach.objects import model_of
from opskit.systems.calico.reach.rules import PolicyRef

STAGED_LEFT = timedelta(days=14)
"""A policy that is staged for longer was probably forgotten."""
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

_LINTS: dict[str, tuple[Severity, str, str, str]] = {
    "SELECTS_NOTHING": (INFO, "POLICY_SELECTS_NOTHING", "Its pods are gone, not there yet, or "
     "labelled otherwise.",
                        "Compare its selector with the pods' labels: `kubectl get pods --show-labels`."),
    "PEER_MATCHES_NOTHING": (INFO, "POLICY_PEER_MATCHES_NOTHING", "The peer's labels are mistyped, "
     "or it is gone.",
                             "Compare the rule's selectors with `kubectl get pods,namespaces "
                              "--show-labels`."),
    "UNKNOWN_PORT_NAME": (WARNING, "POLICY_PORT_NAME_UNKNOWN", "No container names that port, so "
     "the rule matches nothing.",
                          "Use the name as the containers' `ports` have it, or the number."),
    "RULES_WITHOUT_TYPE": (WARNING, "POLICY_RULES_UNUSED", "Rules of a direction count only when "
     "the types list it.",
                           "Add the direction to `policyTypes` (`types`), or take the rules out."),
    "RULE_NEVER_REACHED": (WARNING, "POLICY_RULE_UNREACHABLE", "A rule before it matches everything.",
                           "Put the rule before the one that matches all."),
    "MISSING_TIER": (ERROR, "TIER_UNKNOWN", "The tier was deleted, or its name is mistyped.",
                     "Make the tier, or move the policy: `kubectl get tiers.projectcalico.org`."),
    "AMBIGUOUS_PRIORITY": (WARNING, "POLICY_PRIORITY_AMBIGUOUS", "Two cluster-wide policies of one "
     "priority select the same pods.",
                           "Give them different priorities."),
    "EXCEPT_OUTSIDE_CIDR": (WARNING, "POLICY_EXCEPT_OUTSIDE", "An exception outside of its block "
     "excepts nothing; a current API "
                            "server rejects it.", "Correct `except`, so that it lies inside of `cidr`."),
}  # fmt: skip
"""Lint → severity, code, cause, remedy. What is only a limit of the engine is left out."""


def lints(facts: Facts) -> list[Finding]:
    """What is odd about policies."""
    if facts.unjudgeable:
        return []
    return [_lint(each) for each in facts.reach.lints() if each.code in _LINTS and _matters(facts, each)]


def _matters(facts: Facts, each: Lint) -> bool:
    """A policy that waits in an empty namespace for its pods is nothing odd."""
    if each.code not in ("SELECTS_NOTHING", "PEER_MATCHES_NOTHING") or not each.policy.namespace:
        return True
    return any(pod.namespace == each.policy.namespace for pod in facts.objects.pods)


def _lint(each: Lint) -> Finding:
    severity, code, cause, remedy = _LINTS[each.code]
    return finding(
        code,
        severity,
        str(each.policy),
        f"{each.text[0].upper()}{each.text[1:]}.",
        evidence=[Evidence(text=each.text, command=show(each.policy))],
        cause=cause,
        remedy=remedy,
        source=TIERS if each.code == "MISSING_TIER" else NETWORK_POLICY,
    )


def show(ref: PolicyRef) -> str:
    """The command that shows a policy."""
    where = f" -n {ref.namespace}" if ref.namespace else ""
    group = f".{ref.group}" if ref.group else ""
    return f"kubectl get {_plural(ref.kind)}{group}{where} {ref.name} -o yaml"


def _plural(kind: str) -> str:
    return f"{kind.lower().removesuffix('y')}ies" if kind.endswith("y") else f"{kind.lower()}s"


def dns_locked_out(facts: Facts) -> list[Finding]:
    """Pods that egress isolation keeps from cluster DNS."""
    if facts.unjudgeable:
        return []
    return [_locked_out(each) for each in locked_out(facts.reach)]


def _locked_out(each: LockedOut) -> Finding:
    lost = "names don't resolve there" if "UDP" in each.protocols else "long answers don't arrive there"
    return finding(
        "DNS_LOCKED_OUT",
        ERROR if "UDP" in each.protocols and not each.sends_nothing else WARNING,
        f"namespace {each.namespace}",
        f"{count(each.pods, 'pod')} of {each.namespace} can't reach cluster DNS over "
        f"{' and '.join(each.protocols)}: {lost}.",
        evidence=[
            Evidence(
                text=f"{each.example}: {each.why}",
                command=f"kubectl -n {each.namespace} exec {each.example.partition('/')[2]} -- "
                "nslookup kubernetes.default",
            )
        ],
        cause="No policy lets these pods send anything at all: a default deny without the allows "
        "that it needs."
        if each.sends_nothing
        else each.why,
        remedy=Remedy(
            text="Allow UDP and TCP 53 to the DNS pods; who-can-talk shows the rule that decides.",
            runbook="calico/who-can-talk",
            parameters={
                "source": each.example,
                "destination": each.server,
                "protocol": each.protocols[0],
                "port": each.port,
            },
        ),
        source=NETWORK_POLICY,
    )


def staged_left_over(facts: Facts) -> list[Finding]:
    """Staged policies that nobody committed or dropped."""
    held = facts.objects
    every = (
        *held.staged_network_policies,
        *held.staged_global_network_policies,
        *held.staged_kubernetes_network_policies,
    )
    old = [
        each
        for each in every
        if (made := each.metadata.creation_timestamp) and facts.now - made > STAGED_LEFT
    ]
    if not old:
        return []
    names = [
        f"{type(each).__name__} {each.namespace + '/' if each.namespace else ''}{each.name}" for each in old
    ]
    return [
        finding(
            "STAGED_LEFT_OVER",
            INFO,
            some(names, at_most=3),
            f"{count(len(old), 'policy')} staged for more than {STAGED_LEFT.days} days enforce nothing: "
            f"{some(names, at_most=3)}.",
            evidence=[
                Evidence(text=some(names), command="kubectl get stagednetworkpolicies.projectcalico.org -A")
            ],
            cause="Staging was never finished: somebody may believe that they protect.",
            remedy="Compare what they would change, then commit or delete them.",
            source=STAGED,
        )
    ]


def fields_dropped(facts: Facts) -> list[Finding]:
    """Policies whose manifest holds fields that the API server threw away: they don't do what is written.

    The server prunes unknown fields unless the client asks for strict validation; what was written still
    stands in the annotation of `kubectl apply`.
    """
    held = facts.objects
    every = (*held.network_policies, *held.calico_network_policies, *held.global_network_policies)
    return [found for each in every for found in _dropped(each)]


def _dropped(policy: Object) -> Iterator[Finding]:
    manifest = _applied(policy)
    model = model_of(manifest)
    if model is None:
        return
    for each in unknown_fields(manifest):
        where = f"{policy.namespace + '/' if policy.namespace else ''}{policy.name}"
        yield finding(
            "POLICY_FIELD_DROPPED",
            ERROR,
            f"{manifest['kind']} {where}",
            f"The manifest of {manifest['kind']} {where} has a field {each.path}, which does not "
            "exist: the API "
            "server dropped it, and the policy selects or allows something else than is written.",
            evidence=[
                Evidence(
                    text=f"{APPLIED} has {each.path}" + (f"; {each.hint}" if each.hint else ""),
                    command=f"kubectl get {_plural(str(manifest['kind']))}"
                    f"{f' -n {policy.namespace}' if policy.namespace else ''} {policy.name} -o yaml",
                )
            ],
            cause="It was applied with `--validate=false` or by a client without strict validation.",
            remedy=f"Correct the manifest ({each.hint or 'see the field reference'}) and apply it "
            "with kubectl's "
            "default, strict validation.",
            source=NETWORK_POLICY,
        )


def _applied(policy: Object) -> dict[str, Any]:
    try:
        found: Any = json.loads(policy.annotations.get(APPLIED, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
