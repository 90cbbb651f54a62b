"""Close a namespace by default, with the allows that it needs in place before.

Follows https://kubernetes.io/docs/concepts/services-networking/network-policies/#default-policies.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from opskit.core.errors import Refused
from opskit.core.plan import Apply, Change, Condition, Delete, Draft, Lock, Step, Undo
from opskit.systems.calico.facts import Facts
from opskit.systems.calico.flows import Flow, parse
from opskit.systems.calico.kubernetes_policies import NetworkPolicy
from opskit.systems.calico.plans import bridges, effects, guards, policies
from opskit.systems.calico.plans.bridges import Bridge
from opskit.systems.calico.plans.services import service_flows
from opskit.systems.calico.reach import Difference, Reach

Json = dict[str, Any]

DIRECTIONS = {"both": ("ingress", "egress"), "ingress": ("ingress",), "egress": ("egress",)}


@dataclass(frozen=True)
class Wanted:
    """What is to be done, and what comes of it."""

    facts: Facts
    namespace: str
    directions: tuple[str, ...]
    flows: tuple[Flow, ...]

    @cached_property
    def allows(self) -> list[Json]:
        """The policies that allow."""
        dns = policies.dns_rules(self.facts.reach)
        return policies.allows(self.namespace, self.flows, self.directions, dns)

    @cached_property
    def deny(self) -> Json:
        """The policy that denies the rest."""
        return policies.deny(self.namespace, self.directions)

    @cached_property
    def there(self) -> dict[str, NetworkPolicy]:
        """The policies of the namespace by name."""
        held = self.facts.objects.network_policies
        return {each.name: each for each in held if each.namespace == self.namespace}

    @cached_property
    def pods(self) -> dict[str, Mapping[str, str]]:
        """The labels of the namespace's pods that have a network of their own."""
        every = self.facts.reach.universe.endpoints
        return {
            e.name: e.labels for e in every if e.sort == "pod" and e.name.startswith(f"{self.namespace}/")
        }

    @cached_property
    def bridges(self) -> list[Bridge]:
        """What keeps the pods open, that are so today, until all is in place."""
        return bridges.wanted(
            self.facts.reach, self.there, self.pods, self.directions, namespace=self.namespace
        )

    @cached_property
    def after(self) -> Reach:
        """The cluster at the end."""
        made = [policies.decoded(each) for each in (*self.allows, self.deny)]
        objects = self.facts.objects.with_changed(*made)
        return Reach.of(objects.without(*bridges.held(self.there)))

    @cached_property
    def difference(self) -> Difference:
        """What changes for whom."""
        return Reach.difference(self.facts.reach, self.after)

    def unchanged(self, manifest: Json) -> bool:
        """Whether the policy is there already, just so."""
        wanted = policies.decoded(manifest)
        held = self.there.get(wanted.name)
        return held is not None and held.spec == wanted.spec


def default_deny(
    facts: Facts,
    *,
    namespace: str,
    allow: Sequence[str] = (),
    directions: str = "both",
    keep_services: bool = True,
) -> Draft:
    """Isolate every pod of a namespace; DNS, the declared flows and the Services within it stay open.

    Args:
        facts: of the cluster.
        namespace: the one to close.
        allow: flows that must stay open, as `flows.parse` takes them.
        directions: `ingress`, `egress` or `both`.
        keep_services: also allow the namespace's own pods to reach its own Services.

    Raises:
        BadValue: a flow that can't be understood.
        Refused: the namespace is a system's own or unknown, DNS would be locked out, a flow is denied
            today, something could not be read.

    """
    wanted = _wanted(facts, namespace, allow, directions, keep_services=keep_services)
    title = f"Default deny ({directions}) in {namespace}"
    lock, goal = Lock(namespace=namespace, name="opskit-network-policy"), tuple(_goal(wanted))
    if all(map(wanted.unchanged, (*wanted.allows, wanted.deny))) and not bridges.held(wanted.there):
        said = f"{namespace} is closed by default already, with these allows."
        return Draft(title=title, steps=(), goal=goal, lock=lock, nothing_to_do=said)
    return Draft(title=title, steps=tuple(_steps(wanted)), goal=goal, lock=lock)


def what_if(facts: Facts, *, namespace: str, allow: Sequence[str] = (), directions: str = "both",
            keep_services: bool = True) -> Difference:  # fmt: skip
    """What `default_deny` with the same parameters would change, as a difference of reachability.

    Raises:
        BadValue, Refused: as `default_deny`.

    """
    return _wanted(facts, namespace, allow, directions, keep_services=keep_services).difference


def _wanted(
    facts: Facts, namespace: str, allow: Sequence[str], directions: str, *, keep_services: bool
) -> Wanted:
    declared = [parse(text, namespace=namespace) for text in allow]
    _refuse(guards.before(facts, namespace, declared), namespace)
    kept = service_flows(facts, namespace) if keep_services else []
    wanted = Wanted(facts, namespace, DIRECTIONS[directions], tuple(dict.fromkeys((*declared, *kept))))
    _refuse(_afterwards(wanted, declared), namespace)
    return wanted


