"""The user's own copies of the shipped notebooks. One that was edited or run is never overwritten."""

import ast
import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from opskit.core.errors import BadValue, NotARunbook

STAMP = "opskit_copy"
"""Key of a copy's metadata: `{of, sources}`, i.e. the name and the digest of what it was made from."""

_MAX_COPIES = 1000

Notebook = dict[str, Any]


def read(path: Path) -> Notebook:
    """A notebook's JSON.

    Raises:
        NotARunbook: it can't be read, or is none.

    """
    try:
        notebook = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise NotARunbook(f"This is no notebook: {error}.", where=str(path)) from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise NotARunbook("This is no notebook: it holds no cells.", where=str(path))
    return notebook


def digest(notebook: Notebook) -> str:
    """SHA-256 of the cells' sources: the same until someone edits a cell."""
    sources = [source(cell) for cell in notebook["cells"]]
    return hashlib.sha256(json.dumps(sources).encode()).hexdigest()


def place(folder: Path, name: str, parameters: Mapping[str, Any]) -> Path:
    """Where a copy goes: `rook/osd-down.ipynb`, or `rook/osd-down-osd-3.ipynb` with parameters."""
    words = "-".join(f"{key}-{value}" for key, value in sorted(parameters.items()))
    slug = re.sub(r"[^A-Za-z0-9._]+", "-", words).strip("-.")[:60]
    return folder / f"{name}{f'-{slug}' if slug else ''}.ipynb"


def numbered(path: Path, number: int) -> Path:
    """The same place with a number from 2 on."""
    return path if number < 2 else path.with_name(f"{path.stem}-{number}{path.suffix}")


def newest(path: Path) -> Path | None:
    """The last of the numbered copies, or None where there is none."""
    numbers = {
        int(found["number"] or 1): each
        for each in path.parent.glob(f"{path.stem}*{path.suffix}")
        if (found := re.fullmatch(rf"{re.escape(path.stem)}(-(?P<number>[0-9]+))?", each.stem))
    }
    return numbers[max(numbers)] if numbers else None


def make(original: Path, path: Path, *, name: str, parameters: Mapping[str, Any]) -> Path:
    """Copy a shipped notebook to the first free number, with parameters filled in.

    Args:
        original: the shipped notebook.
        path: where the copy should go.
        name: what it is a copy of, e.g. `rook/osd-down`.
        parameters: canonical values that replace the defaults in the parameters cell.

    Returns:
        The new file.

    """
    notebook = read(original)
    stamp = {"of": name, "sources": digest(notebook)}
    notebook["metadata"] = {**notebook.get("metadata", {}), STAMP: stamp}
    fill(notebook, parameters)
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, _MAX_COPIES):
        if _write_new(numbered(path, number), text):
            return numbered(path, number)
    raise FileExistsError(f"{_MAX_COPIES} copies of {path} exist; remove some.")


def outdated(copy: Path, original: Path) -> bool:
    """Whether the shipped notebook has changed since the copy was made."""
    stamp = read(copy).get("metadata", {}).get(STAMP)
    return isinstance(stamp, dict) and stamp.get("sources") != digest(read(original))


def untouched(copy: Path) -> bool:
    """Whether nobody has edited or run the copy since it was made."""
    try:
        notebook = read(copy)
    except NotARunbook:
        return False
    stamp = notebook.get("metadata", {}).get(STAMP)
    ran = any(cell.get("outputs") or cell.get("execution_count") for cell in notebook["cells"])
    return isinstance(stamp, dict) and stamp.get("sources") == digest(notebook) and not ran


def renew(original: Path, path: Path, *, name: str) -> Path:
    """Make the plain copy where there is none; replace one that is untouched and outdated.

    Args:
        original: the shipped notebook.
        path: of the copy.
        name: what it is a copy of.

    Returns:
        The copy to be opened.

    """
    there = newest(path)
    if there is None:
        return make(original, path, name=name, parameters={})
    if untouched(there) and outdated(there, original):
        part = make(original, there.with_name(f".{there.name}"), name=name, parameters={})
        part.replace(there)
    return there


def fill(notebook: Notebook, parameters: Mapping[str, Any]) -> None:
    """Replace the values that the cell tagged `parameters` assigns; its comments stay."""
    for cell in notebook["cells"]:
        if "parameters" in cell.get("metadata", {}).get("tags", []):
            cell["source"] = filled(source(cell), parameters)


def filled(source: str, parameters: Mapping[str, Any]) -> str:
    """The source of a parameters cell with other values.

    Raises:
        BadValue: the cell is no Python.

    """
    try:
        body = ast.parse(source).body
    except SyntaxError as error:
        raise BadValue(f"The parameters cell is no Python: {error.msg}.", hint="mend it by hand") from None
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    assigned = [each for each in body if isinstance(each, ast.Assign | ast.AnnAssign)]
    for each in reversed(assigned):
        value, name = each.value, _target(each)
        if value is not None and name in parameters:
            _replace(lines, value, repr(parameters[name]).encode())
    return b"".join(lines).decode()


def _target(assigned: ast.Assign | ast.AnnAssign) -> str:
    target = assigned.targets[0] if isinstance(assigned, ast.Assign) else assigned.target
    return target.id if isinstance(target, ast.Name) else ""


def _replace(lines: list[bytes], node: ast.expr, text: bytes) -> None:
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    before, after = lines[first][: node.col_offset], lines[last][node.end_col_offset :]
    lines[first : last + 1] = [before + text + after]


def source(cell: Mapping[str, Any]) -> str:
    """A cell's text, whether it is stored as one string or as lines."""
    text = cell.get("source", "")
    return "".join(text) if isinstance(text, list) else str(text)


def _write_new(path: Path, text: str) -> bool:
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return True
