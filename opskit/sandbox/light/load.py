"""A small, bounded client load on a sandbox's pool: `python -m opskit.sandbox.light.load NAME`."""

import sys
import threading
from itertools import cycle

from opskit.core.errors import OpsError
from opskit.sandbox.light import ceph_files
from opskit.sandbox.light.ceph import POOL
from opskit.sandbox.rados import Rados
from opskit.sandbox.site import Site

_CLIENTS, _OBJECTS, _BYTES, _PAUSE = 12, 24, 4096, 0.05


def main() -> None:
    """Overwrite the same objects again and again until ended by a signal."""
    site = Site(sys.argv[1])
    rados = Rados(ceph_files.conf(site), timeout=120.0)
    for client in range(_CLIENTS):
        threading.Thread(target=_write, args=(rados, client), daemon=True).start()
    threading.Event().wait()


def _write(rados: Rados, client: int) -> None:
    pause = threading.Event()
    for number in cycle(range(_OBJECTS)):
        try:
            rados.put(POOL, {f"load.{client:02}.{number:02}": bytes(_BYTES)})
        except OpsError as error:
            print(error, file=sys.stderr, flush=True)
            pause.wait(1.0)
        pause.wait(_PAUSE)


if __name__ == "__main__":
    main()
