"""What can be broken in a sandbox: a fault as data and two functions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import Parameter, signature
from typing import Any, Protocol

from opskit.core.errors import UnknownName
from opskit.sandbox.site import Site


class Broken(Protocol):
    """What a fault uses of a sandbox: the system's own tools, and its place on this machine."""

    name: str
    site: Site

    def injected(self) -> dict[str, list[dict[str, Any]]]:
        """The faults that are in."""
        ...

    def ceph(self, *arguments: str, deadline: float = 30.0) -> Any:
        """Run a `ceph` command; its JSON."""
        ...


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that can be broken, really."""

    name: str
    summary: str
    """What is done."""
    seen: str
    """What a person sees of it, and where."""
    inject: Callable[..., dict[str, Any]]
    """`(sandbox, **arguments)`: breaks it, waits until the system itself shows it, and returns what `heal`
    must know. It may be called again with other arguments."""
    heal: Callable[..., None]
    """`(sandbox, **what inject returned)`: mends it and waits until the system says so."""
    arguments: dict[str, str] = field(default_factory=dict[str, str])
    """Each argument and what it means."""
    victims: tuple[str, ...] = ()
    """What it breaks, in words, with `{argument}` for an argument's value: of the faults with a victim in
    common only one can be in, for the next would not show, or neither could be healed."""
    anywhere: bool = False
    """Whether it is made of `ceph` commands alone, and so works on a real Rook too."""

    def victims_of(self, arguments: Mapping[str, Any]) -> set[str]:
        """What it breaks with these arguments, or as it is by default."""
        known = signature(self.inject).parameters.values()
        defaults = {each.name: each.default for each in known if each.default is not Parameter.empty}
        return {each.format(**{**defaults, **arguments}) for each in self.victims}


def fault_named(faults: Sequence[Fault], name: str) -> Fault:
    """The fault of that name.

    Raises:
        UnknownName: there is none.

    """
    known = {fault.name: fault for fault in faults}
    if name not in known:
        raise UnknownName.among("fault", name, known, where="opskit sandbox fault list")
    return known[name]
