"""Kernel settings are the machine's: the last sandbox brings them back, wherever each has its state."""

import os
from pathlib import Path

import pytest

from opskit.sandbox.kubeadm import sysctls
from opskit.sandbox.site import Site

NAMES = ("net/ipv4/ip_forward", "fs/inotify/max_user_instances", "fs/inotify/max_user_watches")


def settings() -> list[str]:
    return [Path("/proc/sys", name).read_text().strip() for name in NAMES]


def site(home: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    made = Site("settings")
    made.folder("any")
    return made


def test_two_homes_share_one_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        pytest.skip("kernel settings need root")
    before = settings()
    one, other = site(tmp_path / "one", monkeypatch), site(tmp_path / "other", monkeypatch)
    assert one.state != other.state
    sysctls.take(one)
    sysctls.take(other)
    wanted = settings()
    sysctls.give_back(one)
    assert settings() == wanted
    sysctls.give_back(other)
    assert settings() == before
    assert wanted == ["1", "8192", "1048576"]
