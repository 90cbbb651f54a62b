"""The pods of any namespace whose annotations name a process of the sandbox."""

from opskit.sandbox.keeper.annotations import kept
from opskit.sandbox.keeper.commands import command_of
from opskit.sandbox.keeper.probing import answers
from opskit.sandbox.kube import KubeApi
from opskit.sandbox.kubelet.duty import PodProcess
from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site


class KeptPods:
    """The duty of the keeper.

    Args:
        site: the sandbox.
        api: its API server.

    """

    grace = 10.0

    def __init__(self, site: Site, api: KubeApi) -> None:
        self._site = site
        self._api = api

    def pods(self) -> list[PodProcess]:
        """All pods with the annotations."""
        found = [(pod, kept(pod)) for pod in self._api.items("/api/v1/pods")]
        return [
            PodProcess(pod=pod, process=own.daemon, address=own.address)
            for pod, own in found
            if own is not None
        ]

    def command(self, process: str) -> Command | None:
        """As `up` started it."""
        return command_of(self._site, process)

    def ready(self, behind: PodProcess) -> bool:
        """Whether the pod's probe succeeds."""
        own = kept(behind.pod)
        return own is not None and answers(own.probe)
