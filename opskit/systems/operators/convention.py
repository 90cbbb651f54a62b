"""Which condition of any resource says trouble: by the conventions that operators follow.

Follows https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md
(typical status properties) and the condition types that the operators in use set.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from opskit.core.answers import decoder_for
from opskit.core.findings import Data
from opskit.core.kinds import Wire, WireCondition

GOOD_WHEN_TRUE = frozenset(
    {
        "Accepted",
        "Available",
        "CSVsReady",
        "CatalogSourceReady",
        "Deployed",
        "Established",
        "Healthy",
        "Installed",
        "Programmed",
        "Ready",
        "ReconcileSuccess",
        "Reconciled",
        "ReconciliationSucceeded",
        "Released",
        "ResolvedRefs",
        "Serving",
        "Succeeded",
        "Synced",
        "Valid",
    }
)
"""Types of which False is trouble."""

GOOD_WHEN_FALSE = frozenset(
    {"Blocked", "Degraded", "Error", "Failed", "Failure", "Invalid", "NotReady", "Stalled", "Stuck"}
)
"""Types of which True is trouble."""

_TROUBLE = re.compile(
    r"(Degraded|Failed|Failing|Failure|Error|Errored|Stalled|Unavailable|Unhealthy|Pressure)$"
)
"""How the names of further such types end, e.g. `OSDsDegraded`, `ReconcileError`."""

_LAST = re.compile(r"^Last[A-Z].*Succeeded$")
"""Of a recurring task, e.g. CloudNativePG's `LastBackupSucceeded`."""

_BAD_PHASE = re.compile(
    r"(?i)(fail(?!ing over)|error|degraded|unhealthy|crash|no_quorum|offline|lost|invalid|unrecoverable)"
)
_PHASE_FIELDS = ("phase", "state", "PostgresClusterStatus", "health", "clusterStatus")

STILL_MADE = timedelta(minutes=5)
"""A resource younger than this may not be Ready yet."""
UNSEEN = timedelta(minutes=5)
"""A change that its operator has not seen for longer than this is overdue."""


class Trouble(Data, frozen=True):
    """What a status says is wrong."""

    type: str
    """The condition's type, or the field that holds a phase."""
    value: str
    reason: str = ""
    message: str = ""
    since: datetime | None = None
    grave: bool = True
    """False for what may pass by itself: an unknown state, a resource that is still being made."""

    @property
    def text(self) -> str:
        """`Ready=False (MinimumReplicasUnavailable): 1 of 3 …`."""
        reason = f" ({self.reason})" if self.reason else ""
        message = f": {self.message.strip()}" if self.message else ""
        return f"{self.type}={self.value}{reason}{message}"


class _Loose(Wire, frozen=True):
    conditions: list[WireCondition] | None = None
    observed_generation: int | None = None


class Status(Data, frozen=True):
    """What convention lets one read in a status of unknown shape."""

    conditions: tuple[WireCondition, ...] = ()
    observed_generation: int | None = None
    phases: tuple[tuple[str, str], ...] = ()
    """Field → text, of fields that by convention hold a phase."""


def read_status(raw: bytes) -> Status:
    """What can be understood of a status; one of another shape says nothing.

    Args:
        raw: the status' JSON; `null` where there is none.

    """
    try:
        loose = decoder_for(_Loose | None).decode(raw)
    except msgspec.MsgspecError:
        loose = None
    return Status(
        conditions=tuple(loose.conditions or ()) if loose else (),
        observed_generation=loose.observed_generation if loose else None,
        phases=tuple(_phases(raw)),
    )


def _phases(raw: bytes) -> Iterable[tuple[str, str]]:
    try:
        fields = decoder_for(dict[str, msgspec.Raw]).decode(raw)
    except msgspec.MsgspecError:
        return
    for name in _PHASE_FIELDS:
        text = _text(fields.get(name))
        if text:
            yield name, text
    nested = fields.get("cluster")
    if nested is not None:
        yield from ((f"cluster.{name}", text) for name, text in _nested(bytes(nested)))


def _nested(raw: bytes) -> Iterable[tuple[str, str]]:
    """MySQL's operator keeps its phase in `status.cluster.status`."""
    try:
        text = _text(decoder_for(dict[str, msgspec.Raw]).decode(raw).get("status"))
    except msgspec.MsgspecError:
        return
    if text:
        yield "status", text


def _text(raw: msgspec.Raw | None) -> str:
    try:
        return decoder_for(str).decode(raw) if raw is not None else ""
    except msgspec.MsgspecError:
        return ""


def says_trouble(condition: WireCondition) -> bool | None:
    """Whether a condition says trouble; None where its type has no known polarity."""
    name = condition.type
    if name in GOOD_WHEN_FALSE or _TROUBLE.search(name):
        return condition.status == "True"
    if name in GOOD_WHEN_TRUE or _LAST.match(name) or name.endswith("Ready"):
        return condition.status == "False"
    return None


def troubles(status: Status, *, created: datetime | None, now: datetime) -> list[Trouble]:
    """Everything that a status says is wrong, conditions before phases.

    Args:
        status: of the resource.
        created: when it was created.
        now: the present.

    """
    young = created is not None and now - created < STILL_MADE
    found = [_of(each, young=young) for each in status.conditions if says_trouble(each)]
    unknown = (each for each in status.conditions if each.type == "Ready" and each.status == "Unknown")
    found += [_unknown(each) for each in unknown]
    if found:
        return found
    return [
        Trouble(type=name, value=text, grave=not young)
        for name, text in status.phases
        if _BAD_PHASE.search(text)
    ]


def _of(condition: WireCondition, *, young: bool) -> Trouble:
    return Trouble(
        type=condition.type,
        value=condition.status,
        reason=condition.reason or "",
        message=condition.message or "",
        since=condition.last_transition_time,
        grave=condition.status == "True" or not young,
    )


def _unknown(condition: WireCondition) -> Trouble:
    return msgspec.structs.replace(_of(condition, young=False), grave=False)
