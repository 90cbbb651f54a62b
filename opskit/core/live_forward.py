"""Port-forwards into pods, in this process, over the API server's websocket.

Protocol: channel 0 carries the port's bytes, channel 1 its error; the first frame of each names the port.
"""

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any

from opskit.core.errors import OpsError
from opskit.core.kinds import resource_path
from opskit.core.live_api import ApiServer
from opskit.core.live_websocket import connect

DATA, ERROR = 0, 1
PROTOCOLS = ("v4.channel.k8s.io",)
CONNECT_SECONDS = 10.0
CHUNK = 1 << 16


class Forward:
    """A listening port on loopback whose connections lead to one port of one pod.

    Args:
        api: the API server.
        namespace: of the pod.
        pod: its name.
        port: its port.

    """

    def __init__(self, api: ApiServer, *, namespace: str, pod: str, port: int) -> None:
        self._api = api
        self._path = resource_path("", "v1", "pods", namespace=namespace, name=pod) + "/portforward"
        self._port = port
        self._open: set[_Tunnel] = set()
        self._lock = threading.Lock()
        self._closed = False
        self.error: OpsError | str = ""
        """Why the last connection failed."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        name = f"opskit port-forward {namespace}/{pod}:{port}"
        self._thread = threading.Thread(target=self._accept, name=name, daemon=True)
        self._thread.start()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to connect to."""
        host, port = self._listener.getsockname()[:2]
        return str(host), int(port)

    def close(self) -> None:
        """End the listener, all connections and their threads."""
        with self._lock:
            self._closed = True
            tunnels = list(self._open)
        with contextlib.suppress(OSError):
            # Closing alone leaves a blocked accept asleep.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for tunnel in tunnels:
            tunnel.close()
        self._thread.join(timeout=5)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), name=self._thread.name, daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            channel = connect(
                self._api,
                self._path,
                [("ports", str(self._port))],
                protocols=PROTOCOLS,
                timeout=CONNECT_SECONDS,
            )
        except OpsError as error:
            self.error = error
            client.close()
            return
        tunnel = _Tunnel(client, channel, self._failed)
        with self._lock:
            self._open.add(tunnel)
            closed = self._closed
        if closed:
            tunnel.close()
        tunnel.run()
        with self._lock:
            self._open.discard(tunnel)

    def _failed(self, why: str) -> None:
        self.error = why


class _Tunnel:
    """One connection: a thread for each direction."""

    def __init__(self, client: socket.socket, channel: Any, failed: Callable[[str], None]) -> None:
        self._client = client
        self._channel = channel
        self._failed = failed
        channel.settimeout(None)

    def run(self) -> None:
        """Move bytes until either end closes."""
        up = threading.Thread(target=self._upwards, name="opskit port-forward up", daemon=True)
        up.start()
        self._downwards()
        self.close()
        up.join(timeout=5)

    def close(self) -> None:
        """Wake both threads and end them."""
        for end in (self._client, self._channel.sock):
            with contextlib.suppress(OSError, AttributeError):
                end.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            self._client.close()
        self._channel.shutdown()

    def _upwards(self) -> None:
        import websocket

        with contextlib.suppress(OSError, websocket.WebSocketException):
            while data := self._client.recv(CHUNK):
                self._channel.send_binary(bytes([DATA]) + data)
        self.close()

    def _downwards(self) -> None:
        import websocket

        named: set[int] = set()
        with contextlib.suppress(OSError, websocket.WebSocketException, AttributeError):
            while True:
                opcode, frame = self._channel.recv_data_frame(True)
                if opcode == websocket.ABNF.OPCODE_CLOSE:
                    return
                data: bytes = frame.data
                if opcode != websocket.ABNF.OPCODE_BINARY or not data:
                    continue
                if data[0] not in named:
                    named.add(data[0])
                elif data[0] == DATA:
                    self._client.sendall(data[1:])
                elif data[0] == ERROR:
                    # Told before the client's end closes, so that it is known when that is noticed.
                    self._failed(data[1:].decode(errors="replace").strip())
                    return
