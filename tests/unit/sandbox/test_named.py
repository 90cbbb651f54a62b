"""Every fault of a measured profile has the finding that opskit names first, or a reason why it has none."""

import pytest

from opskit import systems
from opskit.sandbox.profiles import PROFILES
from opskit.sandbox.rehearsing.named import NAMED, UNNAMED


@pytest.mark.parametrize("profile", NAMED)
def test_every_fault_has_its_finding(profile: str) -> None:
    every = {fault.name for fault in PROFILES[profile].faults}
    assert set(NAMED[profile]) == every - UNNAMED


def test_every_finding_is_of_a_system_of_its_profile() -> None:
    for profile, faults in NAMED.items():
        known = set(PROFILES[profile].systems)
        assert {code.partition("/")[0] for code in faults.values()} <= known
        assert known <= set(systems.NAMES)
