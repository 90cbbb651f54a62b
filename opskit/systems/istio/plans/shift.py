"""Shift traffic between the versions of a service in steps, watched, and given back at once if it goes wrong.

Follows https://istio.io/latest/docs/tasks/traffic-management/traffic-shifting/.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import msgspec

from opskit.core.errors import Refused
from opskit.core.parts import Unread, known
from opskit.core.plan import Change, Condition, Draft, Lock, Patch, Step, Target, Undo, Wait
from opskit.systems.istio.conditions import shares
from opskit.systems.istio.facts import Facts, full
from opskit.systems.istio.kinds import NETWORKING, DestinationRule, HttpRoute, VirtualService

_SYNC_SECONDS = 60
_SPARE_SECONDS = 120
"""Beyond the time that a version is watched: for metrics to arrive, and for enough requests."""


def shift_traffic(
    facts: Facts,
    *,
    namespace: str,
    service: str,
    subset: str,
    weight: int,
    step: int = 20,
    watch: int = 60,
    most_errors: float = 0.02,
    most_ms: int = 0,
    fewest: int = 20,
) -> Draft:
    """Give a subset another share, a part at a time.

    Args:
        facts: of the mesh.
        namespace: of the VirtualService.
        service: name of the VirtualService.
        subset: whose share is changed; the others keep their proportion.
        weight: its share at the end, percent.
        step: how much more in one step, percent; a smaller share is given at once.
        watch: seconds that each step is watched.
        most_errors: share of its requests that may fail, 0 to 1.
        most_ms: 90th percentile of its latency that is still good, milliseconds; 0 is any.
        fewest: requests to it that a step must have seen.

    Raises:
        Refused: every reason why not.

    """
    rule = next(
        (
            each
            for each in known(facts.virtual_services, [])
            if (each.namespace, each.name) == (namespace, service)
        ),
        None,
    )
    reasons = list(dict.fromkeys(_reasons(facts, rule, subset, weight)))
    if reasons or rule is None:
        listed = "".join(
            f"\n  - {each}" for each in reasons or [f"there is no VirtualService {namespace}/{service}"]
        )
        raise Refused(
            f"Shifting traffic of {namespace}/{service} is refused:{listed}\n",
            where=facts.namespace,
            hint="mend these first; istio/health has their remedies",
        )
    return _draft(facts, rule, subset, weight, step, _Watch(watch, most_errors, most_ms, fewest))


class _Watch(msgspec.Struct, frozen=True):
    seconds: int
    most_errors: float
    most_ms: int
    fewest: int


def _draft(facts: Facts, rule: VirtualService, subset: str, weight: int, step: int, watch: _Watch) -> Draft:
    route = _route(rule, subset)
    now = shares(route)
    title = f"Shift {subset} of {rule.namespace}/{rule.name} from {now[subset]} to {weight} %"
    goal = (
        _weights(rule, _split(now, subset, weight)),
        Condition(name="istio/proxies-in-sync", text="proxies in sync"),
    )
    lock = Lock(namespace=rule.namespace or "", name=f"opskit-traffic-{rule.name}")
    if now[subset] == weight:
        why = f"{subset} has {weight} % already."
        return Draft(title=title, steps=(), goal=goal, lock=lock, nothing_to_do=why)
    steps: list[Step] = []
    for share in stages(now[subset], weight, step):
        steps.append(_shift(rule, subset, now, share))
        if share > now[subset]:
            steps.append(_watched(facts, rule, subset, share, watch))
    return Draft(title=title, steps=tuple(steps), goal=goal, lock=lock, restore=True)


def stages(now: int, weight: int, step: int) -> list[int]:
    """The shares on the way, the last one included; a smaller share is given at once."""
    if weight <= now:
        return [weight] if weight < now else []
    return [*range(now + step, weight, step), weight]


def _split(now: dict[str, int], subset: str, share: int) -> dict[str, int]:
    """All shares, if the subset has this one: the others share the rest as they do now, whole percents."""
    others = {name: each for name, each in now.items() if name != subset}
    total, rest = sum(others.values()), 100 - share
    if not total:
        others = dict.fromkeys(others, 1)
        total = len(others)
    split = {name: each * rest // total for name, each in others.items()}
    first = next(iter(split))
    split[first] += rest - sum(split.values())
    return {name: share if name == subset else split[name] for name in now}


def _route(rule: VirtualService, subset: str) -> HttpRoute:
    return next(each for each in rule.spec.http if subset in shares(each) and len(shares(each)) > 1)


def _weights(rule: VirtualService, split: dict[str, int]) -> Condition:
    arguments = {"namespace": rule.namespace or "", "name": rule.name, "weights": split}
    told = ", ".join(f"{name} {share}" for name, share in split.items())
    return Condition(name="istio/weights-are", arguments=arguments, text=f"{rule.name} routes {told}")


def _target(rule: VirtualService) -> Target:
    return Target(
        kind="VirtualService",
        name=rule.name,
        namespace=rule.namespace,
        group=NETWORKING,
        version="v1",
        plural="virtualservices",
        uid=rule.metadata.uid,
    )


def _http(rule: VirtualService, split: dict[str, int]) -> list[dict[str, Any]]:
    """All routes of the rule as they are, with these shares in the ones that are split so."""
    whole = deepcopy(rule.spec.raw_http or [])
    for route in whole:
        ends = route.get("route") or []
        named = {(each.get("destination") or {}).get("subset"): each for each in ends}
        if split.keys() <= named.keys():
            for name, share in split.items():
                named[name]["weight"] = share
    return whole


def _shift(rule: VirtualService, subset: str, now: dict[str, int], share: int) -> Step:
    split = _split(now, subset, share)
    sync = Condition(name="istio/proxies-in-sync", text="every proxy has it")
    return Step(
        id=f"shift-{subset}-to-{share}",
        title=f"Give {subset} {share} % of the requests",
        action=Patch(patch={"spec": {"http": _http(rule, split)}}),
        target=_target(rule),
        reason="A part at a time: what goes wrong goes wrong for few.",
        postcondition=(_weights(rule, split), sync),
        expected=(Change(path=f"weight of {subset}", before=now[subset], after=share),),
        undo=Undo(
            action=Patch(patch={"spec": {"http": rule.spec.raw_http}}),
            postcondition=(_weights(rule, now), sync),
        ),
        deadline_seconds=_SYNC_SECONDS,
        risk="medium" if share > now[subset] else "low",
    )


def _watched(facts: Facts, rule: VirtualService, subset: str, share: int, watch: _Watch) -> Step:
    version, host = _version(facts, rule, subset)
    arguments = {
        "namespace": rule.namespace or "",
        "name": rule.name,
        "service": host,
        "version": version,
        "seconds": watch.seconds,
        "most_errors": watch.most_errors,
        "most_ms": watch.most_ms,
        "fewest": watch.fewest,
    }
    allowed = f"at most {watch.most_errors:.1%} fail" + (f", {watch.most_ms} ms" if watch.most_ms else "")
    sound = Condition(
        name="istio/version-is-sound",
        arguments=arguments,
        text=f"{subset} answers for {watch.seconds} s: {allowed}",
    )
    return Step(
        id=f"watch-{subset}-at-{share}",
        title=f"Watch {subset} at {share} %",
        action=Wait(),
        target=_target(rule),
        reason="Errors or latency beyond what is allowed give all traffic back at once.",
        postcondition=(sound,),
        no_undo="It changes nothing.",
        deadline_seconds=watch.seconds + _SPARE_SECONDS,
    )


def _version(facts: Facts, rule: VirtualService, subset: str) -> tuple[str, str]:
    """The version label that metrics have of a subset, and its full host."""
    where = rule.namespace or ""
    host = next(
        full(each.destination.host, where) for each in rule.routes if each.destination.subset == subset
    )
    for policy in _policies(facts, host):
        for each in policy.spec.subsets or []:
            if each.name == subset:
                return (each.labels or {}).get("version", subset), host
    return subset, host


def _policies(facts: Facts, host: str) -> list[DestinationRule]:
    return [
        each
        for each in known(facts.destination_rules, [])
        if full(each.spec.host, each.namespace or "") == host
    ]


def _reasons(facts: Facts, rule: VirtualService | None, subset: str, weight: int) -> Iterator[str]:
    parts = ("virtual_services", "destination_rules", "services", "pods", "sync")
    for name in parts:
        part = getattr(facts, name)
        if isinstance(part, Unread):
            yield f"{name.replace('_', ' ')} could not be read: {part.reason}"
    if rule is None:
        return
    split = [each for each in rule.spec.http if len(shares(each)) > 1]
    known_subsets = sorted({name for each in split for name in shares(each)})
    if subset not in known_subsets:
        yield f"no route of it is split with a subset {subset}; it has {', '.join(known_subsets) or 'none'}"
        return
    if any(sum(shares(each).values()) != 100 for each in split):
        yield "its weights do not add up to 100: mend that first, so that it is clear what is taken back"
    if not 0 <= weight <= 100:
        yield f"{weight} is no percentage"
    yield from _bad_ground(facts, rule, subset, weight)


def _bad_ground(facts: Facts, rule: VirtualService, subset: str, weight: int) -> Iterator[str]:
    """What must be sound when more is to go to the subset; to take traffic away less will do."""
    if weight <= shares(_route(rule, subset))[subset]:
        return
    _, host = _version(facts, rule, subset)
    service = facts.service_of.get(host)
    labels = next(
        (
            each.labels
            for one in _policies(facts, host)
            for each in one.spec.subsets or []
            if each.name == subset
        ),
        None,
    )
    if labels is None:
        yield f"no DestinationRule defines the subset {subset} of {host}"
    elif service is not None and not facts.behind(service, labels):
        yield f"the subset {subset} has no ready pod"
    if isinstance(facts.edges, Unread):
        yield f"without metrics nobody can watch it: {facts.edges.reason}"
    stale = [each.proxy for each in known(facts.sync, []) if each.stale]
    if stale:
        yield f"{', '.join(stale[:4])} have not acknowledged their configuration"
