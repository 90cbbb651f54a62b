"""Devices that are expected to fail or are worn out."""

from datetime import UTC, datetime

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import known
from opskit.core.wording import some
from opskit.systems.rook.answers_daemons import Device
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.judging import finding, judges, said

SOON_WEEKS = 12
WORN = 0.9
"""Share of its writes that a flash device has used up at which it is worth a word."""


@judges("DEVICE_HEALTH")
def device_health(facts: Facts) -> list[Finding]:
    """Devices with a predicted end within twelve weeks."""
    found: list[Finding] = []
    for device in known(facts.devices, []):
        end = _moment(device.life_expectancy_max)
        if end is not None and (end - facts.now).days < 7 * SOON_WEEKS:
            found.append(
                _failing(facts, device, f"is expected to fail before {end:%Y-%m-%d}", Severity.WARNING)
            )
        elif device.wear_level is not None and device.wear_level >= WORN:
            text = f"has used up {device.wear_level:.0%} of its writes"
            found.append(_failing(facts, device, text, Severity.INFO))
    return found


def _failing(facts: Facts, device: Device, text: str, severity: Severity) -> Finding:
    osds = [int(name[4:]) for name in device.daemons if name.startswith("osd.") and name[4:].isdecimal()]
    where = some(f"{each.host} ({each.dev})" for each in device.location)
    return finding(
        "DEVICE_HEALTH",
        f"device {device.devid}",
        f"{device.devid} in {where or 'no known host'}, used by {some(device.daemons) or 'nothing'}, {text}.",
        severity=severity,
        evidence=[
            *said(facts, "DEVICE_HEALTH"),
            Evidence(text=f"{device.devid}: {text}", command=f"ceph device info {device.devid}"),
        ],
        remedy=Remedy(
            text=f"Replace {some(device.daemons)} while it can still be read.",
            runbook="rook/replace-osd",
            parameters={"osd": osds[0]},
        )
        if osds
        else None,
    )


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text[:19])
    except ValueError:
        return None
    return found.replace(tzinfo=UTC)
