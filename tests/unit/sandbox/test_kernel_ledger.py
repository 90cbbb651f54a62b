"""What sandboxes change in the one kernel is noted once, and undone once, by the last."""

from pathlib import Path

import pytest

from opskit.sandbox.kubeadm import cgroups, modules, sysctls
from opskit.sandbox.site import Site


@pytest.fixture
def done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done to a kernel that has neither the module nor the controllers."""
    kernel: dict[str, str] = {}
    told: list[str] = []
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sysctls, "_RUN", tmp_path)
    monkeypatch.setattr(sysctls, "_get", lambda name: kernel.get(name, "0"))
    monkeypatch.setattr(sysctls, "_set", kernel.__setitem__)
    monkeypatch.setattr(modules, "load", lambda: not told and not told.append("loaded"))
    monkeypatch.setattr(modules, "unload", lambda: told.append("unloaded"))
    monkeypatch.setattr(cgroups, "handed", lambda: [*told, "memory"])
    monkeypatch.setattr(cgroups, "hand_only", lambda names: told.append(f"handed {names}"))
    return told


def test_the_last_of_two_undoes_what_the_first_did(done: list[str]) -> None:
    one, other = Site("one"), Site("other")
    for each in (one, other):
        each.folder("any")
        sysctls.take(each)
    sysctls.give_back(one)
    assert done == ["loaded"]
    sysctls.give_back(other)
    assert done == ["loaded", "unloaded", "handed ['loaded', 'memory']"]


def test_down_without_up_touches_nothing(done: list[str]) -> None:
    sysctls.give_back(Site("one"))
    assert done == []
