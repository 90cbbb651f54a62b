"""The status of a pod whose daemon is a real process. Pure."""

from dataclasses import dataclass

from opskit.sandbox.kube import Json
from opskit.sandbox.nodes import timestamp

_BACKOFF_STEP, _BACKOFF_MOST, _BACKOFF_FORGOTTEN = 10.0, 300.0, 600.0


@dataclass(kw_only=True)
class Container:
    """What the kubelet stand-in knows of a pod's daemon."""

    uid: str
    """Of the pod that runs it."""
    running: bool = False
    """Whether the daemon lived when last looked at."""
    since: float = 0.0
    """When it was last started, on the monotonic clock."""
    restarts: int = 0
    started: str = ""
    """When it was last started; empty: never."""
    ended: Json | None = None
    """How it last ended, as `lastState.terminated`."""
    crashes: int = 0
    """Deaths in a row, for the back-off."""
    next_start: float = 0.0
    """Not before this moment of the monotonic clock."""
    held: bool = False
    """Whether a fault forbids to start it."""

    def begins(self, *, now: float) -> None:
        """Note a start."""
        self.restarts += 1 if self.started else 0
        self.running, self.since, self.started = True, now, timestamp()

    def dies(self, *, now: float, exit_code: int | None) -> None:
        """Note a death and when the next start is due: at once, then 10 s, doubled up to 5 min.

        Args:
            now: of the monotonic clock.
            exit_code: negative for a signal; None where it is not known.

        """
        self.running = False
        self.crashes = 1 if now - self.since > _BACKOFF_FORGOTTEN else self.crashes + 1
        wait = 0.0 if self.crashes == 1 else min(_BACKOFF_STEP * 2 ** (self.crashes - 2), _BACKOFF_MOST)
        self.next_start = now + wait
        self.ended = {**_fate(exit_code), "startedAt": self.started, "finishedAt": timestamp()}


def _fate(exit_code: int | None) -> Json:
    if exit_code is None:
        # The kubelet's own words for a container whose end it did not see.
        return {"exitCode": 137, "reason": "ContainerStatusUnknown"}
    return {"exitCode": 128 - exit_code if exit_code < 0 else exit_code, "reason": "Error"}


def pod_status(pod: Json, container: Container, *, running: bool, ready: bool, address: str) -> Json:
    """The pod's status as it should be.

    Args:
        pod: as it is.
        container: what is known of its daemon.
        running: whether the daemon's process lives.
        ready: whether the daemon answers.
        address: the pod's address.

    """
    return {
        "phase": "Running" if container.started else "Pending",
        "hostIP": "127.0.0.1",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": pod["status"].get("startTime") or timestamp(),
        "conditions": _conditions(pod, ready=ready),
        "containerStatuses": [_container(pod, container, running=running, ready=ready)],
    }


def _conditions(pod: Json, *, ready: bool) -> list[Json]:
    wanted = {
        "PodReadyToStartContainers": True,
        "Initialized": True,
        "ContainersReady": ready,
        "Ready": ready,
    }
    old = {each["type"]: each for each in pod["status"].get("conditions") or []}
    conditions = [each for kind, each in old.items() if kind not in wanted]
    for kind, holds in wanted.items():
        value = "True" if holds else "False"
        same = kind in old and old[kind]["status"] == value
        moment = old[kind]["lastTransitionTime"] if same else timestamp()
        reason = {} if holds else {"reason": "ContainersNotReady"}
        conditions.append({"type": kind, "status": value, "lastTransitionTime": moment, **reason})
    return conditions


def _container(pod: Json, container: Container, *, running: bool, ready: bool) -> Json:
    spec = pod["spec"]["containers"][0]
    return {
        "name": spec["name"],
        "image": spec["image"],
        "imageID": "",
        "ready": ready,
        "started": running,
        "restartCount": container.restarts,
        "state": {"running": {"startedAt": container.started}}
        if running
        else {"waiting": _waiting(container)},
        "lastState": {"terminated": container.ended} if container.ended else {},
    }


def _waiting(container: Container) -> Json:
    if not container.started:
        return {"reason": "ContainerCreating"}
    return {"reason": "CrashLoopBackOff", "message": "back-off restarting failed container"}
