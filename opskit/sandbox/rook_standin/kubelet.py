"""The kubelet stand-in: behind each daemon's pod runs the real daemon, and the pod tells its true state."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from opskit.sandbox.kube import Json, KubeApi, covers
from opskit.sandbox.kwok_config import DAEMON
from opskit.sandbox.light import ceph, ceph_daemons, ceph_files
from opskit.sandbox.rook_standin.holds import Hold, hold_of, release
from opskit.sandbox.rook_standin.logs import PodLog
from opskit.sandbox.rook_standin.objects import NAMESPACE
from opskit.sandbox.rook_standin.podstatus import Container, pod_status
from opskit.sandbox.site import Site

_PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
_OPERATOR = "rook-ceph-operator"
_GRACE = 20.0


class Kubelet:
    """Runs the daemons of all nodes' pods.

    Args:
        site: the sandbox.
        api: its API server.

    """

    def __init__(self, site: Site, api: KubeApi) -> None:
        self._site = site
        self._api = api
        self._processes = site.processes
        self._containers: dict[str, Container] = {}
        self._logs: dict[str, PodLog] = {}
        self._pool = ThreadPoolExecutor(max_workers=8)

    def sync(self) -> None:
        """One pass over all pods."""
        pods = self._api.items(_PODS)
        daemons = [pod for pod in pods if _daemon(pod) and pod["spec"].get("nodeName")]
        self._stop_orphans({pod["metadata"]["uid"] for pod in daemons})
        for _ in self._pool.map(self._sync_pod, daemons):
            pass
        self._copy_logs(pods)

    def _stop_orphans(self, uids: set[str]) -> None:
        """End daemons whose pod was removed without waiting for them."""
        for daemon, container in list(self._containers.items()):
            if container.uid not in uids:
                self._stop(daemon)

    def _sync_pod(self, pod: Json) -> None:
        if hold_of(self._site, pod["spec"]["nodeName"]) is not None:
            return
        if pod["metadata"].get("deletionTimestamp"):
            self._finish(pod)
            return
        container = self._claim(pod)
        if container is not None:
            self._run(_daemon(pod), container)
            self._report(pod, container)

    def _finish(self, pod: Json) -> None:
        """Stop the daemon, then let the pod go."""
        daemon, uid = _daemon(pod), pod["metadata"]["uid"]
        if daemon in self._containers and self._containers[daemon].uid == uid:
            self._stop(daemon)
        self._logs.pop(uid, None)
        self._api.delete(f"{_PODS}/{pod['metadata']['name']}", grace=0, uid=uid)

    def _stop(self, daemon: str) -> None:
        self._processes.stop(ceph_daemons.process_name(daemon), grace=_GRACE)
        del self._containers[daemon]

    def _claim(self, pod: Json) -> Container | None:
        """The pod's container; None while another pod still has the daemon."""
        daemon, uid = _daemon(pod), pod["metadata"]["uid"]
        if daemon not in self._containers:
            process = ceph_daemons.process_name(daemon)
            adopted = self._processes.alive(process)
            self._containers[daemon] = container = Container(uid=uid)
            if adopted:
                container.begins(now=monotonic())
            self._logs[uid] = PodLog(self._site, self._api, pod, process=process, from_start=adopted)
        container = self._containers[daemon]
        return container if container.uid == uid else None

    def _run(self, daemon: str, container: Container) -> None:
        name, now = ceph_daemons.process_name(daemon), monotonic()
        if self._processes.alive(name):
            return
        if container.running:
            container.dies(now=now, exit_code=self._processes.exit_code(name))
        hold = self._hold(daemon, container)
        was_held, container.held = container.held, hold is not None and bool(hold.pod)
        if not container.held and (was_held or now >= container.next_start):
            env = hold.env if hold else {}
            self._processes.start(name, ceph_daemons.command(self._site, daemon, env=env))
            container.begins(now=now)

    def _hold(self, daemon: str, container: Container) -> Hold | None:
        """What holds the daemon. A new pod is a new chance: it frees what held the old one."""
        hold = hold_of(self._site, daemon)
        if hold is not None and hold.pod not in ("", container.uid):
            release(self._site, daemon)
            return None
        return hold

    def _report(self, pod: Json, container: Container) -> None:
        daemon = _daemon(pod)
        running = self._processes.alive(ceph_daemons.process_name(daemon))
        ready = running and ceph.answers(self._site, daemon=daemon)
        address = ceph_files.address(self._site, pod["spec"]["nodeName"])
        wanted = pod_status(pod, container, running=running, ready=ready, address=address)
        if not covers(pod["status"], wanted):
            self._api.patch(f"{_PODS}/{pod['metadata']['name']}/status", {"status": wanted})

    def _copy_logs(self, pods: list[Json]) -> None:
        for pod in pods:
            uid = pod["metadata"]["uid"]
            if pod["metadata"].get("labels", {}).get("app") == _OPERATOR and uid not in self._logs:
                self._logs[uid] = PodLog(
                    self._site, self._api, pod, process="rook-operator-stand-in", from_start=False
                )
        for log in list(self._logs.values()):
            log.copy()


def _daemon(pod: Json) -> str:
    return pod["metadata"].get("annotations", {}).get(DAEMON, "")
