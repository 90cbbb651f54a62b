"""What the logs of Dex and of the API server say of logins: nowhere else does it stand. Pure."""

import re
from datetime import datetime, timedelta

from opskit.core.findings import Data
from opskit.core.logs import folded, klog_is_since, klog_stamp

GOOD = "login successful"
_REFUSED = "Failed to login|invalid password|no results returned"
_STAMP = re.compile(r"""\btime"?[=:]"([^"]+)|\b[IWEF](\d{4} \d\d:\d\d:\d\d\.\d+)""")
_KLOG = re.compile(r"^[IWEF]\d{4} \S+\s+\d+ \S+\] ")
_EVERYBODY = "initial bind|Network Error|No Such Object|x509"


class Line(Data, frozen=True):
    """One thing that a log says, and how often."""

    text: str
    times: int


def of_dex(log: str, pattern: str, *, over: str = GOOD) -> Line | None:
    """The newest line of Dex that matches and that no line of `over` came after.

    Args:
        log: as `cluster.logs` gives it.
        pattern: a regular expression.
        over: what proves that it is over: any successful login, unless told otherwise.

    """
    return _newest(log, pattern, over=over)


def failed_login(log: str, user: str) -> Line | None:
    """Why a person's newest login failed; None where it did not, or where nothing is logged.

    A failure that names the person is over once they have logged in, one that keeps everybody out (the
    directory, or Dex' own bind) once anybody has.

    """
    name = rf"(?<![\w.-]){re.escape(user.partition('@')[0])}(?![\w.-])"
    own = of_dex(log, rf"(?i)(?:{_REFUSED}).*{name}", over=rf'{GOOD}.*email=\\?"{re.escape(user)}\\?"')
    return own or of_dex(log, rf"(?i)Failed to login.*(?:{_EVERYBODY})")


def failed_after_login(log: str, pattern: str) -> list[str]:
    """Mail addresses of whom the directory let in, and whom Dex then failed: their newest login decides."""
    failed: dict[str, bool] = {}
    newest = ""
    for line in log.splitlines():
        if re.search(GOOD, line):
            mail = re.search(r'email=\\?"([^"\\]+)', line)
            newest = mail[1] if mail else ""
            failed[newest] = False
        elif newest and re.search(pattern, line):
            failed[newest] = True
    return sorted(mail for mail, failing in failed.items() if mail and failing)


def of_apiserver(log: str, pattern: str, *, over: str = "") -> Line | None:
    """The newest line of an API server that matches, unless the same one said later what matches `over`.

    Each reads its own file and keeps its own keys: what is over at one may hold at another. Of several, those
    where it holds are named.

    Args:
        log: lines `pod: …`, of several pods one after the other.
        pattern: a regular expression.
        over: what proves that it is over.

    """
    pods = _by_pod(log)
    holding = {pod: own for pod, own in pods.items() if _newest(own, pattern, over=over)}
    line = _newest("\n".join(holding.values()), pattern, over="")
    if line is None or len(pods) < 2:
        return line
    return Line(text=f"{', '.join(sorted(holding))}: {line.text}", times=line.times)


def _by_pod(log: str) -> dict[str, str]:
    pods: dict[str, list[str]] = {}
    for entry in folded(log):
        pods.setdefault(entry.partition(": ")[0], []).append(entry)
    return {pod: "\n".join(entries) for pod, entries in pods.items()}


def lately(log: str, *, now: datetime, within: timedelta) -> str:
    """The lines of klog that are no older; those without a time stay.

    Args:
        log: lines `pod: E1125 08:43:16.337445 …`, in UTC and without the year.
        now: the present.
        within: how old they may be.

    """
    since = now - within
    return "\n".join(
        line for line in entries(log) if not (stamp := klog_stamp(line)) or klog_is_since(stamp, since)
    )


def entries(log: str) -> list[str]:
    """The entries of a log, oldest first whichever pod they are of.

    Logs of several pods come one after the other.
    """
    whole = folded(log)
    if len({each.partition(": ")[0] for each in whole}) < 2:
        return whole
    stamps = _stamps(whole)
    turning = any(each.startswith("12") for each in stamps)
    order = sorted(range(len(whole)), key=lambda place: _key(stamps[place], turning=turning))
    return [whole[place] for place in order]


def _stamps(entries: list[str]) -> list[str]:
    """Each entry's time: of one that has none, its predecessor's."""
    stamps = [""]
    for each in entries:
        stamps.append(_stamp(each) or stamps[-1])
    return stamps[1:]


def _key(stamp: str, *, turning: bool) -> str:
    """What puts times in order: klog writes no year, and at its turn January comes after December."""
    return f"{int(turning and stamp.startswith('01'))}{stamp}"


def _stamp(line: str) -> str:
    found = _STAMP.search(line)
    return (found[1] or found[2]) if found else ""


def _newest(log: str, pattern: str, *, over: str) -> Line | None:
    lines = entries(log)
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
    text = message[1].replace('\\"', '"') if message else _KLOG.sub("", line.partition(": ")[2] or line)
    return text[:500]
