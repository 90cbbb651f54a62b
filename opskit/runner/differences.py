"""What differs between two looks at a cluster: in its systems' own terms, and object by object."""

from typing import TYPE_CHECKING, Any

from opskit import systems
from opskit.core.aspects import Aspect
from opskit.core.cluster import Cluster
from opskit.core.comparing import changes
from opskit.core.findings import Data, Finding, by_severity
from opskit.core.objects_seen import Objects, objects
from opskit.core.recorder import Recorder

if TYPE_CHECKING:
    import pandas as pd


class Difference(Data, frozen=True):
    """One thing that is not as it was; `before` or `after` is "" where it is not there."""

    system: str
    """"" for an object that no system compares in its own terms."""
    about: str
    """`osd`, `certificate`, `BGP session`, …, or the object's kind."""
    name: str
    what: str
    """The column, or the field's path."""
    before: str
    after: str


class Compared(Data, frozen=True):
    """Two looks."""

    before: str
    after: str
    appeared: tuple[Finding, ...]
    gone: tuple[Finding, ...]
    differences: tuple[Difference, ...]
    uncompared: tuple[str, ...] = ()
    """Systems that only one of the two looks holds."""


def compare(before: Cluster, after: Cluster) -> Compared:
    """Compare two looks: findings that appeared and went, and what changed in each system.

    Raises:
        ReadError: one of them can't be read.

    """
    old, new = _Look(before), _Look(after)
    both = [name for name in systems.NAMES if name in old.facts and name in new.facts]
    earlier, later = _keyed(old, both), _keyed(new, both)
    found = [each for name in both for each in _of_system(name, old.facts[name], new.facts[name])]
    return Compared(
        before=before.info.name,
        after=after.info.name,
        appeared=tuple(by_severity([each for key, each in later.items() if key not in earlier])),
        gone=tuple(by_severity([each for key, each in earlier.items() if key not in later])),
        differences=(*found, *_of_objects(old.objects(), new.objects())),
        uncompared=tuple(name for name in systems.NAMES if (name in old.facts) != (name in new.facts)),
    )


class _Look:
    """The facts of every system that is there, and the objects that were read for them."""

    def __init__(self, cluster: Cluster) -> None:
        self._recorder = Recorder(cluster.reader)
        recorded = Cluster(self._recorder, settings=cluster.settings)
        self.facts: dict[str, Any] = {}
        for name in systems.NAMES:
            room = systems.load(name)
            found = room.facts(recorded)
            if not room.absent(found):
                self.facts[name] = found

    def objects(self) -> Objects:
        return objects(self._recorder.lists())


def _keyed(look: _Look, names: list[str]) -> dict[tuple[str, str], Finding]:
    found = [each for name in names for each in systems.load(name).checks(look.facts[name])]
    return {(each.code, each.subject): each for each in found}


def _of_system(name: str, old: Any, new: Any) -> list[Difference]:
    return [each for aspect in systems.compared(name) for each in _rows(name, aspect, old, new)]


def _rows(system: str, aspect: Aspect, old: Any, new: Any) -> list[Difference]:
    before, after = _table(aspect.frame(old), aspect.key), _table(aspect.frame(new), aspect.key)
    found: list[Difference] = []
    for name in dict.fromkeys((*before, *after)):
        was, now = before.get(name), after.get(name)
        told = {"system": system, "about": aspect.about, "name": name}
        if was is None or now is None:
            there = ("", "appeared") if was is None else ("there", "gone")
            shown = ", ".join(f"{each} {(now or was or {})[each]}" for each in aspect.columns[:3])
            found.append(Difference(**told, what=shown, before=there[0], after=there[1]))
            continue
        found += [
            Difference(**told, what=column, before=str(was[column]), after=str(now[column]))
            for column in aspect.columns
            if str(was[column]) != str(now[column])
        ]
    return found


def _table(frame: "pd.DataFrame", key: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    return {
        " ".join(str(row[each]) for each in key if str(row[each])): {str(k): v for k, v in row.items()}
        for row in frame.to_dict("records")
    }


def _of_objects(old: Objects, new: Objects) -> list[Difference]:
    found: list[Difference] = []
    for kind in [each for each in old if each in new]:
        for name in dict.fromkeys((*old[kind], *new[kind])):
            was, now = old[kind].get(name), new[kind].get(name)
            found += _of_object(kind, name, was, now)
    return found


def _of_object(
    kind: str, name: str, was: dict[str, Any] | None, now: dict[str, Any] | None
) -> list[Difference]:
    told = {"system": "", "about": kind, "name": name}
    if was is None or now is None:
        there = ("", "appeared") if was is None else ("there", "gone")
        return [Difference(**told, what="", before=there[0], after=there[1])]
    return [
        Difference(**told, what=each.path, before=_text(each.before), after=_text(each.after))
        for each in changes(was, now)
    ]


def _text(value: Any) -> str:
    return "" if value is None else str(value)
