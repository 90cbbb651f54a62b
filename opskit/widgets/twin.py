"""One output that is a widget while its kernel lives, and says the same as HTML and text at every moment."""

import secrets
from typing import Any

from IPython.display import publish_display_data
from ipywidgets import DOMWidget

from opskit.runner.cards import Static, framed

PANEL = "application/vnd.opskit.panel+json"
"""Rendered by the opskit extension: the widget where it is alive, else the HTML."""

VIEW = "application/vnd.jupyter.widget-view+json"


class Twin:
    """A widget and its static twin, in one output.

    Args:
        widget: what is shown while it is alive.
        static: what a saved notebook shows.

    """

    def __init__(self, widget: DOMWidget, static: Static) -> None:
        self._widget: DOMWidget | None = widget
        self._static = static
        self._display = f"opskit-{secrets.token_hex(8)}"

    def __repr__(self) -> str:
        return self._static.text

    @property
    def bundle(self) -> dict[str, Any]:
        """The output as it is now, by MIME type."""
        return {**self._live(), "text/html": framed(self._static.html), "text/plain": self._static.text}

    def tell(self, static: Static) -> None:
        """Replace the static twin; the widget stays."""
        self._static = static
        self._publish(update=True)

    def settle(self, static: Static) -> None:
        """End the widget: from now on the output is static."""
        self._widget = None
        self.tell(static)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return self.bundle

    def _ipython_display_(self, **_: Any) -> None:
        self._publish(update=False)

    def _live(self) -> dict[str, Any]:
        if self._widget is None:
            return {}
        view = {"version_major": 2, "version_minor": 0, "model_id": self._widget.model_id}
        return {PANEL: view, VIEW: view}

    def _publish(self, *, update: bool) -> None:
        publish_display_data(self.bundle, transient={"display_id": self._display}, update=update)
