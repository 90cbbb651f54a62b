"""Plans as files."""

from pathlib import Path
from typing import Any

import msgspec

from opskit.core.errors import BadValue, UnknownName
from opskit.core.plan import Plan
from opskit.runner import folder
from opskit.runner.contract import Runbook
from opskit.runner.files import write_private


def load(path: Path) -> Plan:
    """Read a plan.

    Raises:
        BadValue: it is none.

    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Plan)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadValue(
            f"This is no plan: {error}.", where=str(path), hint="make one with `opskit plan`"
        ) from None


def find(named: str) -> Path:
    """A plan's file, by its path, its run's folder, or its run's id.

    Raises:
        UnknownName: there is none.

    """
    if Path(named).is_file():
        return Path(named)
    path = folder.find(named).plan
    if not path.is_file():
        raise UnknownName("This run has no plan.", where=str(path.parent), hint="make one with `opskit plan`")
    return path


def save(plan: Plan, path: Path) -> None:
    """Write a plan for a person to read.

    Raises:
        BadValue: it can't be written there.

    """
    try:
        write_private(path, msgspec.json.format(msgspec.json.encode(plan), indent=2) + b"\n")
    except OSError as error:
        raise BadValue(f"The plan can't be written: {error.strerror}.", where=str(path)) from None


def shown(plan: Plan) -> dict[str, Any]:
    """The plan with its hash, for `--json`."""
    whole: dict[str, Any] = msgspec.to_builtins(plan)
    return {"hash": plan.hash, **whole}


def require_changing(runbook: Runbook) -> None:
    """Refuse to plan what changes nothing.

    Raises:
        BadValue: the runbook only looks.

    """
    if not runbook.changing:
        raise BadValue(
            "This runbook changes nothing, so it has no plan.",
            where=runbook.name,
            hint=f"run it: opskit run {runbook.name}",
        )
