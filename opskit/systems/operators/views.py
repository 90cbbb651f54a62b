"""Every frame that can be made of what operators have brought. Pure: facts in, frame out."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from opskit.core.aspects import Aspect
from opskit.core.parts import Unread, known
from opskit.core.tables import Columns, frame
from opskit.core.wording import count
from opskit.systems.operators.candidates import Candidate
from opskit.systems.operators.crd_upgrade import Difference, Risk
from opskit.systems.operators.facts import Facts
from opskit.systems.operators.kinds import Crd
from opskit.systems.operators.owners import Owner
from opskit.systems.operators.quorum import Member, Quorum
from opskit.systems.operators.resources import OfCrd, Resource

if TYPE_CHECKING:
    import pandas as pd


def owners(walked: Iterable[Owner]) -> "pd.DataFrame":
    """An object and every owner above it, up to its roots.

    Args:
        walked: what `owners.walk` found.

    Returns:
        depth (int64: 0 is the object itself), object, state, manages (bool), what (str).

    """
    columns: Columns = {
        "depth": ("depth", "int64"),
        "object": (str, "str"),
        "state": ("state", "str"),
        "manages": ("controller", "bool"),
        "what": (_of_owner, "str"),
    }
    return frame(list(walked), columns)


def _of_owner(owner: Owner) -> str:
    if owner.dangling:
        return f"dangling: {owner.said} The garbage collector deletes what has no other owner."
    going = f"is being deleted since {owner.since:%Y-%m-%d %H:%M} UTC" if owner.since else ""
    held = f"held by {', '.join(owner.finalizers)}" if owner.finalizers else ""
    return "; ".join(each for each in (owner.said, going, held) if each)


def crds(facts: Facts) -> "pd.DataFrame":
    """One row a CRD, those with trouble first.

    Returns:
        crd, group, stored, served (str), objects (Int64; missing where they could not be read),
        trouble (int64: objects that something is the matter with).
    """
    every = sorted(known(facts.crds, []), key=lambda each: (-_odd(facts, each), each.name))
    columns: Columns = {
        "crd": ("name", "str"),
        "group": ("spec.group", "str"),
        "stored": (lambda each: ", ".join(each.status.stored_versions or []), "str"),
        "served": (lambda each: ", ".join(v.name for v in each.versions if v.served), "str"),
        "objects": (lambda each: _count(facts, each), "Int64"),
        "trouble": (lambda each: _odd(facts, each), "int64"),
    }
    return frame(every, columns)


def _count(facts: Facts, crd: Crd) -> int | None:
    read = facts.resources.get(crd.name)
    return read.count if isinstance(read, OfCrd) else None


def _odd(facts: Facts, crd: Crd) -> int:
    read = facts.resources.get(crd.name)
    return len(read.odd) if isinstance(read, OfCrd) else 0


def troubles(facts: Facts) -> "pd.DataFrame":
    """One row for each resource that something is the matter with.

    Returns:
        kind, namespace, name, what, operator (str).
    """
    odd = [each for read in facts.resources.values() if isinstance(read, OfCrd) for each in read.odd]
    columns: Columns = {
        "kind": ("kind", "str"),
        "namespace": (lambda each: each.namespace or "", "str"),
        "name": ("name", "str"),
        "what": (_what, "str"),
        "operator": (lambda each: ", ".join(each.managers), "str"),
    }
    return frame(odd, columns)


def _what(resource: Resource) -> str:
    parts = [each.text for each in resource.troubles]
    if resource.deletion:
        parts.append(f"deletion held by {', '.join(resource.deletion.finalizers) or 'nothing visible'}")
    if resource.unseen:
        parts.append(f"{count(resource.unseen, 'change')} not seen by its operator")
    return "; ".join(parts)


def quorums(facts: Facts) -> "pd.DataFrame":
    """One row for each member of each system that votes.

    Returns:
        system, member, role, version (str), healthy (bool), spare (int64: further losses that the
        system bears; -1: its majority is gone), error (str).
    """
    rows = [(quorum, member) for quorum in known(facts.quorums, []) for member in quorum.known]
    columns: Columns = {
        "system": (lambda row: row[0].subject, "str"),
        "member": (lambda row: row[1].name, "str"),
        "role": (lambda row: _role(row[1]), "str"),
        "version": (lambda row: row[1].version, "str"),
        "healthy": (lambda row: row[1].healthy, "bool"),
        "spare": (lambda row: max(row[0].spare, -1), "int64"),
        "error": (lambda row: row[1].error, "str"),
    }
    found = frame(rows, columns)
    found.attrs["unread"] = "; ".join(_unread(known(facts.quorums, [])))
    return found


def _role(member: Member) -> str:
    return "learner" if member.learner else "leader" if member.leader else "voter"


def _unread(found: Iterable[Quorum]) -> Iterable[str]:
    return (f"{each.subject}: {each.members.reason}" for each in found if isinstance(each.members, Unread))


def upgrade(candidates: Iterable[Candidate]) -> "pd.DataFrame":
    """One row for each difference of each CRD that is to be applied, the gravest first.

    Args:
        candidates: of `candidates.compare`.

    Returns:
        crd, risk, code, version, path, difference (str).
    """
    rows = [(each, difference) for each in candidates for difference in _differences(each)]
    columns: Columns = {
        "crd": (lambda row: row[0].crd, "str"),
        "risk": (lambda row: row[1].risk.value, "str"),
        "code": (lambda row: row[1].code, "str"),
        "version": (lambda row: row[1].version, "str"),
        "path": (lambda row: row[1].path, "str"),
        "difference": (lambda row: row[1].text, "str"),
    }
    return frame(rows, columns)


def _differences(candidate: Candidate) -> Iterable[Difference]:
    if candidate.installed:
        return candidate.differences
    return [Difference(code="NEW", risk=Risk.SAFE, version="", path="", text="the CRD is not there yet")]


COMPARED = (
    Aspect("CRD", crds, ("crd",), ("stored", "served", "objects", "trouble")),
    Aspect("trouble", troubles, ("kind", "namespace", "name"), ("what", "operator")),
    Aspect("member", quorums, ("system", "member"), ("role", "version", "healthy", "error")),
)
"""What two looks are compared by."""
