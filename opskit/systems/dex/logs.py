"""What the logs of Dex and of the API server say of logins: nowhere else does it stand. Pure."""

import re

from opskit.core.findings import Data

GOOD = "login successful"


class Line(Data, frozen=True):
    """One thing that a log says, and how often."""

    text: str
    times: int


def of_dex(log: str, pattern: str) -> Line | None:
    """The newest line of Dex that matches and that no successful login came after.

    Args:
        log: as `cluster.logs` gives it.
        pattern: a regular expression.

    """
    return _newest(log, pattern, over=GOOD)


def of_apiserver(log: str, pattern: str, *, over: str = "") -> Line | None:
    """The newest line of the API servers that matches, unless one that matches `over` came later."""
    return _newest(log, pattern, over=over)


def every(log: str, pattern: str) -> list[re.Match[str]]:
    """Every match, oldest first."""
    return list(re.finditer(pattern, log))


def _newest(log: str, pattern: str, *, over: str) -> Line | None:
    lines = log.splitlines()
    hits = [number for number, line in enumerate(lines) if re.search(pattern, line)]
    if not hits:
        return None
    ends = [number for number, line in enumerate(lines) if over and re.search(over, line)]
    if ends and ends[-1] > hits[-1]:
        return None
    return Line(text=_said(lines[hits[-1]]), times=len(hits))


def _said(line: str) -> str:
    """The message alone: without the pod's name and the fields of a structured log."""
    message = re.search(r'"msg":"((?:[^"\\]|\\.)*)"', line) or re.search(r'msg="((?:[^"\\]|\\.)*)"', line)
    text = message[1].replace('\\"', '"') if message else line.partition(": ")[2] or line
    return text[:300]
