"""What process trees use: memory, proportionally, so that shared pages count once in all, and processors."""

import os
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")


def held_mib(roots: Iterable[int]) -> int:
    """MiB that these processes and all that descend from them hold.

    Args:
        roots: PIDs; those that are gone hold nothing.

    """
    return sum(map(_proportional_kib, _trees(roots))) // 1024


def spent_seconds(roots: Iterable[int]) -> float:
    """Processor seconds that these processes, and all that descend from them, have spent so far.

    Args:
        roots: PIDs; those that are gone have spent nothing.

    """
    return sum(map(_ticks, _trees(roots))) / os.sysconf("SC_CLK_TCK")


def _trees(roots: Iterable[int]) -> set[int]:
    children = _children()
    every: set[int] = set()
    left = list(roots)
    while left:
        pid = left.pop()
        if pid not in every:
            every.add(pid)
            left += children.get(pid, [])
    return every


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            found.setdefault(_parent(entry), []).append(int(entry.name))
    return found


def _stat(entry: Path) -> list[str]:
    """The fields of /proc/PID/stat from the state (field 3) on; none where there is no such process."""
    try:
        return (entry / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _parent(entry: Path) -> int:
    fields = _stat(entry)
    return int(fields[1]) if fields else 0


def _ticks(pid: int) -> int:
    """Clock ticks of its own and of its children that have ended."""
    return sum(map(int, _stat(PROC / str(pid))[11:15]))


def _proportional_kib(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
