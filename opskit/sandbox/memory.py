"""How much memory process trees hold: proportionally, so that pages that several share count once in all."""

from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")


def held_mib(roots: Iterable[int]) -> int:
    """MiB that these processes and all that descend from them hold.

    Args:
        roots: PIDs; those that are gone hold nothing.

    """
    children = _children()
    every: set[int] = set()
    left = list(roots)
    while left:
        pid = left.pop()
        if pid not in every:
            every.add(pid)
            left += children.get(pid, [])
    return sum(map(_proportional_kib, every)) // 1024


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            found.setdefault(_parent(entry), []).append(int(entry.name))
    return found


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def _proportional_kib(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
