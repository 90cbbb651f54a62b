"""The Jupyter server's part: the catalogue, and copies of what it lists.

| request | answer |
|---|---|
| `GET /opskit/catalogue` | `{entries, open_at_start}` |
| `POST /opskit/copies {name, parameters, fresh}` | `{path}`, relative to the server's root |
| `POST /opskit/parameters {source, parameters}` | `{source}`: a parameters cell with other values |

All need the server's own authentication. A refusal answers `{message}`, the sentence of the error.
"""

import os
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from opskit.core.errors import BadValue, OpsError
from opskit.lab import catalogue, copies

T = TypeVar("T")

STARTED_BY_OPSKIT = "OPSKIT_LAB"
"""Set in the environment of a server that `opskit lab` started: its root is the workspace."""


class CopyRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What the front end asks for."""

    name: str
    parameters: dict[str, Any] = {}
    fresh: bool = False


class FillRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A parameters cell, and the values that it should get."""

    source: str
    parameters: dict[str, Any]


class Handler(APIHandler):
    """What both handlers share."""

    @property
    def root(self) -> Path:
        """The folder that the server shows."""
        return Path(self.contents_manager.root_dir)

    @property
    def folder(self) -> Path:
        """Where copies go: the workspace, or `opskit` in another server's folder."""
        return self.root if STARTED_BY_OPSKIT in os.environ else self.root / "opskit"

    def refuse(self, error: OpsError) -> None:
        """Answer with the error's sentence."""
        self.set_status(400)
        self.finish({"message": str(error), **error.to_dict()})


class CatalogueHandler(Handler):
    """The catalogue."""

    @web.authenticated
    def get(self) -> None:
        """All entries as cards."""
        cards = [entry.card(self.folder) for entry in catalogue.entries()]
        self.finish({"entries": cards, "open_at_start": STARTED_BY_OPSKIT in os.environ})


class CopiesHandler(Handler):
    """The user's copies."""

    @web.authenticated
    def post(self) -> None:
        """Open or make one."""
        try:
            asked = _decode(self.request.body, CopyRequest)
            entry = catalogue.find(asked.name)
            path = catalogue.open_copy(entry, self.folder, given=asked.parameters, fresh=asked.fresh)
        except OpsError as error:
            self.refuse(error)
            return
        self.finish({"path": path.relative_to(self.root).as_posix()})


class ParametersHandler(Handler):
    """A parameters cell with other values."""

    @web.authenticated
    def post(self) -> None:
        """Rewrite the cell's source; nothing is saved here."""
        try:
            asked = _decode(self.request.body, FillRequest)
            source = copies.filled(asked.source, asked.parameters)
        except OpsError as error:
            self.refuse(error)
            return
        self.finish({"source": source})


def add_handlers(server: Any) -> None:
    """Add both handlers to a running Jupyter server."""
    base = server.web_app.settings["base_url"]
    routes = {"catalogue": CatalogueHandler, "copies": CopiesHandler, "parameters": ParametersHandler}
    server.web_app.add_handlers(
        ".*$", [(url_path_join(base, "opskit", name), handler) for name, handler in routes.items()]
    )


def _decode(body: bytes, request: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=request)
    except msgspec.MsgspecError as error:
        raise BadValue(f"The request can't be read: {error}.", where="the opskit server extension") from None
