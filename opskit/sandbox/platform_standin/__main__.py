"""The process `platform-stand-in` of one sandbox: `python -m opskit.sandbox.platform_standin NAME`."""

import os
import sys
import threading
from collections.abc import Callable

import structlog

from opskit.core.errors import OpsError
from opskit.sandbox.control_plane import api
from opskit.sandbox.platform.clusters import FLAVOURS
from opskit.sandbox.platform_standin.etcd_operator import EtcdOperator
from opskit.sandbox.platform_standin.router import admit_routes, carry_out_plans
from opskit.sandbox.site import Site

_log = structlog.get_logger()


def main() -> None:
    """Run until ended by a signal."""
    site = Site(sys.argv[1])
    router, olm = api(site, manager="openshift-router"), api(site, manager="catalog-operator")
    loops: dict[str, Callable[[], None]] = {
        "router": lambda: admit_routes(router),
        "olm": lambda: carry_out_plans(olm),
    }
    for flavour in FLAVOURS:
        loops[flavour.group] = EtcdOperator(site, api(site, manager=flavour.operator), flavour).reconcile
    threading.excepthook = _end_on_defect
    threads = [threading.Thread(target=_forever, args=each, daemon=True) for each in loops.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _end_on_defect(failure: threading.ExceptHookArgs) -> None:
    """A loop that broke takes the process with it: `status` shows that, a silent thread would not be seen."""
    threading.__excepthook__(failure)
    os._exit(1)


def _forever(name: str, act: Callable[[], None]) -> None:
    said, pause = "", threading.Event()
    while True:
        try:
            act()
            said = ""
        except OpsError as error:
            if str(error) != said:
                said = str(error)
                _log.warning("pass failed", loop=name, error=said)
        pause.wait(0.7)


if __name__ == "__main__":
    main()
