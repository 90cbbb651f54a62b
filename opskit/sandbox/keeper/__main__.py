"""The process `kubelet-stand-in` of one sandbox: `python -m opskit.sandbox.keeper NAME`."""

import sys
import threading

import structlog

from opskit.core.errors import OpsError
from opskit.sandbox.control_plane import api
from opskit.sandbox.keeper.keeper import KeptPods
from opskit.sandbox.kubelet.kubelet import Kubelet
from opskit.sandbox.site import Site

_EVERY = 0.4
_log = structlog.get_logger()


def main() -> None:
    """Run until ended by a signal."""
    site = Site(sys.argv[1])
    pods = api(site, user="kubelet", manager="kubelet")
    kubelet = Kubelet(site, pods, KeptPods(site, pods))
    pause, said = threading.Event(), ""
    while True:
        try:
            kubelet.sync()
            said = ""
        except OpsError as error:
            if str(error) != said:
                said = str(error)
                _log.warning("pass failed", error=said)
        pause.wait(_EVERY)


if __name__ == "__main__":
    main()