def _refuse(reasons: Iterator[str], namespace: str) -> None:
    found = list(dict.fromkeys(reasons))
    if found:
        listed = "".join(f"\n  - {reason}" for reason in found)
        raise Refused(
            f"A default deny in {namespace} is refused:{listed}\n",
            where=namespace,
            hint="clear these first; calico/who-can-talk shows which rule decides",
        )


def _afterwards(wanted: Wanted, declared: Sequence[Flow]) -> Iterator[str]:
    if "egress" in wanted.directions:
        yield from guards.dns(wanted.facts, wanted.namespace, wanted.after)
    yield from guards.foreign(wanted.there, (*wanted.allows, wanted.deny))
    for flow in declared:
        yield from guards.flow_stays(wanted.facts, wanted.after, flow)


def _goal(wanted: Wanted) -> Iterator[Condition]:
    space, ways = wanted.namespace, list(wanted.directions)
    yield Condition(
        name="calico/isolated",
        arguments={"namespace": space, "directions": ways},
        text=f"every pod of {space} is isolated for {' and '.join(ways)}",
    )
    if "egress" in ways:
        yield Condition(
            name="calico/dns-open",
            arguments={"namespace": space},
            text=f"the pods of {space} reach cluster DNS",
        )
    for flow in wanted.flows:
        yield _flow(space, flow)
    for name in dict.fromkeys((policies.BRIDGE, *(each.name for each in wanted.bridges))):
        yield _gone(space, name)


def _flow(space: str, flow: Flow) -> Condition:
    arguments = {"namespace": space, "flow": str(flow)}
    return Condition(name="calico/flow-open", arguments=arguments, text=f"{flow} is allowed")


def _exists(space: str, name: str) -> Condition:
    arguments = {"namespace": space, "name": name}
    return Condition(name="calico/policy-exists", arguments=arguments, text=f"NetworkPolicy {name} is there")


def _gone(space: str, name: str) -> Condition:
    arguments = {"namespace": space, "name": name}
    return Condition(name="calico/policy-gone", arguments=arguments, text=f"there is no NetworkPolicy {name}")


def _steps(wanted: Wanted) -> Iterator[Step]:
    bridged = bool(wanted.bridges)
    effect = effects.expected(wanted.facts, wanted.difference)
    for bridge in wanted.bridges:
        yield _apply(
            wanted,
            bridge.manifest,
            title=f"Allow {_everything(bridge)} while the policies are put in place",
            reason="The first policy that selects a pod isolates it; so long as this one is there, "
            "nothing is cut. Pods that are isolated already are not selected.",
        )
    for manifest in wanted.allows:
        yield _apply(
            wanted,
            manifest,
            title=f"Allow what {_whom(manifest)} needs",
            reason="The allows come before the deny.",
        )
    yield _apply(
        wanted,
        wanted.deny,
        title="Deny the rest",
        reason="Isolates every pod of the namespace."
        + (" The bridge still holds open what was." if bridged else ""),
        before=tuple(_exists(wanted.namespace, each["metadata"]["name"]) for each in wanted.allows),
        effect=() if bridged else effect,
    )
    for number, bridge in enumerate(wanted.bridges, 1):
        yield _unbridge(wanted, bridge, effect if number == len(wanted.bridges) else ())


def _everything(bridge: Bridge) -> str:
    return "everything" if len(bridge.ways) == 2 else f"all {bridge.ways[0]}"


def _whom(manifest: Json) -> str:
    labels = manifest["spec"]["podSelector"].get("matchLabels", {})
    return " ".join(f"{key}={value}" for key, value in labels.items()) or "every pod"


def _apply(
    wanted: Wanted,
    manifest: Json,
    *,
    title: str,
    reason: str,
    before: tuple[Condition, ...] = (),
    effect: tuple[Change, ...] = (),
) -> Step:
    name = str(manifest["metadata"]["name"])
    there, replaced = wanted.unchanged(manifest), name in wanted.there
    return Step(
        id=f"apply-{name}",
        title=title,
        action=Apply(manifest=manifest),
        target=policies.target(wanted.namespace, name),
        reason=reason,
        precondition=before,
        postcondition=() if replaced else (_exists(wanted.namespace, name),),
        expected=effect,
        undo=None if replaced else Undo(action=Delete(), postcondition=(_gone(wanted.namespace, name),)),
        no_undo="It was there before." if replaced else "",
        deadline_seconds=60,
        risk="medium" if effect else "low",
        skip=f"{name} is there already, just so" if there else "",
    )


def _unbridge(wanted: Wanted, bridge: Bridge, effect: tuple[Change, ...]) -> Step:
    space, allowed = wanted.namespace, [each["metadata"]["name"] for each in wanted.allows]
    back = Undo(
        action=Apply(manifest=bridge.manifest),
        postcondition=(_exists(space, bridge.name),),
    )
    return Step(
        id=f"remove-{bridge.name.removeprefix('opskit-')}",
        title="Take the bridge away: from here on, what is not allowed is denied",
        action=Delete(),
        target=policies.target(space, bridge.name),
        reason="Everything changes at this one moment; the lines below are what changes.",
        precondition=tuple(_exists(space, name) for name in (*allowed, policies.DENY)),
        postcondition=(_gone(space, bridge.name),),
        expected=effect,
        undo=back,
        deadline_seconds=60,
        risk="high",
        confirm=space,
    )
