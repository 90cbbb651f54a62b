"""A sick way to the API server: a real Envoy whose fault filters answer for it, behind a breaking wire.

opskit → cutter → Envoy → API server. Envoy says 429, 500 and 503, and is slow; the cutter resets a
connection before a request goes through, or after the server acted and before its answer comes.
"""

import json
import random
import re
import socket
import struct
import subprocess
import threading
import urllib.request
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from opskit.sandbox import control_plane, sick_api
from opskit.sandbox.binaries import require
from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.waiting import wait_until

EACH = 5
"""Per cent of requests that meet each of the six faults: 30 in all."""
LATE_MS = 2000


@dataclass
class FaultyApi:
    """Listens on a port of its own, and speaks to the API server as cluster admin."""

    sandbox: Sandbox
    folder: Path

    def __enter__(self) -> Self:
        self.port, self._admin = _free(), _free()
        file = self.folder / "envoy.json"
        file.write_text(json.dumps(self._config()))
        argv = [require("envoy"), "-c", str(file), "--concurrency", "1", "--disable-hot-restart"]
        log = (self.folder / "envoy.log").open("wb")
        self._process = subprocess.Popen([*argv, "--log-level", "warning"], stdout=log, stderr=log)
        log.close()
        wait_until(self._serves, what="Envoy serves", deadline=60.0)
        self.cutter = Cutter(self.port)
        return self

    def __exit__(self, *_: object) -> None:
        self.cutter.close()
        self._process.terminate()
        self._process.wait(10)

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig that leads this way; its context has the sandbox's name."""
        name = self.sandbox.context
        whole = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {"server": f"http://127.0.0.1:{self.cutter.port}"}}],
            "users": [{"name": name, "user": {}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
        file = self.folder / "faulty.kubeconfig"
        file.write_text(json.dumps(whole))
        return file

    def counts(self) -> dict[str, int]:
        """Requests that reached Envoy (`requests`), and how many met which fault; `refused` by a status."""
        told = self._stats()
        return {
            "requests": told.get("http.api.downstream_rq_total", 0),
            "refused": told.get("http.api.fault.aborts_injected", 0),
            "slow": told.get("http.api.fault.delays_injected", 0),
            **self.cutter.cut,
        }

    def _stats(self) -> dict[str, int]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._admin}/stats", timeout=10) as answer:
            lines = answer.read().decode()
        return {name: int(number) for name, number in re.findall(r"^([\w.]+): (\d+)$", lines, re.MULTILINE)}

    def _serves(self) -> bool:
        try:
            return bool(self._stats())
        except OSError:
            return False

    def _config(self) -> dict[str, Any]:
        site = self.sandbox.site
        return sick_api.envoy(
            listen=self.port,
            admin=self._admin,
            server=control_plane.server(site),
            pki=site.folder("pki"),
            per_cent=EACH,
            late_ms=LATE_MS,
        )


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cutter:
    """Passes connections on, and resets some: before a request, or with its answer at the door.

    Args:
        target: the port on the loopback that they lead to.

    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._dice = random.Random(20260501)
        self._lock = threading.Lock()
        self.cut: Counter[str] = Counter({"reset": 0, "lost answer": 0})
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._server.close()

    def fate(self) -> str:
        """What becomes of a request."""
        with self._lock:
            thrown = self._dice.random() * 100
            found = "reset" if thrown < EACH else "lost answer" if thrown < 2 * EACH else ""
            self.cut.update([found] if found else [])
            return found

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            _Pair(self, client, server).start()


class _Pair:
    """One connection; a turn begins with what the client says after the server spoke."""

    def __init__(self, cutter: Cutter, client: socket.socket, server: socket.socket) -> None:
        self._cutter = cutter
        self._client = client
        self._server = server
        self._answered = True
        self._losing = False

    def start(self) -> None:
        for way in (self._requests, self._answers):
            threading.Thread(target=self._until_closed, args=(way,), daemon=True).start()

    def _until_closed(self, way: Any) -> None:
        try:
            way()
        except OSError:
            pass
        finally:
            _hang_up(self._client)
            _hang_up(self._server)

    def _requests(self) -> None:
        while said := self._client.recv(65536):
            if self._answered:
                self._answered = False
                fate = self._cutter.fate()
                if fate == "reset":
                    _reset(self._client)
                    return
                self._losing = fate == "lost answer"
            self._server.sendall(said)

    def _answers(self) -> None:
        while said := self._server.recv(65536):
            if self._losing:
                _reset(self._client)
                return
            self._client.sendall(said)
            self._answered = True


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    _hang_up(connection)


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
