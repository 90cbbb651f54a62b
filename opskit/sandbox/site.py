"""One sandbox's place: its folders, its ports, its options, its processes."""

import hashlib
import os
import random
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any

import platformdirs

from opskit.core.errors import BadValue, Refused
from opskit.sandbox.files import locked, private_folder, read_json, write_json
from opskit.sandbox.processes import Processes

_PORTS = range(20_000, 30_000)
"""Below the kernel's range for outgoing connections, so that a chosen port is not taken by one."""


def sandboxes() -> Path:
    """The folder that holds one folder a sandbox."""
    return platformdirs.user_state_path("opskit") / "sandbox"


def sandbox_names() -> list[str]:
    """The names of all sandboxes that there are, ready or not."""
    return sorted(path.parent.name for path in sandboxes().glob("*/sandbox.json"))


class Site:
    """Everything that belongs to one sandbox on this machine.

    Attributes:
        name: of the sandbox.
        state: its folder (0700); `down` removes it whole.
        run: a short folder for UNIX sockets, whose paths must stay below 108 bytes.
        key: eight characters that no other sandbox of this machine has, for names that must be short.

    """

    def __init__(self, name: str) -> None:
        if not name.isascii() or not name.replace("-", "").isalnum() or len(name) > 40:
            raise BadValue(
                f"{name!r} is no name for a sandbox.",
                hint="use up to 40 letters, digits and hyphens, e.g. `light`.",
            )
        self.name = name
        self.state = sandboxes() / name
        self.key = hashlib.sha256(str(self.state).encode()).hexdigest()[:8]
        self.run = Path(tempfile.gettempdir()) / f"opskit-{os.getuid()}-{self.key}"
        self.lock = sandboxes() / f"{name}.lock"

    @property
    def exists(self) -> bool:
        """Whether there is such a sandbox, ready or not."""
        return self.state.is_dir()

    def make(self) -> None:
        """Make the folders."""
        private_folder(self.state)
        private_folder(self.run)

    def remove(self) -> None:
        """Remove the folders and all that is in them."""
        for folder in (self.run, self.state):
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def processes(self) -> Processes:
        """The sandbox's processes."""
        return Processes(self.state / "processes", logs=self.state / "logs")

    def folder(self, name: str) -> Path:
        """A private folder below the state, made where missing."""
        return private_folder(self.state / name)

    @property
    def record(self) -> dict[str, Any]:
        """What `up` wrote: profile, options, phase, versions."""
        return read_json(self.state / "sandbox.json", {})

    def write_record(self, **fields: Any) -> None:
        """Add to the record."""
        write_json(self.state / "sandbox.json", {**self.record, **fields})

    def port(self, name: str, *, address: str = "127.0.0.1") -> int:
        """The TCP port of that name: chosen free when it is first asked for, the same ever after.

        Args:
            name: what listens there, e.g. `kube-apiserver`.
            address: where it will listen.

        Raises:
            Refused: no port is free.

        """
        file = self.state / "ports.json"
        with locked(sandboxes() / "ports.lock"):
            ports = read_json(file, {})
            if name not in ports:
                taken = {
                    port
                    for other in sandboxes().glob("*/ports.json")
                    for port in read_json(other, {}).values()
                }
                ports[name] = _free_port(address, taken)
                write_json(file, ports)
        return ports[name]

    def network(self) -> str:
        """The first three numbers of this sandbox's own loopback addresses, e.g. `127.83.4`."""
        file = self.state / "network.json"
        with locked(sandboxes() / "ports.lock"):
            if not file.exists():
                taken = {read_json(other) for other in sandboxes().glob("*/network.json")}
                write_json(file, next(number for number in range(1, 255) if number not in taken))
        return f"127.83.{read_json(file)}"


def _free_port(address: str, taken: set[int]) -> int:
    for port in random.sample(_PORTS, len(_PORTS)):
        if port not in taken and _is_free(address, port):
            return port
    raise Refused("No TCP port is free on this machine.", where=f"{_PORTS}", hint="end what listens there.")


def _is_free(address: str, port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True
