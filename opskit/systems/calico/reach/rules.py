"""The one form that every kind of policy is turned into before it is judged."""

from dataclasses import dataclass, field

import msgspec

from opskit.core.findings import Data
from opskit.systems.calico.reach.expression import Both, Expression, Is
from opskit.systems.calico.reach.traffic import IcmpMatch, PortMatch

NAMESPACE = "projectcalico.org/namespace"
ORCHESTRATOR = "projectcalico.org/orchestrator"
ACCOUNT = "projectcalico.org/serviceaccount"
NAMESPACE_PREFIX = "pcns."
ACCOUNT_PREFIX = "pcsa."
NAME = "projectcalico.org/name"
POD = Is(ORCHESTRATOR, frozenset(("k8s",)))
"""True of pods only, not of network sets and host endpoints."""


def pods_only(selector: Expression) -> bool:
    """Whether a selector says that it is about pods; false does not mean that it matches others."""
    return isinstance(selector, Both) and selector.terms[0] == POD


INGRESS, EGRESS = "ingress", "egress"
ALLOW, DENY, PASS, LOG = "Allow", "Deny", "Pass", "Log"


class PolicyRef(Data, frozen=True, order=True):
    """Names a policy object."""

    kind: str
    name: str
    namespace: str = ""
    group: str = ""

    def __str__(self) -> str:
        suffix = (
            ".projectcalico.org" if self.group == "projectcalico.org" and self.kind == "NetworkPolicy" else ""
        )
        return f"{self.kind}{suffix} {self.namespace + '/' if self.namespace else ''}{self.name}"


class Peer(msgspec.Struct, frozen=True, gc=False):
    """What must hold of one side of the traffic: everything that is set."""

    selector: Expression | None = None
    """Holds of an address when it holds of any endpoint or network set that has the address."""
    unless: Expression | None = None
    """Must hold of no endpoint or network set that has the address."""
    nets: tuple[str, ...] = ()
    not_nets: tuple[str, ...] = ()
    service: tuple[str, str] | None = None
    """Namespace and name of a Service; a destination must be at an endpoint's port."""
    nodes: Expression | None = None
    """Over the labels of nodes; holds of nodes' own addresses."""


class Rule(msgspec.Struct, frozen=True, gc=False):
    """One entry of a policy's ingress or egress list. Whatever is None or empty matches anything."""

    action: str
    index: int
    """Position in the object's list, from 0."""
    name: str = ""
    source: tuple[Peer, ...] | None = None
    """Alternatives; an empty tuple matches nothing."""
    destination: tuple[Peer, ...] | None = None
    ports: tuple[PortMatch, ...] | None = None
    """Alternatives for protocol and destination port; an empty tuple matches nothing."""
    not_protocol: int | None = None
    not_ports: tuple[PortMatch, ...] = ()
    source_ports: tuple[PortMatch, ...] = ()
    not_source_ports: tuple[PortMatch, ...] = ()
    icmp: IcmpMatch | None = None
    not_icmp: IcmpMatch | None = None
    version: int | None = None
    note: str = ""
    """Said with the rule wherever it decides, e.g. that it fails closed."""
    unsupported: str = ""
    """Why it can't be judged; it then decides nothing, and what it might have decided is reported."""


class Policy(msgspec.Struct, frozen=True):
    """One policy object."""

    ref: PolicyRef
    tier: str
    order: float
    subject: Expression
    ingress: tuple[Rule, ...] | None
    """None: the policy has no say in ingress; empty: it selects, and no rule matches."""
    egress: tuple[Rule, ...] | None
    unsupported: str = ""
    """Why it is not known what it applies to; every answer that it might change says so."""

    @property
    def sort_key(self) -> tuple[float, str]:
        """Order within the tier; equal orders go by name, namespace and kind."""
        kind = {"networking.k8s.io": "Kubernetes", "policy.networking.k8s.io": "Kubernetes"}.get(
            self.ref.group, ""
        )
        return self.order, f"{self.ref.name}/{self.ref.namespace}/{kind}{self.ref.kind}"

    def rules(self, direction: str) -> tuple[Rule, ...] | None:
        """The rules of one direction."""
        return self.ingress if direction == INGRESS else self.egress


@dataclass(frozen=True)
class TierOrder:
    """A tier in its place."""

    name: str
    order: float
    default_action: str
    exists: bool = True
    policies: tuple[Policy, ...] = field(default=())
