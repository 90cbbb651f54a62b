"""What a kubelet stand-in has to be told: which pods, which processes."""

from typing import Protocol

import msgspec

from opskit.sandbox.kube import Json
from opskit.sandbox.processes import Command


class PodProcess(msgspec.Struct, frozen=True, kw_only=True):
    """A pod, and the process that stands behind it."""

    pod: Json
    process: str
    """Its name in the sandbox."""
    address: str
    """The pod's address."""
    asleep: bool = False
    """The pod's node is switched off: nothing is started, stopped or told."""

    @property
    def uid(self) -> str:
        """The pod's UID."""
        return self.pod["metadata"]["uid"]

    @property
    def path(self) -> str:
        """The pod's path in the API."""
        meta = self.pod["metadata"]
        return f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"


class Duty(Protocol):
    """Whose processes are kept."""

    grace: float
    """Seconds that a process has to end by itself."""

    def pods(self) -> list[PodProcess]:
        """All pods that are on a node and have a process of this duty."""
        ...

    def command(self, process: str) -> Command | None:
        """How the process is started; None of one that only `up` starts and `down` ends."""
        ...

    def ready(self, behind: PodProcess) -> bool:
        """Whether the process, which lives, answers."""
        ...
