"""The pods of Ceph's daemons, and the log of the operator's."""

from opskit.sandbox.kube import Json, KubeApi
from opskit.sandbox.kubelet.duty import PodProcess
from opskit.sandbox.kubelet.holds import hold_of
from opskit.sandbox.kubelet.logs import PodLog
from opskit.sandbox.kwok_config import DAEMON
from opskit.sandbox.light import ceph, ceph_daemons, ceph_files
from opskit.sandbox.processes import Command
from opskit.sandbox.rook_standin.objects import NAMESPACE
from opskit.sandbox.site import Site

_PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
_OPERATOR, _PROCESS = "rook-ceph-operator", "rook-operator-stand-in"


class CephDaemons:
    """The kubelets' duty in Rook's namespace.

    Args:
        site: the sandbox.
        api: its API server.

    """

    grace = 20.0

    def __init__(self, site: Site, api: KubeApi) -> None:
        self._site = site
        self._api = api

    def pods(self) -> list[PodProcess]:
        """All pods of daemons that are on a node."""
        pods = self._api.items(_PODS)
        return [self._behind(pod) for pod in pods if _daemon(pod) and pod["spec"].get("nodeName")]

    def _behind(self, pod: Json) -> PodProcess:
        node = pod["spec"]["nodeName"]
        return PodProcess(
            pod=pod,
            process=ceph_daemons.process_name(_daemon(pod)),
            address=ceph_files.address(self._site, node),
            asleep=hold_of(self._site, node) is not None,
        )

    def command(self, process: str) -> Command | None:
        """Each daemon's own."""
        return ceph_daemons.command(self._site, ceph_daemons.daemon_of(process))

    def ready(self, behind: PodProcess) -> bool:
        """Whether the daemon says that it works."""
        return ceph.answers(self._site, daemon=_daemon(behind.pod))


class OperatorLog:
    """Copies what the operator's stand-in writes into the log of the operator's pod.

    Args:
        site: the sandbox.
        api: its API server.

    """

    def __init__(self, site: Site, api: KubeApi) -> None:
        self._site = site
        self._api = api
        self._logs: dict[str, PodLog] = {}

    def copy(self) -> None:
        """Copy what is new; a new pod begins with what is written from then on."""
        pods = self._api.items(f"{_PODS}?labelSelector=app%3D{_OPERATOR}")
        self._logs = {pod["metadata"]["uid"]: self._log(pod) for pod in pods}
        for log in self._logs.values():
            log.copy()

    def _log(self, pod: Json) -> PodLog:
        known = self._logs.get(pod["metadata"]["uid"])
        return known or PodLog(self._site, self._api, pod, process=_PROCESS, from_start=False)


def _daemon(pod: Json) -> str:
    return pod["metadata"].get("annotations", {}).get(DAEMON, "")
