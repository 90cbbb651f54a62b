"""Flags that stop part of what Ceph does by itself, who set them, and whether they were forgotten."""

import json
from datetime import UTC, datetime

import msgspec

from opskit.core.findings import Data, Evidence, Finding, Remedy, Severity
from opskit.core.parts import known
from opskit.core.wording import some
from opskit.systems.rook.answers import OsdDump
from opskit.systems.rook.answers_daemons import LogLine
from opskit.systems.rook.causes import clock
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.judging import finding, judges, said

EFFECTS = {
    "pauserd": "clients can't read",
    "pausewr": "clients can't write",
    "full": "clients can't write",
    "noup": "OSDs that start are not taken as up",
    "nodown": "OSDs that fail are not noticed",
    "noin": "OSDs that come back get no data",
    "noout": "OSDs that stay away are not healed around",
    "nobackfill": "data does not move",
    "norebalance": "misplaced data does not move",
    "norecover": "lost copies are not made again",
    "noscrub": "damage is not looked for",
    "nodeep-scrub": "silent corruption is not looked for",
    "nosnaptrim": "deleted snapshots keep their space",
    "notieragent": "cache tiers are not flushed",
}
"""Flag → what it stops."""

GRAVE = {"pauserd", "pausewr", "full", "nodown", "noup"}
PREFIX = "opskit/noout/"


class Mark(Data, frozen=True):
    """What `rook/host-maintenance` leaves behind: whose noout it is and until when."""

    host: str
    until: datetime | None = None
    run: str = ""

    def valid(self, now: datetime) -> bool:
        """Whether the maintenance has not passed its end."""
        return self.until is not None and now < self.until


class _Stored(msgspec.Struct, frozen=True):
    until: datetime | None = None
    run: str = ""


def marks(facts: Facts) -> dict[str, Mark]:
    """Host → its maintenance mark. One that can't be read counts as passed."""
    return {
        key.removeprefix(PREFIX): _mark(key.removeprefix(PREFIX), text)
        for key, text in known(facts.marks, {}).items()
        if key.startswith(PREFIX)
    }


def _mark(host: str, text: str) -> Mark:
    try:
        stored = msgspec.json.decode(text, type=_Stored)
    except msgspec.MsgspecError:
        return Mark(host=host)
    until = stored.until if stored.until is None or stored.until.tzinfo else stored.until.replace(tzinfo=UTC)
    return Mark(host=host, until=until, run=stored.run)


@judges("OSDMAP_FLAGS")
def osdmap_flags(facts: Facts) -> list[Finding]:
    """Flags of the whole cluster."""
    dump = known(facts.osd_dump, OsdDump())
    flags = [flag for flag in dump.flags_set if flag in EFFECTS]
    if not flags:
        return []
    who = _who(facts, flags)
    return [
        finding(
            "OSDMAP_FLAGS",
            f"flags {', '.join(flags)}",
            f"{', '.join(flags)} {'is' if len(flags) == 1 else 'are'} set for the whole cluster: "
            f"{some((EFFECTS[flag] for flag in flags), at_most=3)}.",
            severity=Severity.ERROR if GRAVE & set(flags) else Severity.WARNING,
            evidence=[*said(facts, "OSDMAP_FLAGS"), *who],
            cause="Somebody set the flag and it was never unset." + ("" if who else _WHO_UNKNOWN),
            remedy=Remedy(text=f"When nobody needs it: `ceph osd unset {flags[0]}`."),
        )
    ]


_WHO_UNKNOWN = " Ceph's audit log no longer tells who and when."


def _who(facts: Facts, words: list[str]) -> list[Evidence]:
    """The audit log's last `osd set` of these flags, who sent it, and when."""
    lines = [line for line in known(facts.audit, []) if _sets(line, words)]
    return [
        Evidence(
            text=f"{line.stamp[:19]}: set by {_entity(line.message)}", command="ceph log last 300 info audit"
        )
        for line in lines[-1:]
    ]


def _sets(line: LogLine, words: list[str]) -> bool:
    command = _command(line.message)
    asked = str(command.get("key", "")) + str(command.get("flags", "")) + str(command.get("who", ""))
    return command.get("prefix") in ("osd set", "osd set-group") and any(word in asked for word in words)


def _command(message: str) -> dict[str, object]:
    begin, end = message.find("[{"), message.rfind("}]")
    if begin < 0 or end < begin:
        return {}
    try:
        found = json.loads(message[begin : end + 2])
    except ValueError:
        return {}
    return found[0] if isinstance(found[0], dict) else {}


def _entity(message: str) -> str:
    return message.partition("entity='")[2].partition("'")[0] or "an unnamed client"


@judges("OSD_FLAGS")
def osd_flags(facts: Facts) -> list[Finding]:
    """Flags of hosts, device classes and single OSDs; those of an announced maintenance are only told."""
    dump, announced = known(facts.osd_dump, OsdDump()), marks(facts)
    groups = {**dump.crush_node_flags, **dump.device_class_flags, **_single(dump)}
    return [_group_flag(facts, who, flags, announced.get(who)) for who, flags in groups.items() if flags]


def _single(dump: OsdDump) -> dict[str, list[str]]:
    wanted = ("noup", "nodown", "noin", "noout")
    flagged = {f"osd.{osd.osd}": [flag for flag in osd.state if flag in wanted] for osd in dump.osds}
    return {name: flags for name, flags in flagged.items() if flags}


def _group_flag(facts: Facts, who: str, flags: list[str], mark: Mark | None) -> Finding:
    shown = Evidence(text=f"{who} has {', '.join(flags)}", command="ceph osd dump | grep flags")
    evidence = [*said(facts, "OSD_FLAGS"), shown, *_who(facts, [who])]
    if mark is not None and mark.valid(facts.now) and flags == ["noout"] and mark.until is not None:
        return finding(
            "MAINTENANCE",
            f"host {who}",
            f"{who} is under maintenance until {clock(mark.until)}: its OSDs are not healed around.",
            evidence=evidence,
            cause=f"Run {mark.run or 'unknown'} announced it.",
        )
    code = "OSD_FLAGS" if mark is None else "FORGOTTEN_MAINTENANCE"
    passed = f" since {clock(mark.until)}" if mark and mark.until else ""
    return finding(
        code,
        who,
        f"{', '.join(flags)} is set on {who}: {some(EFFECTS.get(flag, flag) for flag in flags)}.",
        severity=Severity.ERROR if GRAVE & set(flags) else Severity.WARNING,
        evidence=evidence,
        cause=f"The maintenance of run {mark.run or 'unknown'} is over{passed}, but its flag stayed."
        if mark
        else "Somebody set the flag, and no maintenance is announced for it.",
        remedy=_remedy(facts, who, flags),
    )


def _remedy(facts: Facts, who: str, flags: list[str]) -> Remedy:
    text = f"When nobody needs it: `ceph osd unset-group {','.join(flags)} {who}`."
    if who in facts.hosts:
        return Remedy(text=text, runbook="rook/host-maintenance", parameters={"host": who})
    return Remedy(text=text)


def maintained(facts: Facts, host: str) -> Mark | None:
    """The valid mark of a host, if it is under announced maintenance."""
    mark = marks(facts).get(host)
    return mark if mark is not None and mark.valid(facts.now) else None
