"""OSDs that are down: one by one, or all of a host or another CRUSH bucket at once."""

from collections.abc import Iterable

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.wording import count, some
from opskit.systems.rook import causes
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.inventory import Osd
from opskit.systems.rook.judging import finding, judges, said

SINGLY = 20
"""Down OSDs that get a finding each; more of them are told host by host."""

BUCKETS = ("root", "region", "zone", "datacenter", "room", "pod", "pdu", "row", "rack", "chassis", "host")
"""CRUSH bucket types from the widest to the narrowest."""

TREE = "ceph osd tree down"


@judges("OSD_DOWN", *(f"OSD_{kind.upper()}_DOWN" for kind in BUCKETS))
def osd_down(facts: Facts) -> list[Finding]:
    """OSDs that are down and in; a bucket that is wholly down is one finding about the bucket."""
    down = {osd.id: osd for osd in facts.osds.values() if not osd.up and osd.in_}
    findings: list[Finding] = []
    for kind, name, osds in _buckets_down(facts, down):
        if all(osd.id in down for osd in osds):
            findings.append(_bucket_down(facts, kind, name, osds))
            for osd in osds:
                del down[osd.id]
    if len(down) > SINGLY:
        return findings + [_many_down(host, osds) for host, osds in _by_host(down.values()).items()]
    return findings + [_one_down(facts, osd) for osd in down.values()]


def _buckets_down(facts: Facts, down: dict[int, Osd]) -> list[tuple[str, str, list[Osd]]]:
    """CRUSH buckets of which every OSD that is in is down, the widest first.

    A bucket of one host is told as the host. A host with one OSD counts only when its node is at
    fault: otherwise it is that OSD's own matter.
    """
    if not down:
        return []
    members: dict[tuple[str, str], list[Osd]] = {}
    for osd in (each for each in facts.osds.values() if each.in_):
        for kind, name in osd.location.items():
            members.setdefault((kind, name), []).append(osd)
    whole = [
        (kind, name, osds)
        for (kind, name), osds in members.items()
        if kind in BUCKETS and all(osd.id in down for osd in osds) and _told(facts, kind, osds)
    ]
    return sorted(whole, key=lambda each: BUCKETS.index(each[0]))


def _told(facts: Facts, kind: str, osds: list[Osd]) -> bool:
    if kind == "host":
        return len(osds) > 1 or causes.of_osd(osds[0], facts).node_at_fault
    return len({osd.host for osd in osds}) > 1


def _bucket_down(facts: Facts, kind: str, name: str, osds: list[Osd]) -> Finding:
    whys = [causes.of_osd(osd, facts) for osd in osds]
    first = next((why for why in whys if why.node_at_fault), whys[0])
    alike = "" if len({_pattern(why.text) for why in whys}) == 1 else " The others may differ."
    code = f"OSD_{kind.upper()}_DOWN"
    return finding(
        code,
        f"{kind} {name}",
        f"All {count(len(osds), 'OSD')} of {kind} {name} are down: {some(osd.name for osd in osds)}.",
        severity=Severity.ERROR,
        evidence=[*said(facts, code), *said(facts, "OSD_DOWN", lines=3), _tree(osds), *first.evidence],
        cause=first.text + alike,
        remedy=_remedy_of_bucket(kind, name, osds, first),
    )


def _pattern(text: str) -> str:
    return "".join(letter for letter in text if not letter.isdecimal())


def _remedy_of_bucket(kind: str, name: str, osds: list[Osd], why: causes.Cause) -> Remedy:
    if kind != "host":
        hosts = sorted({osd.host for osd in osds})
        text = f"Look for what {some(hosts)} share: power, switch, room. Bring that back first."
        return Remedy(text=text, runbook="rook/health")
    if why.node_at_fault:
        text = (
            f"Bring node {osds[0].node or name} back. If that takes longer, keep Ceph from moving its data."
        )
    else:
        text = (
            f"Bring the OSDs of {name} back one by one, or put the host into maintenance while it is mended."
        )
    return Remedy(text=text, runbook="rook/host-maintenance", parameters={"host": name})


def _one_down(facts: Facts, osd: Osd) -> Finding:
    why = causes.of_osd(osd, facts)
    return finding(
        "OSD_DOWN",
        osd.subject,
        f"{osd.name} is down and still in: the PGs that map to it are one copy short.",
        severity=Severity.WARNING,
        evidence=[*said(facts, "OSD_DOWN"), _tree([osd]), *why.evidence],
        cause=why.text,
        remedy=Remedy(
            text=f"Bring {osd.name} back; replace it if its disk is broken.",
            runbook="rook/osd-down",
            parameters={"osd": osd.id},
        ),
    )


def _many_down(host: str, osds: list[Osd]) -> Finding:
    return finding(
        "OSD_DOWN",
        f"{count(len(osds), 'OSD')} on {host or 'no host'}",
        f"{some(osd.name for osd in osds)} on {host or 'no host'} are down and still in.",
        severity=Severity.WARNING,
        evidence=[_tree(osds)],
        cause="OSDs of many hosts are down at once: look for what they share, a switch or a rollout.",
        remedy=Remedy(
            text=f"Begin with {osds[0].name}.", runbook="rook/osd-down", parameters={"osd": osds[0].id}
        ),
    )


def _by_host(osds: Iterable[Osd]) -> dict[str, list[Osd]]:
    found: dict[str, list[Osd]] = {}
    for osd in osds:
        found.setdefault(osd.host, []).append(osd)
    return found


def _tree(osds: list[Osd]) -> Evidence:
    return Evidence(text=f"down and in: {some(osd.subject for osd in osds)}", command=TREE)


@judges()
def osd_down_out(facts: Facts) -> list[Finding]:
    """OSDs that are down and out: Ceph has given them up and healed around them, silently."""
    return [
        finding(
            "OSD_DOWN_OUT",
            osd.subject,
            f"{osd.name} is down and out: Ceph has moved its data elsewhere and no longer mentions it.",
            evidence=[Evidence(text=f"{osd.subject}: down, reweight 0", command="ceph osd tree out")],
            cause=causes.of_osd(osd, facts).text,
            remedy=Remedy(
                text=f"Replace {osd.name}, or bring it back and take it in.",
                runbook="rook/replace-osd",
                parameters={"osd": osd.id},
            ),
        )
        for osd in facts.osds.values()
        if not osd.up and not osd.in_ and osd.location
    ][:SINGLY]
