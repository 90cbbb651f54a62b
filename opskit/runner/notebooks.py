"""Notebooks' files, read and written by nbformat."""

from typing import Any

from opskit.core.lightly import library


def parse(text: str) -> Any:
    """A notebook of any version, as nbformat's current nodes."""
    return library("nbformat").reads(text, as_version=4)


def dumps(notebook: Any) -> str:
    """A notebook's file, with sources as lists of lines."""
    return str(library("nbformat.v4.nbjson").JSONWriter().writes(notebook)) + "\n"
