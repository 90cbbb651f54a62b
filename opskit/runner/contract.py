"""The contract of a runbook notebook: what `metadata.opskit` says, read and checked.

Only JSON is read here, so that a catalogue of hundreds of notebooks is listed without nbformat.
The format is documented in docs/runbook-format.md.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from opskit.core.errors import NotARunbook
from opskit.core.findings import Data
from opskit.runner import parameters as parameters_of
from opskit.runner.declared import Declared, Rehearsed, Risk, Rule, cell_problems, problems
from opskit.runner.parameters import CLUSTER, Parameter
from opskit.runner.values import Value

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*/[a-z0-9]+(-[a-z0-9]+)*")
_MAX_BYTES = 64 << 20


class Runbook(Data, frozen=True):
    """One runbook of the catalogue."""

    name: str
    """`<system>/<verb-object>`, from the notebook's folder and file name: `rook/osd-down`."""
    path: str
    """The notebook's file."""
    title: str
    system: str
    summary: str
    """When to use it, in one or two sentences."""
    risk: Risk
    duration: str
    """How long it usually takes, e.g. `10m`; "" when it depends."""
    parameters: tuple[Parameter, ...]
    """`cluster` first."""
    rules: tuple[Rule, ...]
    other_rights: tuple[str, ...]
    proven: dict[str, tuple[str, ...]]
    """Versions of each software that it was run against, e.g. `{"ceph": ["18.2.7"]}`."""
    changing: bool
    """Whether it can change anything."""
    rehearsed: Rehearsed | None = None
    """The newest rehearsal, where one is stamped into the notebook."""

    def parameter(self, name: str) -> Parameter | None:
        """A parameter by name."""
        return next((each for each in self.parameters if each.name == name), None)

    def read(self, given: Mapping[str, Any]) -> dict[str, Value]:
        """Check and parse what was given; defaults fill the rest.

        Raises:
            UnknownName, BadValue: every problem at once.

        """
        return parameters_of.read(self.parameters, given, where=self.name)

    def show(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Parsed values in their canonical form: what is injected, hashed and saved."""
        return parameters_of.show(self.parameters, values)

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema of the parameters, for forms and other programs."""
        return parameters_of.json_schema(self.parameters, title=self.title)

    def entry(self) -> dict[str, Any]:
        """The catalogue's entry: `{name, title, system, summary, risk, parameters, proven}`."""
        listed = {name: getattr(self, name) for name in ("name", "title", "system", "summary", "risk")}
        declared: list[dict[str, Any]] = msgspec.to_builtins(self.parameters)
        proven: dict[str, list[str]] = msgspec.to_builtins(self.proven)
        return listed | {"parameters": declared, "proven": proven}


def load(path: Path) -> Runbook:
    """Read a notebook's contract.

    Raises:
        NotARunbook: no notebook, no `metadata.opskit`, or something in it is wrong; all of it is named.

    """
    return from_notebook(_notebook(path), path)


def from_notebook(notebook: Mapping[str, Any], path: Path) -> Runbook:
    """The contract of a notebook that was already read.

    Raises:
        NotARunbook: as `load`.

    """
    declared = _declared(notebook, path)
    name = f"{path.resolve().parent.name}/{path.stem}"
    parameters = tuple(each for each in declared.parameters if each.name == CLUSTER.name) or (CLUSTER,)
    wrong = [*problems(declared), *cell_problems(notebook, declared)]
    wrong += (
        [] if _NAME.fullmatch(name) else [f"the path must end in <system>/<verb-object>.ipynb, not {name}"]
    )
    if wrong:
        raise NotARunbook(
            "The runbook's contract is wrong: " + "; ".join(wrong) + ".",
            where=str(path),
            hint="mend metadata.opskit of the notebook; docs/runbook-format.md describes it",
        )
    return Runbook(
        name=name,
        path=str(path),
        title=declared.title,
        system=declared.system,
        summary=declared.summary,
        risk=declared.risk,
        duration=declared.duration,
        parameters=parameters + tuple(each for each in declared.parameters if each.name != CLUSTER.name),
        rules=declared.rights.rules,
        other_rights=declared.rights.other,
        proven=declared.proven,
        changing=declared.changing,
        rehearsed=declared.rehearsed,
    )


def _notebook(path: Path) -> Mapping[str, Any]:
    try:
        large = path.stat().st_size > _MAX_BYTES
        notebook = None if large else json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise _no_notebook(path, str(error)) from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise _no_notebook(path, "it is larger than 64 MiB" if large else "it holds no cells")
    return notebook


def _no_notebook(path: Path, why: str) -> NotARunbook:
    return NotARunbook(f"This is no notebook: {why}.", where=str(path), hint="name one of `opskit runbooks`")


def _declared(notebook: Mapping[str, Any], path: Path) -> Declared:
    metadata = notebook.get("metadata")
    declared = metadata.get("opskit") if isinstance(metadata, dict) else None
    if declared is None:
        raise NotARunbook(
            "This notebook is no runbook: it has no metadata.opskit.",
            where=str(path),
            hint="name one of `opskit runbooks`, or add the contract that docs/runbook-format.md describes",
        )
    try:
        return msgspec.convert(declared, Declared)
    except msgspec.ValidationError as error:
        raise NotARunbook(
            f"The runbook's contract is wrong: {error}.",
            where=f"{path}, metadata.opskit",
            hint="mend it; docs/runbook-format.md describes it",
        ) from None
