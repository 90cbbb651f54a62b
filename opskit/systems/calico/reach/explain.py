"""One pair: the same order as `decide`, keeping note of every policy that was asked."""

from opskit.systems.calico.reach import bits
from opskit.systems.calico.reach.bits import Bits
from opskit.systems.calico.reach.program import BoundPolicy, BoundRule, Program
from opskit.systems.calico.reach.rules import ALLOW, INGRESS, PASS, TierOrder
from opskit.systems.calico.reach.traffic import Traffic
from opskit.systems.calico.reach.verdict import Consulted, Decision, RuleRef


class _Walk:
    """Goes through the policies of one class in one direction."""

    def __init__(
        self, program: Program, direction: str, source: int, destination: int, traffic: Traffic
    ) -> None:
        self.program, self.direction, self.traffic = program, direction, traffic
        self.source, self.destination = source, destination
        self.own = destination if direction == INGRESS else source
        self.consulted: list[Consulted] = []
        self.unsupported: list[str] = []

    def decision(self) -> Decision:
        for tier, policies in self.program.governing(self.direction, self.own):
            if decided := self._tier(tier, policies):
                return decided
        return self._made(True, "" if self.consulted else "no policy selects it", "")

    def _tier(self, tier: TierOrder, policies: list[BoundPolicy]) -> Decision | None:
        governs = False
        for bound in policies:
            if bound.policy.unsupported:
                self._open(bound, None, bound.policy.unsupported)
                continue
            governs = True
            rule = self._first(bound)
            if rule is None:
                self._note(bound, "no rule matched")
            elif rule.rule.action == PASS:
                self._note(bound, PASS, rule)
                return None
            else:
                self._note(bound, rule.rule.action, rule)
                return self._by_rule(bound, rule, tier)
        return self._by_default(tier) if governs and tier.default_action != PASS else None

    def _first(self, bound: BoundPolicy) -> BoundRule | None:
        for rule in bound.rules(self.direction) or ():
            match = self.program.match(rule, self.traffic)
            if match is None or not (
                _in(match.source, self.source) and _in(match.destination, self.destination)
            ):
                continue
            if not match.unsupported:
                return rule
            self._open(bound, rule, match.unsupported)
        return None

    def _open(self, bound: BoundPolicy, rule: BoundRule | None, why: str) -> None:
        self._note(bound, "unsupported", rule)
        where = f" spec.{self.direction}[{rule.rule.index}]" if rule else ""
        self.unsupported.append(f"{bound.policy.ref}{where}: {why}")

    def _note(self, bound: BoundPolicy, outcome: str, rule: BoundRule | None = None) -> None:
        self.consulted.append(
            Consulted(
                policy=bound.policy.ref,
                tier=bound.policy.tier,
                outcome=outcome,
                index=rule.rule.index if rule else None,
                note=rule.rule.note if rule else "",
            )
        )

    def _by_rule(self, bound: BoundPolicy, rule: BoundRule, tier: TierOrder) -> Decision:
        allowed = rule.rule.action == ALLOW
        name = rule.rule.name
        ref = RuleRef(policy=bound.policy.ref, direction=self.direction, index=rule.rule.index, name=name)
        note = f" ({rule.rule.note})" if rule.rule.note else ""
        return self._made(allowed, f"{ref}{note} in tier {tier.name}", tier.name, ref)

    def _by_default(self, tier: TierOrder) -> Decision:
        asked = [str(each.policy) for each in self.consulted if each.tier == tier.name]
        some = ", ".join(asked[:3]) + (f" and {len(asked) - 3} more" if len(asked) > 3 else "")
        verb = "selects" if len(asked) == 1 else "select"
        why = f"{some} {verb} it in tier {tier.name} and no rule matches"
        return self._made(False, why, tier.name)

    def _made(self, allowed: bool, why: str, tier: str, rule: RuleRef | None = None) -> Decision:
        word = "allowed" if allowed else "denied"
        text = f"{self.direction.capitalize()} {word}: {why or 'every tier that selects it passes it on'}."
        return Decision(
            direction=self.direction,
            allowed=allowed,
            text=text,
            rule=rule,
            tier=tier,
            consulted=tuple(self.consulted),
            unsupported=tuple(self.unsupported),
        )


def _in(members: Bits | None, number: int) -> bool:
    return members is None or bits.test(members, number)


def explain(program: Program, direction: str, source: int, destination: int, traffic: Traffic) -> Decision:
    """Judge one direction of one pair of classes, with the reasons."""
    return _Walk(program, direction, source, destination, traffic).decision()


def exempt(direction: str, why: str) -> Decision:
    """A direction in which no policy is asked."""
    return Decision(direction=direction, allowed=True, text=f"{direction.capitalize()} allowed: {why}.")
