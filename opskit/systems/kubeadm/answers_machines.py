"""What a node's own tools answer about the node, as far as it is used. Pure.

systemctl: https://www.freedesktop.org/software/systemd/man/latest/systemctl.html;
crictl: https://kubernetes.io/docs/tasks/debug/debug-cluster/crictl/;
openssl: https://docs.openssl.org/master/man1/openssl-x509/; df: POSIX.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from opskit.core.errors import BadAnswer
from opskit.core.findings import Data
from opskit.core.parts import Unread, known

RUNNING, EXITED = "CONTAINER_RUNNING", "CONTAINER_EXITED"
RUNTIMES = ("containerd", "crio")
SETTLED = timedelta(minutes=10)
"""After that long a run, kubelet starts to count a container's restarts anew."""


class Validity(Data, frozen=True):
    """From when until when a certificate is good."""

    begins: datetime
    ends: datetime


class Disk(Data, frozen=True):
    """A file system."""

    mount: str
    taken: int
    """Bytes."""
    free: int
    """Bytes that are left to what is not root."""

    @property
    def used(self) -> float:
        """Share, 0 to 1, as df counts it: without what is kept for root or for nobody."""
        return self.taken / (self.taken + self.free) if self.taken else 0.0


class ContainerName(msgspec.Struct, frozen=True, kw_only=True):
    """Name and attempt of a container."""

    name: str = ""
    attempt: int = 0


class Container(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One container of `crictl ps -a -o json`."""

    id: str = ""
    metadata: ContainerName = ContainerName()
    state: str = ""
    """`CONTAINER_RUNNING`, `CONTAINER_EXITED` …"""
    created_at: str = "0"
    """Nanoseconds since 1970."""

    @property
    def made(self) -> int:
        """When it was made, in nanoseconds since 1970."""
        return int(self.created_at) if self.created_at.isdecimal() else 0


class Containers(msgspec.Struct, frozen=True, kw_only=True):
    """`crictl ps -a -o json`."""

    containers: list[Container] | None = None


class Machine(Data, frozen=True):
    """A node, as its own tools see it. A part that could not be read is an `Unread`."""

    services: dict[str, str] | Unread
    """Service → `active`, `inactive`, `failed`, `activating` …"""
    client: Validity | Unread
    """The certificate that kubelet shows to the API server."""
    disks: list[Disk] | Unread
    manifests: list[str] | Unread
    """Static pods that have a manifest, e.g. `etcd`."""
    containers: list[Container] | Unread
    """Those of kube-system, also ended ones."""
    kubelet_log: list[str] | Unread = msgspec.field(default_factory=list[str])
    """Why it ended, by its log; asked for only where kubelet seems to be in trouble."""
    last_words: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    """Static pod that does not run, or was only just restarted → what it said when it ended."""

    @property
    def gaps(self) -> list[Unread]:
        """What it could not say; that a runtime which does not run shows no containers is no gap."""
        running = any(known(self.services, {}).get(each) == "active" for each in RUNTIMES)
        parts = (
            *(self.services, self.client, self.disks, self.manifests, self.kubelet_log),
            *((self.containers,) if running else ()),
        )
        return [each for each in parts if isinstance(each, Unread)]

    def runs(self, component: str) -> bool | None:
        """Whether a container of that name runs; None where that can't be told."""
        if isinstance(self.containers, Unread):
            return None
        return any(each.metadata.name == component and each.state == RUNNING for each in self.containers)

    def newest(self, component: str) -> Container | None:
        """The container of that name that was made last."""
        return next(iter(self._made(component)), None)

    def restarted(self, component: str, *, since: datetime) -> bool:
        """Whether what runs now ended before, and was started again after that moment."""
        last = self.newest(component)
        if last is None or last.state != RUNNING or last.metadata.attempt == 0:
            return False
        return last.made > since.timestamp() * 1e9

    def witnesses(self, component: str, *, now: datetime) -> list[Container]:
        """Containers whose logs may say why it does not run, or did not; those that ended first.

        The one that runs is the last of them: it may end, and take the others along, before it is asked.
        None where it runs and nothing says that it will not go on.
        """
        if self.runs(component) and not self.restarted(component, since=now - SETTLED):
            return []
        return sorted(self._made(component), key=lambda each: each.state != EXITED)

    def _made(self, component: str) -> list[Container]:
        """Containers of that name, the newest first."""
        held = [] if isinstance(self.containers, Unread) else self.containers
        own = [each for each in held if each.metadata.name == component]
        return sorted(own, key=lambda each: each.made, reverse=True)


def services(names: Sequence[str], text: str) -> dict[str, str]:
    """States of services, one a line in the order asked."""
    return dict(zip(names, (line.strip() for line in text.splitlines()), strict=False))


def validity(text: str) -> Validity:
    """`notBefore=Nov 25 07:35:42 2026 GMT` and `notAfter=…`.

    Raises:
        BadAnswer: it is something else.

    """
    found = dict(re.findall(r"^(notBefore|notAfter)=(.+)$", text, re.MULTILINE))
    try:
        return Validity(begins=_time(found["notBefore"]), ends=_time(found["notAfter"]))
    except (KeyError, ValueError) as error:
        raise BadAnswer(
            f"These are no dates of a certificate: {text[:80]!r}.", where="openssl x509 -dates"
        ) from error


def _time(text: str) -> datetime:
    return datetime.strptime(" ".join(text.split()), "%b %d %H:%M:%S %Y %Z").replace(tzinfo=UTC)


def disks(text: str) -> list[Disk]:
    """`df -P -k`, without its head; a file system once."""
    found: dict[str, Disk] = {}
    for line in text.splitlines()[1:]:
        words = line.split(None, 5)
        if len(words) == 6 and words[2].isdecimal() and words[3].isdecimal():
            disk = Disk(mount=words[5], taken=int(words[2]) * 1024, free=int(words[3]) * 1024)
            found.setdefault(words[0], disk)
    return list(found.values())


def fatal(text: str) -> list[str]:
    """Why a Kubernetes component ended, by its log; the newest last. Nothing where it was only stopped."""
    wanted = re.compile(r'[EF]\d{4} .*"command failed"|F\d{4} |Error: |error: |panic: ')
    return list(dict.fromkeys(_message(line) for line in text.splitlines() if wanted.match(line)))


def _message(line: str) -> str:
    """What a line of klog says, without time, thread and place."""
    text = line.partition("] ")[2] if re.match(r"[EF]\d{4} ", line) else line
    err = re.search(r'err="((?:[^"\\]|\\.)*)"', text)
    return (err[1].replace('\\"', '"') if err else text).strip()[:300]


def last_words(text: str, *, over: bool = True) -> str:
    """What a container said last: why it ended, else its last line.

    Args:
        text: its log.
        over: whether none runs; where one runs again, the last line of an orderly end is no reason.

    """
    lines = [line.strip()[:300] for line in text.splitlines() if line.strip()] if over else []
    told = fatal(text) or lines
    return told[-1] if told else ""
