"""Standard input and output to a TCP port of this network namespace and back: `relay.py PORT`.

kwok runs it for `kubectl port-forward` to what listens on a pod's own loopback, as Envoy's admin does.
"""

import os
import socket
import sys
import threading


def main() -> None:
    """Move bytes until either end closes."""
    connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    threading.Thread(target=_upwards, args=(connection,), daemon=True).start()
    while data := connection.recv(1 << 16):
        os.write(1, data)


def _upwards(connection: socket.socket) -> None:
    while data := os.read(0, 1 << 16):
        connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main()
