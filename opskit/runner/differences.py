"""What differs between two looks at a cluster, in its systems' own terms."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from opskit import systems
from opskit.core.findings import Data, Finding, by_severity

if TYPE_CHECKING:
    import pandas as pd

    from opskit.core.cluster import Cluster


class Difference(Data, frozen=True):
    """One thing that is not as it was; `before` or `after` is "" where it is not there."""

    about: str
    """`osd`, `mon`, `pool`, `PGs`, `health`, `deployment`."""
    name: str
    what: str
    before: str
    after: str


class Compared(Data, frozen=True):
    """Two looks."""

    before: str
    after: str
    appeared: tuple[Finding, ...]
    gone: tuple[Finding, ...]
    differences: tuple[Difference, ...]


View = tuple[str, Callable[[Any], "pd.DataFrame"], str, tuple[str, ...]]
"""What it is about, the frame, the column that names a row, and the columns that are compared."""


def compare(before: "Cluster", after: "Cluster") -> Compared:
    """Compare two looks: findings that appeared and went, and what changed in each system.

    Raises:
        ReadError: one of them can't be read.

    """
    appeared: list[Finding] = []
    gone: list[Finding] = []
    differences: list[Difference] = []
    for name in systems.NAMES:
        room = systems.load(name)
        old, new = room.facts(before), room.facts(after)
        earlier, later = _keyed(room.checks(old)), _keyed(room.checks(new))
        appeared += [each for key, each in later.items() if key not in earlier]
        gone += [each for key, each in earlier.items() if key not in later]
        for view in _views(name):
            differences += _rows(view, old, new)
    return Compared(
        before=before.info.name,
        after=after.info.name,
        appeared=tuple(by_severity(appeared)),
        gone=tuple(by_severity(gone)),
        differences=tuple(differences),
    )


def _keyed(findings: list[Finding]) -> dict[tuple[str, str], Finding]:
    return {(each.code, each.subject): each for each in findings}


def _views(system: str) -> list[View]:
    if system != "rook":
        return []
    from opskit.systems.rook import views

    return [
        ("health", views.health, "code", ("severity", "muted", "message")),
        ("mon", views.mons, "mon", ("in_quorum", "address")),
        (
            "osd",
            views.osds,
            "osd",
            ("up", "in", "host", "node", "device_class", "crush_weight", "reweight", "bytes"),
        ),
        ("pool", views.pools, "pool", ("size", "min_size", "rule", "failure_domain", "pgs", "application")),
        ("PGs", views.pg_states, "state", ("pgs",)),
        ("deployment", views.daemons, "deployment", ("wanted", "ready", "node")),
    ]


def _rows(view: View, old: Any, new: Any) -> list[Difference]:
    about, frame, key, columns = view
    before, after = _table(frame(old), key), _table(frame(new), key)
    found: list[Difference] = []
    for name in [*before, *(each for each in after if each not in before)]:
        was, now = before.get(name), after.get(name)
        if was is None or now is None:
            there = ("", "appeared") if was is None else ("gone", "")
            shown = _shown(now or was or {}, columns)
            found.append(Difference(about=about, name=name, what=shown, before=there[0], after=there[1]))
            continue
        found += [
            Difference(about=about, name=name, what=column, before=str(was[column]), after=str(now[column]))
            for column in columns
            if str(was[column]) != str(now[column])
        ]
    return found


def _shown(row: dict[str, Any], columns: tuple[str, ...]) -> str:
    return ", ".join(f"{column} {row[column]}" for column in columns[:3])


def _table(frame: "pd.DataFrame", key: str) -> dict[str, dict[str, Any]]:
    return {str(row[key]): row for row in frame.to_dict("records")}
