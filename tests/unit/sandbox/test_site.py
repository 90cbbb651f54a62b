import socket
from pathlib import Path

import pytest

from opskit.core.errors import BadValue, LockHeld
from opskit.sandbox.files import locked
from opskit.sandbox.site import Site


def made(name: str) -> Site:
    site = Site(name)
    site.make()
    return site


def test_a_port_stays_the_same_and_differs_from_all_others() -> None:
    one, two = made("one"), made("two")
    ports = [site.port(name) for site in (one, two) for name in ("a", "b")]
    assert len(set(ports)) == 4
    assert Site("one").port("a") == ports[0]


def test_a_taken_port_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        free = port + 1
        monkeypatch.setattr("opskit.sandbox.site._PORTS", [port, free])
        assert made("one").port("a") == free


def test_each_has_loopback_addresses_of_its_own() -> None:
    assert made("one").network() != made("two").network()
    assert Site("one").network() == Site("one").network()


@pytest.mark.parametrize("name", ["", "a/b", "..", "a" * 41, "ä"])
def test_a_name_that_is_no_folder(name: str) -> None:
    with pytest.raises(BadValue, match="no name"):
        Site(name)


def test_socket_paths_are_short_and_nothing_stays() -> None:
    site = made("a" * 40)
    assert len(f"{site.run.name}/ceph-client.rgw.my.store.a.asok") < 60
    site.port("a")
    site.remove()
    assert not site.exists
    assert not site.run.exists()


def test_a_lock_is_held_by_one_and_may_be_removed_by_its_holder(tmp_path: Path) -> None:
    lock = tmp_path / "a.lock"
    with locked(lock):
        with pytest.raises(LockHeld, match="busy there"), locked(lock, wait=False, busy="busy there"):
            pass
        lock.unlink()
    with locked(lock, wait=False):
        assert lock.exists()
