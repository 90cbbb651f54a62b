"""What the servers' logs say that no API tells."""

import re

from opskit.core.findings import Data

PATTERNS = {
    "audit-differs": r"modifications to audit devices are not allowed.*",
    "audit-blocked": r"no audit backend succeeded in logging the (?:request|response).*",
    "no-quorum": r"failed to make requestVote RPC.*|pre-vote campaign failed.*",
    "no-review": r"login unauthorized.*tokenreviews.*forbidden.*",
}
"""Sign → how a line tells it."""


class Sign(Data, frozen=True):
    """A sign, the last line that shows it, and the pods that do."""

    name: str
    line: str
    pods: tuple[str, ...]


def read(log: str) -> list[Sign]:
    """The signs in a log whose lines begin `pod: `."""
    compiled = {name: re.compile(pattern) for name, pattern in PATTERNS.items()}
    lines: dict[str, str] = {}
    pods: dict[str, dict[str, None]] = {}
    for line in log.splitlines():
        for name, pattern in compiled.items():
            if found := pattern.search(line):
                lines[name] = found[0][:400]
                pods.setdefault(name, {})[line.partition(": ")[0]] = None
    return [Sign(name=name, line=line, pods=tuple(pods[name])) for name, line in lines.items()]
