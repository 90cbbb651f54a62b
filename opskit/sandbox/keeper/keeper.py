"""Behind each kept pod runs the real process, and the pod tells its true state."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from opskit.sandbox.keeper.annotations import Kept, kept
from opskit.sandbox.keeper.commands import command_of
from opskit.sandbox.keeper.probing import answers
from opskit.sandbox.kube import Json, KubeApi, covers
from opskit.sandbox.processes import Command
from opskit.sandbox.rook_standin.holds import hold_of
from opskit.sandbox.rook_standin.logs import PodLog
from opskit.sandbox.rook_standin.podstatus import Container, pod_status
from opskit.sandbox.site import Site

_GRACE = 10.0


class Keeper:
    """Runs the processes of all kept pods, as kubelets would.

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
        pods = [(pod, own) for pod in self._api.items("/api/v1/pods") if (own := kept(pod)) is not None]
        self._stop_orphans({own.uid for _, own in pods})
        for done in [self._pool.submit(self._sync_pod, pod, own) for pod, own in pods]:
            done.result()
        for log in list(self._logs.values()):
            log.copy()

    def _stop_orphans(self, uids: set[str]) -> None:
        """End processes whose pod was removed without waiting for them."""
        for daemon, container in list(self._containers.items()):
            if container.uid not in uids:
                self._stop(daemon)

    def _sync_pod(self, pod: Json, own: Kept) -> None:
        if pod["metadata"].get("deletionTimestamp"):
            self._finish(own)
            return
        container = self._claim(pod, own)
        if container is not None:
            self._run(own.daemon, container)
            self._report(pod, own, container)

    def _finish(self, own: Kept) -> None:
        """Stop the process, then let the pod go."""
        if own.daemon in self._containers and self._containers[own.daemon].uid == own.uid:
            self._stop(own.daemon)
        self._logs.pop(own.uid, None)
        self._api.delete(f"{_pods(own)}/{own.name}", grace=0, uid=own.uid)

    def _stop(self, daemon: str) -> None:
        if command_of(self._site, daemon) is not None:
            self._processes.stop(daemon, grace=_GRACE)
        del self._containers[daemon]

    def _claim(self, pod: Json, own: Kept) -> Container | None:
        """The pod's container; None while another pod still has the process."""
        if own.daemon not in self._containers:
            adopted = self._processes.alive(own.daemon)
            self._containers[own.daemon] = container = Container(uid=own.uid)
            if adopted:
                container.begins(now=monotonic())
            log = PodLog(self._site, self._api, pod, process=own.daemon, from_start=adopted)
            self._logs[own.uid] = log
        container = self._containers[own.daemon]
        return container if container.uid == own.uid else None

    def _run(self, daemon: str, container: Container) -> None:
        now = monotonic()
        if self._processes.alive(daemon):
            if not container.running:
                # `up` started it after its pod was claimed.
                container.begins(now=now)
            return
        if container.running:
            container.dies(now=now, exit_code=self._processes.exit_code(daemon))
        command, hold = command_of(self._site, daemon), hold_of(self._site, daemon)
        if command is None or (hold is not None and not hold.env) or now < container.next_start:
            return
        env = {**command.env, **(hold.env if hold else {})}
        self._processes.start(daemon, Command(argv=command.argv, env=env))
        container.begins(now=now)

    def _report(self, pod: Json, own: Kept, container: Container) -> None:
        running = self._processes.alive(own.daemon)
        ready = running and answers(own.probe)
        wanted = pod_status(pod, container, running=running, ready=ready, address=own.address)
        if not covers(pod["status"], wanted):
            self._api.patch(f"{_pods(own)}/{own.name}/status", {"status": wanted})


def _pods(own: Kept) -> str:
    return f"/api/v1/namespaces/{own.namespace}/pods"
