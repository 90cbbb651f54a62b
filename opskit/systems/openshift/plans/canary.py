"""Shift a route's traffic to another service in steps.

Follows OpenShift's documentation of routes on alternate backends: weights are 0 to 256, and a service's share
is its weight among all.
https://docs.redhat.com/en/documentation/openshift_container_platform/latest/html/ingress_and_load_balancing/routes
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from opskit.core.errors import Refused
from opskit.core.parts import Unread
from opskit.core.plan import Change, Condition, Draft, Lock, Patch, Step, Target, Undo
from opskit.systems.openshift.checks_routes import refusal, weights
from opskit.systems.openshift.facts import Facts
from opskit.systems.openshift.kinds import Route

PRIOR = "opskit.dev/prior-weights"
"""The annotation that keeps the weights of before: `web=100`."""
STEP_SECONDS = 120


def shift_route(facts: Facts, *, namespace: str, route: str, canary: str, percents: Sequence[int]) -> Draft:
    """Give the canary a growing share of the requests; the route's first service keeps the rest.

    Args:
        facts: of the cluster.
        namespace: of the route.
        route: its name.
        canary: the service that gets the share.
        percents: shares in percent, one a step, as `[10, 50, 100]`; falling ones take it back.

    Raises:
        Refused: the route is not there or not admitted, the canary has no pod, or a share is no percentage.

    """
    found = facts.route(namespace, route)
    reasons = list(_reasons(facts, found, namespace, route, canary, percents))
    if reasons or found is None:
        listed = "".join(f"\n  - {reason}" for reason in reasons)
        raise Refused(
            f"Shifting route {namespace}/{route} to {canary} is refused:{listed}\n",
            where=f"Route {namespace}/{route}",
            hint="mend what is named, then plan again",
        )
    title, lock = f"Shift route {namespace}/{route} to {canary}", _lock(found)
    before = weights(found)
    goal = (_has(found, _shares(found, canary, percents[-1])), _answers(found, canary))
    ladder = [before, *(_shares(found, canary, each) for each in percents)]
    moves = [(old, new) for old, new in pairwise(ladder) if _weighted(old) != _weighted(new)]
    if not moves:
        told = f"{canary} has {percents[-1]} % already."
        return Draft(title=title, steps=(), goal=goal, lock=lock, nothing_to_do=told)
    kept = found.annotations.get(PRIOR) or _written(before)
    steps = tuple(
        _step(found, canary, old, new, kept=kept, number=n) for n, (old, new) in enumerate(moves, 1)
    )
    return Draft(title=title, steps=steps, goal=goal, lock=lock)


def _reasons(
    facts: Facts, found: Route | None, namespace: str, name: str, canary: str, percents: Sequence[int]
) -> Iterator[str]:
    if isinstance(facts.routes, Unread):
        yield f"routes could not be read: {facts.routes.reason}"
        return
    if found is None:
        yield f"there is no route {namespace}/{name}"
        return
    if not percents or any(not 0 <= each <= 100 for each in percents):
        yield f"shares are 0 to 100 percent, not {list(percents)}"
    refused = refusal(found)
    if refused is not None:
        yield f"the route is not admitted: {refused.reason} {refused.message or ''}"
    if canary == found.spec.to.name:
        yield f"{canary} is the route's first service already"
    others = [each.name for each in found.spec.alternate_backends or [] if each.name != canary]
    if others:
        yield f"the route has further backends ({', '.join(others)}), whose shares this would change"
    if isinstance(facts.slices, Unread):
        yield f"endpoints could not be read: {facts.slices.reason}"
        return
    for service in dict.fromkeys((found.spec.to.name, canary)):
        if not facts.endpoints(namespace, service):
            yield f"service {service} has no ready pod"


def _shares(found: Route, canary: str, percent: int) -> dict[str, int]:
    return {found.spec.to.name: 100 - percent, canary: percent}


def _weighted(shares: dict[str, int]) -> dict[str, int]:
    return {name: weight for name, weight in shares.items() if weight}


def _written(shares: dict[str, int]) -> str:
    return ",".join(f"{name}={weight}" for name, weight in shares.items())


def _has(found: Route, shares: dict[str, int]) -> Condition:
    told = " and ".join(f"{name} has {weight}" for name, weight in shares.items())
    arguments = {"namespace": found.namespace or "", "name": found.name, "wanted": shares}
    return Condition(name="openshift/route-has-weights", arguments=arguments, text=f"{told} of the weight")


def _answers(found: Route, service: str) -> Condition:
    arguments = {"namespace": found.namespace or "", "service": service}
    return Condition(
        name="openshift/service-answers", arguments=arguments, text=f"a pod of {service} takes requests"
    )


def _lock(found: Route) -> Lock:
    return Lock(namespace=found.namespace or "", name=f"opskit-route-{found.name}"[:63])


def _patch(found: Route, shares: dict[str, int], *, kept: str | None) -> Patch:
    first = found.spec.to.name
    others = [
        {"kind": "Service", "name": name, "weight": weight}
        for name, weight in shares.items()
        if name != first
    ]
    spec: dict[str, Any] = {"to": {"weight": shares[first]}, "alternateBackends": others or None}
    return Patch(patch={"metadata": {"annotations": {PRIOR: kept}}, "spec": spec})


def _step(
    found: Route, canary: str, old: dict[str, int], new: dict[str, int], *, kept: str, number: int
) -> Step:
    first = found.spec.to.name
    share = new.get(canary, 0)
    note = kept if number > 1 else found.annotations.get(PRIOR)
    return Step(
        id=f"shift-{number}-to-{share}",
        title=f"Give {canary} {share} % of the requests",
        action=_patch(found, new, kept=kept),
        target=Target(
            kind="Route",
            name=found.name,
            namespace=found.namespace,
            group="route.openshift.io",
            version="v1",
            plural="routes",
            uid=found.metadata.uid,
        ),
        reason=f"{first} keeps the rest. The weights of before stay in the annotation {PRIOR}.",
        precondition=(_has(found, old), _answers(found, canary if share else first)),
        postcondition=(_has(found, new),),
        expected=(Change(path="spec.to.weight", before=old.get(first), after=new[first]),),
        undo=Undo(action=_patch(found, old, kept=note), postcondition=(_has(found, old),)),
        deadline_seconds=STEP_SECONDS,
        risk="medium" if share == 100 else "low",
    )
