from pathlib import Path

import pytest

from opskit.core.errors import BadValue, UnknownName
from opskit.sandbox.component import programs_of
from opskit.sandbox.light.ceph_files import keyring_entry, keys
from opskit.sandbox.profiles import profile


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"mons": 2}, "--mons"),
        ({"osds": 4}, "--osds"),
        ({"osd_size": 1}, "--osd-size"),
        ({"crds": "/none"}, "--crds /none"),
    ],
)
def test_what_makes_no_cluster(given: dict[str, object], where: str) -> None:
    with pytest.raises(BadValue) as error:
        profile("light").options(given)
    assert error.value.where == where


def test_unknown_names_are_told_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean mons"):
        profile("light").options({"mon": 1})
    with pytest.raises(UnknownName, match="light"):
        profile("ligth")


def test_every_need_is_met_by_a_component() -> None:
    for given in ({}, {"mons": 3, "mds": True, "rgw": True, "prometheus": False}):
        components = profile("light").components(given)
        names = {each.name for each in components}
        assert len(names) == len(components)
        assert {need for each in components for need in each.needs} <= names
        assert "ceph-mon" in programs_of(components)


def test_keys_are_read_back_from_a_keyring(tmp_path: Path) -> None:
    file = tmp_path / "keyring"
    file.write_text(
        keyring_entry("osd.0", {"mon": "allow r"}, key="k0") + keyring_entry("client.a", {}, key="k1")
    )
    assert keys(file) == {"osd.0": "k0", "client.a": "k1"}
