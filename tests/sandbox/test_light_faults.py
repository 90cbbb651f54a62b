"""Every fault of the profile `light`: seen by Ceph itself, and gone again when healed."""

import pytest

from opskit.core.errors import BadValue, Refused, UnknownName
from opskit.sandbox import Sandbox
from opskit.sandbox.profiles import profile
from opskit.sandbox.rehearsing.named import UNNAMED

SEEN = {
    "osd-down": "OSD_DOWN",
    "host-down": "OSD_HOST_DOWN",
    "nearfull": "OSD_NEARFULL",
    "full": "OSD_FULL",
    "pg-inconsistent": "PG_DAMAGED",
    "mon-clock-skew": "MON_CLOCK_SKEW",
    "mon-down": "MON_DOWN",
    "forgotten-flag": "OSDMAP_FLAGS",
    "slow-osd": "SLOW_OPS",
}


def test_every_fault_is_tried() -> None:
    assert set(SEEN) == {fault.name for fault in profile("light").faults} - UNNAMED


@pytest.mark.timeout(900)
@pytest.mark.parametrize("fault", SEEN)
def test_a_fault_is_seen_by_ceph_and_gone_when_healed(light: Sandbox, fault: str) -> None:
    light.inject(fault)
    assert SEEN[fault] in light.ceph("health", "detail")["checks"]
    light.heal(fault)
    health = light.ceph("health", "detail")
    assert (health["status"], health["checks"]) == ("HEALTH_OK", {})


@pytest.mark.timeout(600)
def test_a_new_pod_brings_a_crashed_osd_back(light: Sandbox) -> None:
    light.inject("osd-down", osd=1)
    pod = light.kubectl(
        "-n", "rook-ceph", "get", "pods", "-l", "ceph-osd-id=1",
        "-o", "jsonpath={.items[0].status.containerStatuses[0].state.waiting.reason}",
    )  # fmt: skip
    assert pod == "CrashLoopBackOff"
    light.kubectl("-n", "rook-ceph", "delete", "pod", "-l", "ceph-osd-id=1")
    light.wait_healthy()


def test_a_fault_that_is_not_there_or_can_not_be(light: Sandbox) -> None:
    with pytest.raises(UnknownName, match="osd-down"):
        light.inject("osd-dwn")
    with pytest.raises(UnknownName, match="osd"):
        light.inject("osd-down", ods=1)
    with pytest.raises(BadValue, match="no OSD"):
        light.inject("osd-down", osd=99)
    assert light.injected() == {}


@pytest.mark.timeout(600)
def test_one_monitor_can_not_be_spared(fresh_light) -> None:
    with pytest.raises(Refused, match="can't be spared"):
        fresh_light().inject("mon-down")
