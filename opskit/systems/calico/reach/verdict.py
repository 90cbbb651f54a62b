"""What is answered about one pair."""

from opskit.core.findings import Data
from opskit.systems.calico.reach.rules import PolicyRef


class RuleRef(Data, frozen=True):
    """A rule in its object, as `spec.<direction>[index]`."""

    policy: PolicyRef
    direction: str
    index: int
    name: str = ""

    def __str__(self) -> str:
        name = f" {self.name!r}" if self.name else ""
        return f"{self.policy} spec.{self.direction}[{self.index}]{name}"


class Consulted(Data, frozen=True):
    """A policy that selects the pod, and what came of it."""

    policy: PolicyRef
    tier: str
    outcome: str
    """`Allow`, `Deny`, `Pass`, `no rule matched`, or `unsupported`."""
    index: int | None = None
    """The rule that matched."""
    note: str = ""


class Decision(Data, frozen=True):
    """One direction: what the source may send, or what the destination may receive."""

    direction: str
    allowed: bool
    text: str
    rule: RuleRef | None = None
    """The rule that decided; None where none matched."""
    tier: str = ""
    """The tier that decided; empty where no tier has a say."""
    consulted: tuple[Consulted, ...] = ()
    """Every policy that was asked, in order, up to the decision."""
    unsupported: tuple[str, ...] = ()
    """What could not be judged and might change the decision."""

    @property
    def isolated(self) -> bool:
        """Whether any policy selects the pod in this direction."""
        return bool(self.consulted)


class Verdict(Data, frozen=True):
    """May a connection be opened? Both directions must allow it."""

    source: str
    destination: str
    traffic: str
    allowed: bool
    egress: Decision
    ingress: Decision
    text: str
    unsupported: tuple[str, ...] = ()
    """What the answer does not cover, each as `unsupported: ...`; empty: the answer is complete."""

    @property
    def rules(self) -> tuple[RuleRef, ...]:
        """The rules that decided: of the direction that denies, or of both."""
        denying = [each for each in (self.egress, self.ingress) if not each.allowed]
        sides = denying[:1] or (self.egress, self.ingress)
        return tuple(each.rule for each in sides if each.rule is not None)


def verdict(
    source: str, destination: str, traffic: str, egress: Decision, ingress: Decision, *notes: str
) -> Verdict:
    """Both directions together."""
    allowed = egress.allowed and ingress.allowed
    word = "allowed" if allowed else "denied"
    found = (*egress.unsupported, *ingress.unsupported, *notes)
    said = [f"{source} to {destination} {traffic}: {word}.", egress.text, ingress.text]
    unsupported = tuple(f"unsupported: {each}" for each in dict.fromkeys(found))
    return Verdict(
        source=source,
        destination=destination,
        traffic=traffic,
        allowed=allowed,
        egress=egress,
        ingress=ingress,
        text=" ".join((*said, *(f"{each[0].upper()}{each[1:]}." for each in unsupported))),
        unsupported=unsupported,
    )
