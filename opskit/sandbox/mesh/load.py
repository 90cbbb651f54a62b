"""A client with a bounded load, standard library only: `load.py SETTINGS`.

`SETTINGS` is a JSON file: `address`, `port`, `host`, `rate` (requests a second, at most 50), `report` (a file
that holds, once a second, how many answers of each sort there were).
"""

import http.client
import json
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

_CLIENTS, _FASTEST = 4, 50.0


def _ask(settings: dict[str, Any], counted: "Counter[str]") -> None:
    pause = _CLIENTS / min(_FASTEST, settings["rate"])
    while True:
        begin = time.monotonic()
        connection = http.client.HTTPConnection(settings["address"], settings["port"], timeout=5)
        try:
            connection.request("GET", "/", headers={"Host": settings["host"]})
            answer = connection.getresponse()
            answer.read()
            counted[str(answer.status)] += 1
        except (OSError, http.client.HTTPException) as error:
            counted[type(error).__name__] += 1
        finally:
            connection.close()
        time.sleep(max(0.0, pause - (time.monotonic() - begin)))


def main() -> None:
    """Ask again and again until ended by a signal."""
    settings = json.loads(Path(sys.argv[1]).read_text())
    report = Path(settings["report"])
    counted: Counter[str] = Counter()
    for _ in range(_CLIENTS):
        threading.Thread(target=_ask, args=(settings, counted), daemon=True).start()
    while True:
        time.sleep(1.0)
        temporary = report.with_suffix(".part")
        temporary.write_text(json.dumps(dict(counted)))
        temporary.replace(report)


if __name__ == "__main__":
    main()
