"""What the servers' logs say that no API tells."""

import re
from datetime import datetime

from opskit.core.findings import Data
from opskit.core.logs import folded

MOST = 700
"""Characters of a line that are told."""
PATTERNS = {
    "audit-differs": r"modifications to audit devices are not allowed.*",
    "audit-blocked": r"no audit backend succeeded in logging the (?:request|response).*",
    "no-quorum": r"failed to make requestVote RPC.*|pre-vote campaign failed.*",
    "no-review": r"login unauthorized.*tokenreviews.*forbidden.*",
    "no-start": r"error loading configuration from .*|Failed to initiate raft retry join.*|"
    r"Error (?:initializing|parsing|creating) .*",
    "not-revoked": r"failed to revoke lease.*",
}
"""Sign → how a line tells it."""

_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_ENDS = {
    "no-start": "server started!",
    "audit-differs": "enabled audit backend",
    "not-revoked": ": revoked lease: ",
}
"""Sign → what in the same pod's log is the end of it."""


class Sign(Data, frozen=True):
    """A sign, the last line that shows it, and the pods that do."""

    name: str
    line: str
    pods: tuple[str, ...]
    at: datetime | None = None
    """When the line was written; None where it bears no time."""


def read(log: str) -> list[Sign]:
    """The signs in a log whose lines begin `pod: `."""
    compiled = {name: re.compile(pattern) for name, pattern in PATTERNS.items()}
    lines: dict[str, str] = {}
    pods: dict[str, dict[str, None]] = {}
    times: dict[str, datetime | None] = {}
    for line in folded(log):
        for name, pattern in compiled.items():
            pod = line.partition(": ")[0]
            if found := pattern.search(line):
                lines[name], times[name] = found[0][:MOST], _at(line)
                pods.setdefault(name, {})[pod] = None
            elif name in _ENDS and _ENDS[name] in line:
                pods.get(name, {}).pop(pod, None)
    return [
        Sign(name=name, line=line, pods=tuple(pods[name]), at=times[name])
        for name, line in lines.items()
        if pods[name]
    ]


def _at(line: str) -> datetime | None:
    found = _TIME.search(line)
    try:
        return datetime.fromisoformat(found[0]) if found else None
    except ValueError:
        return None
