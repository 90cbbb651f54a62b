"""Logs of pods as entries: what a server spreads over several lines is one, and when klog wrote it."""

import re
from datetime import UTC, datetime, timedelta

_KLOG_STAMP = re.compile(r"\b[IWEF](\d{4} \d\d:\d\d:\d\d)\.")
_HALF_A_YEAR = timedelta(days=183)


def folded(log: str) -> list[str]:
    """The entries of a log whose lines begin `pod: `; an indented line belongs to the entry before it.

    So klog and hclog write errors that have several lines.
    """
    entries: list[str] = []
    for line in log.splitlines():
        text = line.partition(": ")[2]
        if entries and text[:1].isspace():
            entries[-1] = f"{entries[-1]} {text.strip()}"
        else:
            entries.append(line)
    return entries


def klog_stamp(line: str) -> str:
    """When klog wrote a line, as `1125 08:43:16`; empty where it did not."""
    found = _KLOG_STAMP.search(line)
    return found[1] if found else ""


def klog_is_since(stamp: str, since: datetime) -> bool:
    """Whether klog wrote an entry at this time or later; False where its time is none.

    Args:
        stamp: `1125 08:43:16`: UTC and without the year, which is the one that makes it nearest to `since`.
        since: the time.

    """
    for year in (since.year, since.year + 1, since.year - 1):
        try:
            at = datetime.strptime(f"{year} {stamp}", "%Y %m%d %H:%M:%S").replace(tzinfo=UTC)
        except ValueError:
            continue
        if abs(at - since) < _HALF_A_YEAR:
            return at >= since.replace(microsecond=0)
    return False
