"""The commands that the keeper starts again, as `up` started them."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from opskit.sandbox.files import private_folder, write_json
from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site


def remembered(name: str, command: Callable[[Site], Command]) -> Callable[[Site], Command]:
    """The command of a component, noted for the keeper when `up` asks for it."""

    def noting(site: Site) -> Command:
        made = command(site)
        write_json(_file(site, name), made)
        return made

    return noting


def command_of(site: Site, name: str) -> Command | None:
    """How the process is started; None of one that only `up` starts."""
    try:
        return msgspec.json.decode(_file(site, name).read_bytes(), type=Command)
    except FileNotFoundError:
        return None


def _file(site: Site, name: str) -> Path:
    return private_folder(site.state / "commands") / f"{name}.json"
