"""The stamp of a rehearsal in a runbook's notebook: when it was proven, how, and with which code.

A stamp is stale once the runbook's code cells, or what makes its plans, are no longer what was rehearsed.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from opskit.core.errors import ConfigError
from opskit.core.planning import code_digest
from opskit.runner.contract import Runbook
from opskit.runner.declared import Rehearsed

_SYSTEMS = Path(__file__).resolve().parents[1] / "systems"
_DIGITS = 16
"""Of a digest: enough to tell that something changed, which is all that is asked of it."""


def cells_digest(notebook: Mapping[str, Any]) -> str:
    """Digest of what a notebook's code cells say, whatever they last displayed."""
    code = [_text(cell) for cell in notebook["cells"] if cell.get("cell_type") == "code"]
    return hashlib.sha256("\0".join(code).encode()).hexdigest()[:_DIGITS]


def plans_digest(system: str) -> str:
    """Digest of the modules that make a system's plans and judge their conditions."""
    room = _SYSTEMS / system
    return code_digest([*room.glob("plan*"), *room.glob("condition*")])[:_DIGITS]


def stale(runbook: Runbook) -> str:
    """Why the runbook's stamp no longer holds, or "" when it does or there is none."""
    stamp = runbook.rehearsed
    if stamp is None:
        return ""
    changed = {
        "its cells": stamp.cells != cells_digest(_read(Path(runbook.path))),
        "what makes its plans": runbook.changing and stamp.plans != plans_digest(runbook.system),
    }
    named = " and ".join(what for what, differs in changed.items() if differs)
    return f"{named} changed since the rehearsal of {stamp.at}" if named else ""


def proof(runbook: Runbook) -> str:
    """What it was proven on, when, and whether that still holds: `ceph 16.2.15, rehearsed 2026-11-25`."""
    told = [f"{software} {'/'.join(versions)}" for software, versions in runbook.proven.items()]
    if why := stale(runbook):
        told.append(f"stale: {why}")
    elif runbook.rehearsed:
        told.append(f"rehearsed {runbook.rehearsed.at}")
    return ", ".join(told)


def stamp(runbook: Runbook, made: Rehearsed, versions: Mapping[str, str]) -> None:
    """Write a rehearsal's result into the runbook's notebook.

    Versions add up for as long as the code is the same; with other code they begin anew.

    Args:
        runbook: what was rehearsed.
        made: how it went; the digests are filled in here.
        versions: of each software that it ran against.

    Raises:
        ConfigError: the notebook can't be written.

    """
    path = Path(runbook.path)
    notebook = _read(path)
    own = notebook["metadata"]["opskit"]
    current = runbook.rehearsed is not None and not stale(runbook)
    before: Mapping[str, tuple[str, ...]] = runbook.proven if current else {}
    own["proven"] = {
        name: sorted({*before.get(name, ()), *([versions[name]] if name in versions else [])})
        for name in sorted({*before, *versions})
    }
    own["rehearsed"] = {
        "profile": made.profile,
        "fault": made.fault,
        "witness": list(made.witness),
        "verdict": made.verdict,
        "at": made.at,
        "seconds": made.seconds,
        "cells": cells_digest(notebook),
        "plans": plans_digest(runbook.system) if runbook.changing else "",
    }
    _write(path, notebook)


def _text(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    return "".join(source) if isinstance(source, list) else str(source)


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def _write(path: Path, notebook: Mapping[str, Any]) -> None:
    """As nbformat and the checkout's filter lay a notebook out, so that nothing but the stamp differs."""
    text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    new = path.with_suffix(".stamped")
    try:
        new.write_text(text, encoding="utf-8")
        new.chmod(path.stat().st_mode)
        new.replace(path)
    except OSError as error:
        raise ConfigError(
            f"The stamp can't be written: {error.strerror or error}.",
            where=str(path),
            hint="stamp the notebooks of a checkout, not installed ones",
        ) from error
