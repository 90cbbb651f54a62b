"""One service of the shop: real HTTP, standard library only, run as a file inside its pod's network.

    shop.py SETTINGS

`SETTINGS` is a JSON file, read again whenever it has changed: `name`, `version`, `port`, `calls` (name →
host, address and port), `fail` (share of requests that end with 500), `delay` (seconds).
"""

import http.client
import json
import random
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_CHANCE = random.SystemRandom()
_PASSED_ON = ("x-request-id", "traceparent", "tracestate", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled")


class Settings:
    """The settings' file, as it is now."""

    def __init__(self, path: str) -> None:
        self._path, self._seen, self._now = Path(path), 0, dict[str, Any]()

    def now(self) -> dict[str, Any]:
        """The settings; the file is read only when it has changed."""
        changed = self._path.stat().st_mtime_ns
        if changed != self._seen:
            self._now, self._seen = json.loads(self._path.read_text()), changed
        return self._now


class Shop(BaseHTTPRequestHandler):
    """Answers every path with what it is and what those answered that it calls."""

    protocol_version = "HTTP/1.1"
    settings: Settings

    def do_GET(self) -> None:
        """Answer."""
        now = self.settings.now()
        time.sleep(now.get("delay", 0.0))
        if _CHANCE.random() < now.get("fail", 0.0):
            self._say(500, {"from": now["version"], "error": "this version is broken"})
            return
        called = {name: self._call(**place) for name, place in now.get("calls", {}).items()}
        worst = max([200, *(each["status"] for each in called.values())])
        self._say(worst if worst < 600 else 502, {"from": now["version"], "name": now["name"], **called})

    def _call(self, host: str, address: str, port: int) -> dict[str, Any]:
        passed = {name: value for name in _PASSED_ON if (value := self.headers.get(name))}
        connection = http.client.HTTPConnection(address, port, timeout=15)
        try:
            connection.request("GET", "/", headers={"Host": host, **passed})
            answer = connection.getresponse()
            body = answer.read()
        except OSError as error:
            return {"status": 502, "error": str(error)}
        finally:
            connection.close()
        try:
            said = json.loads(body)
        except ValueError:
            said = body[:200].decode(errors="replace")
        return {"status": answer.status, "said": said}

    def _say(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: Envoy keeps the access log."""


def main() -> None:
    """Serve until ended by a signal."""
    Shop.settings = Settings(sys.argv[1])
    ThreadingHTTPServer.daemon_threads = True
    ThreadingHTTPServer(("", Shop.settings.now()["port"]), Shop).serve_forever()


if __name__ == "__main__":
    main()
