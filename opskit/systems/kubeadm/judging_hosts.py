"""How a rule about a machine is asked and answered. Pure."""

from collections.abc import Callable

from opskit.core.findings import Data
from opskit.core.parts import Unread, known
from opskit.systems.kubeadm.answers_hosts import Host
from opskit.systems.kubeadm.hosts import Hosts


class Told(Data, frozen=True):
    """What a rule says of a machine."""

    check: str
    """The rule's name, e.g. `swap`."""
    verdict: str
    """`good`, `doubtful`, `bad`, or `unknown` where the answer could not be had."""
    told: str
    command: str
    """Shows the same on the machine."""
    remedy: str = ""


class Asked(Data, frozen=True):
    """What a rule may look at: one machine among the others."""

    node: str
    host: Host
    all: Hosts
    plane: bool

    @property
    def is_joined(self) -> bool:
        """Whether the cluster has a node of that name."""
        return any(each.name == self.node for each in known(self.all.joined, []))

    @property
    def others(self) -> dict[str, Host]:
        """The other machines that answered."""
        held = self.all.hosts.items()
        return {name: each for name, each in held if name != self.node and not isinstance(each, Unread)}


Rule = Callable[[Asked], Told]


def unknown(check: str, part: Unread | None, command: str) -> Told:
    """The answer could not be had, and why."""
    told = part.reason if part is not None else "it does not say"
    return Told(check=check, verdict="unknown", told=told, command=command)
