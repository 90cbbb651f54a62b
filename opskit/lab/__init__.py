"""JupyterLab and Notebook: the catalogue, launcher cards, and `opskit lab`.

The front end is a prebuilt extension in plain JavaScript (`share/jupyter/labextensions/opskit`),
so that nothing but Python is needed to build or install it.
"""

from typing import Any

# The names that Jupyter looks for.
__all__ = [
    "_jupyter_labextension_paths",
    "_jupyter_server_extension_points",
    "_load_jupyter_server_extension",
]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where JupyterLab finds the front end."""
    return [{"src": "share/jupyter/labextensions/opskit", "dest": "opskit"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """What the Jupyter server loads."""
    return [{"module": "opskit.lab"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Add the handlers of `opskit.lab.server` to the running Jupyter server."""
    from opskit.lab.server import add_handlers

    add_handlers(server)
