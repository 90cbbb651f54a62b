"""The members of one real etcd: processes on loopback, added as learners and promoted."""

import shutil

import msgspec

from opskit.core.errors import ToolFailed
from opskit.sandbox.binaries import require
from opskit.sandbox.files import private_folder
from opskit.sandbox.pins import program
from opskit.sandbox.processes import Command
from opskit.sandbox.running import run
from opskit.sandbox.site import Site

ADDRESS = "127.0.0.1"


class Listed(msgspec.Struct, frozen=True):
    """A member, as etcd lists it."""

    id: int = msgspec.field(name="ID", default=0)
    name: str = ""
    learner: bool = msgspec.field(name="isLearner", default=False)


class _List(msgspec.Struct, frozen=True):
    members: list[Listed] = msgspec.field(default_factory=list[Listed])


def process_name(namespace: str, member: str) -> str:
    """The process of a member: `etcd-shop-orders-0`."""
    return f"etcd-{namespace}-{member}"


def client_url(site: Site, namespace: str, member: str) -> str:
    """Where a member serves its clients."""
    return f"http://{ADDRESS}:{site.port(process_name(namespace, member))}"


def peer_url(site: Site, namespace: str, member: str) -> str:
    """Where a member serves its peers."""
    return f"http://{ADDRESS}:{site.port(process_name(namespace, member) + '-peer')}"


class Etcd:
    """One etcd cluster of the sandbox.

    Args:
        site: the sandbox.
        namespace: of its resource.

    """

    def __init__(self, site: Site, namespace: str) -> None:
        self.site = site
        self.namespace = namespace

    def alive(self, member: str) -> bool:
        """Whether the member's process runs."""
        return self.site.processes.alive(process_name(self.namespace, member))

    def start(self, member: str, *, peers: list[str], new: bool, version: str) -> None:
        """Start a member.

        Args:
            member: its name.
            peers: names of all members, itself among them.
            new: whether the cluster is made by this.
            version: of etcd; that of the minor before the pinned one, or the pinned one for any other.

        """
        folder = private_folder(self.site.folder("platform-etcd") / process_name(self.namespace, member))
        client, peer = (
            client_url(self.site, self.namespace, member),
            peer_url(self.site, self.namespace, member),
        )
        every = ",".join(f"{each}={peer_url(self.site, self.namespace, each)}" for each in peers)
        argv = (
            require("etcd-previous" if version == program("etcd-previous").version else "etcd"),
            f"--name={member}",
            f"--data-dir={folder}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster={every}",
            f"--initial-cluster-state={'new' if new else 'existing'}",
            f"--initial-cluster-token={self.namespace}",
            "--unsafe-no-fsync",
        )
        self.site.processes.start(
            process_name(self.namespace, member), Command(argv=argv, env={"GOGC": "50"})
        )

    def stop(self, member: str) -> None:
        """End a member's process, and forget it."""
        self.site.processes.stop(process_name(self.namespace, member), grace=2.0)

    def erase(self, member: str) -> None:
        """Remove a member's data."""
        folder = self.site.folder("platform-etcd") / process_name(self.namespace, member)
        shutil.rmtree(folder, ignore_errors=True)

    def ask(self, through: list[str], *words: str) -> str:
        """What etcdctl answers in JSON.

        Args:
            through: names of members that are asked.
            words: the command.

        Raises:
            ToolFailed: etcdctl failed.

        """
        endpoints = ",".join(client_url(self.site, self.namespace, each) for each in through)
        argv = [require("etcdctl"), f"--endpoints={endpoints}", "--command-timeout=3s", *words, "-w", "json"]
        return run(argv, deadline=8.0)

    def members(self, through: list[str]) -> list[Listed]:
        """All members.

        Raises:
            ToolFailed: there is no majority.

        """
        return msgspec.json.decode(self.ask(through, "member", "list"), type=_List).members

    def healthy(self, member: str) -> bool:
        """Whether a member takes part; a learner that runs is healthy."""
        if not self.alive(member):
            return False
        try:
            self.ask([member], "endpoint", "status")
        except ToolFailed:
            return False
        return True
