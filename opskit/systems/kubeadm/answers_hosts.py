"""What a machine that is to become a node answers: what kubeadm's preflight rests on. Pure.

Follows https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/install-kubeadm/.
"""

import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from opskit.core.answers import decoder_for
from opskit.core.errors import BadAnswer
from opskit.core.findings import Data
from opskit.core.parts import Unread
from opskit.systems.kubeadm.versions import Version


class Listener(Data, frozen=True):
    """A TCP port that is taken."""

    port: int
    process: str
    """Empty where `ss` may not say it."""


class Runtime(Data, frozen=True):
    """What the container runtime says at its socket."""

    ready: bool
    told: str
    driver: str
    """`systemd` or `cgroupfs`; empty where it does not say."""


class Kubelet(Data, frozen=True):
    """What kubelet's configuration says; empty strings where there is none yet."""

    driver: str = ""
    swap_allowed: bool = False


class Host(Data, frozen=True):
    """A machine. A part that could not be read is an `Unread`."""

    name: str | Unread
    """As `uname -n` says."""
    swap: list[str] | Unread
    """Devices and files."""
    listeners: list[Listener] | Unread
    sysctls: dict[str, str] | Unread
    """Path below /proc/sys → value; one that does not exist is absent."""
    runtime: Runtime | Unread
    kubelet: Kubelet | Unread
    cgroups: int | Unread
    """Version of the hierarchy, 1 or 2."""
    synchronized: bool | Unread
    """Whether the clock follows a time server."""
    ahead: float | Unread
    """Seconds that the clock is ahead of this machine's."""
    uuid: str | Unread
    """The board's `product_uuid`."""
    macs: list[str] | Unread
    """Of its own network cards."""
    cpus: int | Unread
    memory: int | Unread
    """Bytes."""
    kubeadm: Version | Unread | None
    leftovers: list[str] | Unread
    """Files of an earlier cluster."""
    addresses: list[str] | Unread
    """What its own name resolves to."""
    endpoint: list[str] | Unread
    """What the name of the control plane's endpoint resolves to."""


def swap(text: str) -> list[str]:
    """`/proc/swaps`."""
    return [line.split()[0] for line in text.splitlines()[1:] if line.split()]


def listeners(text: str) -> list[Listener]:
    """`ss -Hltnp`, a port once."""
    found: dict[int, str] = {}
    for line in text.splitlines():
        words = line.split()
        port = words[3].rpartition(":")[2] if len(words) > 3 else ""
        if port.isdecimal():
            told = re.search(r'\(\("([^"]+)"', line)
            found[int(port)] = found.get(int(port)) or (told[1] if told else "")
    return [Listener(port=port, process=process) for port, process in sorted(found.items())]


def sysctls(text: str) -> dict[str, str]:
    """`grep -sH "" /proc/sys/…`."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        path, colon, value = line.partition(":")
        if colon:
            found[path.removeprefix("/proc/sys/")] = value.strip()
    return found


class _Condition(msgspec.Struct, frozen=True):
    type: str = ""
    status: bool = False
    reason: str = ""
    message: str = ""


class _Status(msgspec.Struct, frozen=True):
    conditions: list[_Condition] = []


class _Info(msgspec.Struct, frozen=True):
    status: _Status = _Status()
    config: Any = None


def runtime(text: str) -> Runtime:
    """`crictl info`, of containerd or CRI-O.

    Raises:
        BadAnswer: it is no JSON.

    """
    try:
        info = decoder_for(_Info).decode(text)
    except msgspec.MsgspecError as error:
        raise BadAnswer(f"`crictl info` can't be used: {error}.", where="crictl info") from error
    ready = next((each for each in info.status.conditions if each.type == "RuntimeReady"), _Condition())
    return Runtime(
        ready=ready.status, told=f"{ready.reason} {ready.message}".strip(), driver=_driver(info.config)
    )


def _driver(config: Any) -> str:
    """Containerd says for each of its runtimes whether it uses systemd; CRI-O has one setting."""
    held = msgspec.to_builtins(config)
    if not isinstance(held, dict):
        return ""
    if isinstance(manager := held.get("cgroupManager") or held.get("cgroup_manager"), str):
        return manager
    told = _find(held, "SystemdCgroup") or _find(held, "systemdCgroup")
    return "" if not told else "systemd" if any(told) else "cgroupfs"


def _find(held: Any, key: str) -> list[bool]:
    """Every boolean of that name, at any depth."""
    if isinstance(held, dict):
        own = [held[key]] if isinstance(held.get(key), bool) else []
        return own + [found for each in held.values() for found in _find(each, key)]
    return [found for each in held for found in _find(each, key)] if isinstance(held, list) else []


def kubelet(text: str) -> Kubelet:
    """The lines `cgroupDriver: …` and `failSwapOn: …` of kubelet's configuration."""
    told = dict(re.findall(r"^(cgroupDriver|failSwapOn):\s*\"?(\w+)", text, re.MULTILINE))
    return Kubelet(driver=told.get("cgroupDriver", ""), swap_allowed=told.get("failSwapOn") == "false")


def synchronized(text: str) -> bool:
    """`timedatectl show -p NTPSynchronized`."""
    return "NTPSynchronized=yes" in text


def clock(text: str) -> datetime:
    """`date -u +%s`.

    Raises:
        BadAnswer: it is no number.

    """
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise BadAnswer(f"{text[:40]!r} is no time.", where="date -u +%s") from error


class _Link(msgspec.Struct, frozen=True):
    ifname: str = ""
    link_type: str = ""
    address: str = ""
    linkinfo: Any = None


_MADE = (
    "veth",
    "cali",
    "cni",
    "docker",
    "flannel",
    "kube-ipvs",
    "nodelocaldns",
    "cilium",
    "lxc",
    "tunl",
    "vxlan",
)
"""How links begin that software made: the same address on two nodes is no harm there."""


def macs(text: str) -> list[str]:
    """`ip -json link`, without what pods and networks brought along.

    Raises:
        BadAnswer: it is no JSON.

    """
    try:
        links = decoder_for(list[_Link]).decode(text or "[]")
    except msgspec.MsgspecError as error:
        raise BadAnswer(f"`ip -json link` can't be used: {error}.", where="ip link") from error
    return [each.address for each in links if each.link_type == "ether" and not each.ifname.startswith(_MADE)]


def number(text: str) -> int:
    """`nproc`.

    Raises:
        BadAnswer: it is no number.

    """
    if not text.strip().isdecimal():
        raise BadAnswer(f"{text[:40]!r} is no number.", where="nproc")
    return int(text)


def memory(text: str) -> int:
    """Bytes in `/proc/meminfo`."""
    found = re.search(r"^MemTotal:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def addresses(text: str) -> list[str]:
    """`getent ahosts NAME`, each once."""
    return list(dict.fromkeys(line.split()[0] for line in text.splitlines() if line.split()))
