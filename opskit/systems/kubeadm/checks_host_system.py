"""Whether a machine's system is prepared for kubelet: runtime, cgroups, swap, ports, network, clock. Pure.

Follows https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/install-kubeadm/.
"""

from opskit.core.parts import Unread, known
from opskit.core.wording import some
from opskit.systems.kubeadm.answers_hosts import Kubelet
from opskit.systems.kubeadm.judging_hosts import Asked, Told, unknown

PLANE_PORTS = (6443, 2379, 2380, 10250, 10257, 10259)
WORKER_PORTS = (10250, 10256)
OWN = ("kube", "etcd")
"""How the processes begin that a node itself has on these ports."""
MOST_AHEAD = 60.0
"""Seconds between two clocks; certificates and tokens begin to fail at a few minutes."""


def swap(asked: Asked) -> Told:
    """Kubelet does not start while there is swap, unless it was told that it may."""
    held, command = asked.host.swap, "swapon --show"
    if isinstance(held, Unread):
        return unknown("swap", held, command)
    if not held:
        return Told(check="swap", verdict="good", told="off", command=command)
    allowed = known(asked.host.kubelet, Kubelet()).swap_allowed
    return Told(
        check="swap",
        verdict="doubtful" if allowed else "bad",
        told=f"on: {some(held)}" + ("; kubelet allows it (failSwapOn: false)" if allowed else ""),
        command=command,
        remedy="`swapoff -a`, and take it out of /etc/fstab.",
    )


def ports(asked: Asked) -> Told:
    """The ports of a node's components are free, or theirs."""
    held, command = asked.host.listeners, "ss -ltnp"
    if isinstance(held, Unread):
        return unknown("ports", held, command)
    wanted = PLANE_PORTS if asked.plane else WORKER_PORTS
    taken = [each for each in held if each.port in wanted and not each.process.startswith(OWN)]
    if not taken:
        return Told(
            check="ports", verdict="good", told=f"{some(map(str, wanted))} free or its own", command=command
        )
    unnamed = all(not each.process for each in taken)
    return Told(
        check="ports",
        verdict="doubtful" if unnamed and asked.is_joined else "bad",
        told="; ".join(
            f"{each.port} is held by {each.process or 'a process that ss may not name'}" for each in taken
        ),
        command=command,
        remedy="Stop or move what holds them.",
    )


def forwarding(asked: Asked) -> Told:
    """Packets of pods are forwarded."""
    return _switched_on(
        asked,
        check="forwarding",
        setting="net.ipv4.ip_forward",
        otherwise="bad",
        remedy="Set net.ipv4.ip_forward=1 in /etc/sysctl.d, and `sysctl --system`.",
    )


def bridge(asked: Asked) -> Told:
    """Bridged packets pass the packet filter, as most pod networks and kube-proxy's iptables mode want."""
    return _switched_on(
        asked,
        check="br_netfilter",
        setting="net.bridge.bridge-nf-call-iptables",
        absent="absent: br_netfilter is not loaded",
        otherwise="doubtful",
        remedy="`modprobe br_netfilter`, also in /etc/modules-load.d, and the setting in /etc/sysctl.d.",
    )


def _switched_on(
    asked: Asked, *, check: str, setting: str, otherwise: str, remedy: str, absent: str = "absent"
) -> Told:
    held, command = asked.host.sysctls, f"sysctl {setting}"
    if isinstance(held, Unread):
        return unknown(check, held, command)
    value = held.get(setting.replace(".", "/"), absent)
    return Told(
        check=check,
        verdict="good" if value == "1" else otherwise,
        told=f"{setting} is {value}",
        command=command,
        remedy="" if value == "1" else remedy,
    )


def runtime(asked: Asked) -> Told:
    """A container runtime answers at its socket."""
    held, command = asked.host.runtime, "crictl info"
    if isinstance(held, Unread):
        if held.error == "ToolFailed":
            return Told(
                check="runtime",
                verdict="bad",
                told="no answer at its socket",
                command=command,
                remedy="`systemctl status containerd` (or crio); /etc/crictl.yaml names the socket.",
            )
        return unknown("runtime", held, command)
    return Told(
        check="runtime",
        verdict="good" if held.ready else "bad",
        told="ready" if held.ready else f"not ready: {held.told}",
        command=command,
        remedy="" if held.ready else "`journalctl -u containerd -n 100` (or crio).",
    )


def driver(asked: Asked) -> Told:
    """Kubelet and container runtime use the same cgroup driver."""
    command = "crictl info | grep -i systemdcgroup; grep cgroupDriver /var/lib/kubelet/config.yaml"
    held = asked.host.runtime
    if isinstance(held, Unread) or not held.driver:
        said = held if isinstance(held, Unread) else None
        return unknown("cgroup driver", said, command)
    configured = known(asked.host.kubelet, Kubelet()).driver
    wanted, same = configured or "systemd", held.driver == (configured or "systemd")
    whose = "kubelet's" if configured else "kubeadm's default for kubelet"
    return Told(
        check="cgroup driver",
        verdict="good" if same else "bad" if configured else "doubtful",
        told=f"runtime {held.driver}, {whose} {wanted}",
        command=command,
        remedy=""
        if same
        else f"Set SystemdCgroup = {str(wanted == 'systemd').lower()} in the runtime's configuration.",
    )


def cgroups(asked: Asked) -> Told:
    """The hierarchy is of version 2: kubelet 1.35 and later refuses version 1 unless told otherwise."""
    held, command = asked.host.cgroups, "stat -fc %T /sys/fs/cgroup"
    if isinstance(held, Unread):
        return unknown("cgroups", held, command)
    return Told(
        check="cgroups",
        verdict="good" if held == 2 else "doubtful",
        told=f"version {held}",
        command=command,
        remedy=""
        if held == 2
        else "Boot with systemd.unified_cgroup_hierarchy=1; else kubelet needs failCgroupV1: false.",
    )


def time(asked: Asked) -> Told:
    """The clock is right, and kept so."""
    host, command = asked.host, "timedatectl"
    if isinstance(host.ahead, float) and abs(host.ahead) > MOST_AHEAD:
        way = "ahead of" if host.ahead > 0 else "behind"
        return Told(
            check="time",
            verdict="bad",
            told=f"{abs(host.ahead):,.0f} s {way} this machine's clock",
            command="date -u",
            remedy="Start chrony or systemd-timesyncd, and step the clock before the node joins.",
        )
    if isinstance(host.synchronized, Unread):
        return unknown("time", host.synchronized, command)
    return Told(
        check="time",
        verdict="good" if host.synchronized else "doubtful",
        told="follows a time server" if host.synchronized else "right now, and follows no time server",
        command=command,
        remedy="" if host.synchronized else "Start chrony or systemd-timesyncd.",
    )
