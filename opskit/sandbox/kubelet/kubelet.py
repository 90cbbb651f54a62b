"""The kubelet stand-in: behind each pod runs the real process, and the pod tells its true state."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from opskit.sandbox.kube import KubeApi, covers
from opskit.sandbox.kubelet.duty import Duty, PodProcess
from opskit.sandbox.kubelet.holds import Hold, hold_of, release
from opskit.sandbox.kubelet.logs import PodLog
from opskit.sandbox.kubelet.podstatus import Container, pod_status
from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site


class Kubelet:
    """Runs the processes of all pods of a duty, as their nodes' kubelets would.

    Args:
        site: the sandbox.
        api: its API server.
        duty: which pods, which processes.

    """

    def __init__(self, site: Site, api: KubeApi, duty: Duty) -> None:
        self._site = site
        self._api = api
        self._duty = duty
        self._processes = site.processes
        self._containers: dict[str, Container] = {}
        self._logs: dict[str, PodLog] = {}
        self._pool = ThreadPoolExecutor(max_workers=8)

    def sync(self) -> None:
        """One pass over all pods."""
        pods = self._duty.pods()
        self._stop_orphans({each.uid for each in pods})
        awake = [each for each in pods if not each.asleep]
        for done in [self._pool.submit(self._sync_pod, each) for each in awake]:
            done.result()
        for log in list(self._logs.values()):
            log.copy()

    def _stop_orphans(self, uids: set[str]) -> None:
        """End processes whose pod was removed without waiting for them."""
        for process, container in list(self._containers.items()):
            if container.uid not in uids:
                self._stop(process)
                self._logs.pop(container.uid, None)

    def _sync_pod(self, behind: PodProcess) -> None:
        if behind.pod["metadata"].get("deletionTimestamp"):
            self._finish(behind)
            return
        container = self._claim(behind)
        if container is not None:
            self._run(behind.process, container)
            self._report(behind, container)

    def _finish(self, behind: PodProcess) -> None:
        """Stop the process, then let the pod go."""
        container = self._containers.get(behind.process)
        if container is not None and container.uid == behind.uid:
            self._stop(behind.process)
        self._logs.pop(behind.uid, None)
        self._api.delete(behind.path, grace=0, uid=behind.uid)

    def _stop(self, process: str) -> None:
        if self._duty.command(process) is not None:
            self._processes.stop(process, grace=self._duty.grace)
        del self._containers[process]

    def _claim(self, behind: PodProcess) -> Container | None:
        """The pod's container; None while another pod still has the process."""
        process, uid = behind.process, behind.uid
        if process not in self._containers:
            adopted = self._processes.alive(process)
            self._containers[process] = container = Container(uid=uid)
            if adopted:
                container.begins(now=monotonic())
            self._logs[uid] = PodLog(self._site, self._api, behind.pod, process=process, from_start=adopted)
        container = self._containers[process]
        return container if container.uid == uid else None

    def _run(self, process: str, container: Container) -> None:
        now = monotonic()
        if self._processes.alive(process):
            if not container.running:
                # `up` started it after its pod was claimed.
                container.begins(now=now)
            return
        if container.running:
            container.dies(now=now, exit_code=self._processes.exit_code(process))
        command, hold = self._duty.command(process), self._hold(process, container)
        was_held, container.held = container.held, hold is not None and not hold.env
        if command is None or container.held or not (was_held or now >= container.next_start):
            return
        env = {**command.env, **(hold.env if hold else {})}
        self._processes.start(process, Command(argv=command.argv, env=env))
        container.begins(now=now)

    def _hold(self, process: str, container: Container) -> Hold | None:
        """What holds the process. A new pod is a new chance: it frees what held the old one."""
        hold = hold_of(self._site, process)
        if hold is not None and hold.pod not in ("", container.uid):
            release(self._site, process)
            return None
        return hold

    def _report(self, behind: PodProcess, container: Container) -> None:
        running = self._processes.alive(behind.process)
        ready = running and self._duty.ready(behind)
        wanted = pod_status(behind.pod, container, running=running, ready=ready, address=behind.address)
        if not covers(behind.pod["status"], wanted):
            self._api.patch(f"{behind.path}/status", {"status": wanted})
