"""The process `rook-operator-stand-in` of one sandbox: `python -m opskit.sandbox.rook_standin NAME`."""

import os
import sys
import threading
from collections.abc import Callable

import structlog

from opskit.core.errors import OpsError
from opskit.sandbox.control_plane import api
from opskit.sandbox.kubelet.kubelet import Kubelet
from opskit.sandbox.light import ceph_files
from opskit.sandbox.light.options import options_of
from opskit.sandbox.pins import program
from opskit.sandbox.rados import Rados
from opskit.sandbox.rook_standin.daemons import CephDaemons, OperatorLog
from opskit.sandbox.rook_standin.leases import renew_leases
from opskit.sandbox.rook_standin.operator import Operator
from opskit.sandbox.site import Site

_log = structlog.get_logger()


def main() -> None:
    """Run until ended by a signal."""
    site = Site(sys.argv[1])
    pods = api(site, user="kubelet", manager="kubelet")
    kubelet, log = Kubelet(site, pods, CephDaemons(site, pods)), OperatorLog(site, pods)
    nodes = api(site, user="kubelet", manager="kubelet")
    version = program("kube-apiserver").version
    loops = {
        "kubelet": (kubelet.sync, 0.4),
        "operator's log": (log.copy, 1.0),
        "leases": (lambda: renew_leases(site, nodes, version=version), 4.0),
        "operator": (_Operating(site), 1.5),
    }
    threading.excepthook = _end_on_defect
    threads = [
        threading.Thread(target=_forever, args=(name, act, every), daemon=True)
        for name, (act, every) in loops.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class _Operating:
    """The operator's loop; its connection to Ceph is made anew when it broke."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._operator: Operator | None = None

    def __call__(self) -> None:
        if self._operator is None:
            rados = Rados(ceph_files.conf(self._site), timeout=20.0)
            self._operator = Operator(
                self._site, api(self._site, user="rook", manager="rook"), rados, options_of(self._site)
            )
        self._operator.reconcile()


def _end_on_defect(failure: threading.ExceptHookArgs) -> None:
    """A loop that broke takes the process with it: `status` shows that, a silent thread would not be seen."""
    threading.__excepthook__(failure)
    os._exit(1)


def _forever(name: str, act: Callable[[], None], every: float) -> None:
    said = ""
    pause = threading.Event()
    while True:
        try:
            act()
            said = ""
        except OpsError as error:
            if str(error) != said:
                said = str(error)
                _log.warning("pass failed", loop=name, error=said)
        pause.wait(every)


if __name__ == "__main__":
    main()
