"""Faults that would break the same: the second is refused before anything is touched."""

from collections.abc import Callable
from typing import Any

import pytest

from opskit.core.errors import BadValue, Refused
from opskit.sandbox import Sandbox
from opskit.sandbox.faults import Fault
from opskit.sandbox.profiles import PROFILES

FAULTS = {f"{name}/{fault.name}": fault for name, each in PROFILES.items() for fault in each.faults}


def both(profile: str, first: str, second: str) -> tuple[Fault, Fault]:
    return FAULTS[f"{profile}/{first}"], FAULTS[f"{profile}/{second}"]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Sandbox]:
    """A sandbox whose servers are not needed: what is done to it is written down."""

    def make(*faults: Fault) -> Sandbox:
        sandbox = Sandbox("mine")
        sandbox.site.make()
        known = {each.name: each for each in faults}
        monkeypatch.setattr(sandbox, "_fault", known.__getitem__)
        return sandbox

    return make


def recorder(name: str, *, victims: tuple[str, ...], raises: Exception | None = None) -> Fault:
    def inject(sandbox: Any, *, node: str = "a") -> dict[str, Any]:
        if raises is not None:
            raise raises
        return {"node": node}

    return Fault(
        name=name, summary="", seen="", inject=inject, heal=inject, arguments={"node": ""}, victims=victims
    )


def test_a_fault_whose_victim_another_one_holds_is_refused(broken: Callable[..., Sandbox]) -> None:
    sandbox = broken(*(recorder(name, victims=("node {node}",)) for name in ("one", "two")))
    sandbox.inject("one")
    with pytest.raises(Refused) as caught:
        sandbox.inject("two", node="a")
    assert str(caught.value) == (
        "The fault one is in, and has broken node a, as two would. [mine] "
        "Next: run `opskit sandbox fault heal one --name mine` first."
    )
    assert sandbox.injected() == {"one": [{"node": "a"}]}
    sandbox.inject("two", node="b")
    sandbox.inject("one", node="c")
    assert sandbox.injected() == {"one": [{"node": "a"}, {"node": "c"}], "two": [{"node": "b"}]}


def test_what_was_broken_off_half_way_holds_its_victim_too(broken: Callable[..., Sandbox]) -> None:
    first = recorder("one", victims=("node {node}",), raises=RuntimeError("ended"))
    sandbox = broken(first, recorder("two", victims=("node a",)))
    with pytest.raises(RuntimeError):
        sandbox.inject("one")
    with pytest.raises(Refused, match="The fault one is in"):
        sandbox.inject("two")


def test_what_was_refused_by_the_fault_itself_holds_nothing(broken: Callable[..., Sandbox]) -> None:
    first = recorder("one", victims=("node a",), raises=BadValue("no such node"))
    sandbox = broken(first, recorder("two", victims=("node a",)))
    with pytest.raises(BadValue):
        sandbox.inject("one")
    sandbox.inject("two")


@pytest.mark.parametrize("name", FAULTS)
def test_victims_are_named_with_the_default_arguments(name: str) -> None:
    for victim in FAULTS[name].victims_of({}):
        assert victim
        assert "None" not in victim


@pytest.mark.parametrize(
    ("profile", "first", "second"),
    [
        ("trust", "acme-errors", "certificate-denied"),
        ("trust", "ldap-down", "dex-wrong-bind-password"),
        ("network", "bird-down", "bgp-cut"),
        ("mesh", "broken-version", "slow-version"),
        ("kubeadm", "worker-off", "kubelet-stopped"),
        ("platform", "pool-paused", "pool-degraded"),
    ],
)
def test_these_break_the_same(profile: str, first: str, second: str) -> None:
    one, other = both(profile, first, second)
    assert one.victims_of({}) & other.victims_of({})


@pytest.mark.parametrize(
    ("profile", "first", "second"),
    [
        ("trust", "issuer-missing", "openbao-sealed"),
        ("trust", "issuer-missing", "dex-wrong-bind-password"),
        ("network", "bgp-cut", "ipam-leak"),
        ("kubeadm", "control-plane-off", "worker-off"),
    ],
)
def test_these_can_be_in_together(profile: str, first: str, second: str) -> None:
    one, other = both(profile, first, second)
    assert not one.victims_of({}) & other.victims_of({})


@pytest.mark.parametrize("profile", PROFILES)
def test_each_fault_has_a_name_of_its_own(profile: str) -> None:
    names = [each.name for each in PROFILES[profile].faults]
    assert sorted(set(names)) == sorted(names)
