"""kubeadm's preflight, judged from what machines really answered; recorded on nodes of the sandbox."""

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opskit.core.errors import BadAnswer
from opskit.core.parts import Unread
from opskit.systems.kubeadm import answers_hosts as answers
from opskit.systems.kubeadm import answers_machines, checks_hosts, views
from opskit.systems.kubeadm.answers_hosts import Host, Kubelet, Listener, Runtime
from opskit.systems.kubeadm.hosts import Hosts
from opskit.systems.kubeadm.versions import Version
from tests.unit.kubeadm import scenes

RECORDED = Path(__file__).with_name("recorded")
FAILED = Unread(part="runtime", error="ToolFailed", reason="connection refused")
MISSING = Unread(part="uuid", error="ToolFailed", reason="No such file")


def recorded(name: str) -> str:
    return (RECORDED / name).read_text()


def host(**changed: Any) -> Host:
    """A control plane of the sandbox, on a machine with cgroup v2, time and a board's UUID."""
    seen: dict[str, Any] = {
        "name": "cp1",
        "swap": [],
        "listeners": answers.listeners(recorded("ss-control-plane.txt")),
        "sysctls": answers.sysctls(recorded("sysctls.txt")),
        "runtime": answers.runtime(recorded("crictl-info.json")),
        "kubelet": answers.kubelet(recorded("kubelet-config.txt")),
        "cgroups": 2,
        "synchronized": True,
        "ahead": 0.2,
        "uuid": "4c4c4544-0001",
        "macs": answers.macs(recorded("ip-link.json")),
        "cpus": 2,
        "memory": answers.memory(recorded("meminfo.txt")),
        "kubeadm": Version(1, 37, 2),
        "leftovers": [],
        "addresses": answers.addresses(recorded("ahosts.txt")),
        "endpoint": ["10.254.4.1"],
    }
    return Host(**{**seen, **changed})


def hosts(*, joined: Any = (), other: Host | None = None, **changed: Any) -> Hosts:
    told = {"cp1": host(**changed), **({"cp2": other} if other else {})}
    held = joined if isinstance(joined, Unread) else list(joined)
    return Hosts(hosts=told, joined=held, server=Version(1, 37, 2), endpoint="api.example.net")


def verdicts(asked: Hosts, *, plane: bool = True) -> dict[str, str]:
    told = checks_hosts.told(asked, control_planes=plane)
    return {each.check: each.verdict for node, each in told if node == "cp1" and each.verdict != "good"}


def node(name: str, uuid: str) -> Any:
    found = msgspec.to_builtins(scenes.node(name))
    found["status"]["nodeInfo"]["systemUUID"] = uuid
    return scenes.convert(type(scenes.node(name)), found)


def test_a_machine_that_is_prepared_is_fit() -> None:
    assert verdicts(hosts()) == {}
    assert set(views.preflight(hosts())["verdict"]) == {"good"}


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"swap": ["/dev/sda2"], "kubelet": Kubelet(driver="cgroupfs")}, {"swap": "bad"}),
        ({"swap": ["/dev/sda2"]}, {"swap": "doubtful"}),
        ({"listeners": [Listener(port=6443, process="haproxy")]}, {"ports": "bad"}),
        ({"listeners": [Listener(port=6443, process="")]}, {"ports": "bad"}),
        ({"listeners": [Listener(port=80, process="nginx")]}, {}),
        ({"sysctls": {"net/ipv4/ip_forward": "0"}}, {"forwarding": "bad", "br_netfilter": "doubtful"}),
        ({"runtime": FAILED}, {"runtime": "bad", "cgroup driver": "unknown"}),
        (
            {"runtime": Runtime(ready=False, told="ContainerdNotReady", driver="cgroupfs")},
            {"runtime": "bad"},
        ),
        ({"kubelet": Kubelet(driver="systemd")}, {"cgroup driver": "bad"}),
        ({"kubelet": Kubelet()}, {"cgroup driver": "doubtful"}),
        ({"cgroups": 1}, {"cgroups": "doubtful"}),
        ({"synchronized": False}, {"time": "doubtful"}),
        ({"ahead": -3600.0}, {"time": "bad"}),
        ({"name": "CP_1"}, {"name": "bad"}),
        ({"addresses": ["127.0.1.1"]}, {"name": "doubtful"}),
        ({"addresses": []}, {"name": "doubtful"}),
        ({"endpoint": []}, {"endpoint": "bad"}),
        ({"cpus": 1}, {"size": "bad"}),
        ({"memory": 1024**3}, {"size": "bad"}),
        ({"kubeadm": Version(1, 36, 3)}, {"kubeadm": "bad"}),
        ({"kubeadm": None}, {"kubeadm": "unknown"}),
        ({"leftovers": ["/var/lib/etcd/member"]}, {"leftovers": "bad"}),
        ({"uuid": MISSING}, {}),
        ({"uuid": MISSING, "macs": MISSING}, {"identity": "unknown"}),
    ],
)
def test_each_rule(changed: dict[str, Any], found: dict[str, str]) -> None:
    assert verdicts(hosts(**changed)) == found


def test_a_worker_needs_less() -> None:
    small = hosts(cpus=1, listeners=[Listener(port=6443, process="haproxy")])
    assert verdicts(small, plane=False) == {}


def test_two_machines_of_one_image_are_told_apart() -> None:
    clone = host(name="cp2", addresses=["10.0.0.2"])
    assert verdicts(hosts(other=clone)) == {"identity": "bad"}
    other = host(name="cp2", uuid="another", macs=answers.macs(recorded("ip-link-worker.json")))
    assert verdicts(hosts(other=other)) == {}
    assert verdicts(hosts(other=host(uuid="another", macs=["02:00:00:00:00:01"]))) == {"name": "bad"}


def test_a_node_of_the_cluster_may_have_its_own_files_and_nobody_elses_board() -> None:
    files = ["/etc/kubernetes/kubelet.conf"]
    assert verdicts(hosts(joined=[scenes.node("cp1")], leftovers=files)) == {}
    assert verdicts(hosts(joined=[node("w9", "4C4C4544-0001")])) == {"identity": "bad"}
    assert verdicts(hosts(joined=MISSING, leftovers=files)) == {"leftovers": "unknown"}


def test_a_machine_that_does_not_answer_is_one_line() -> None:
    asked = Hosts(hosts={"cp1": MISSING}, joined=[], server=None, endpoint="")
    assert verdicts(asked) == {"ssh": "unknown"}


def test_findings_carry_the_command_and_what_next() -> None:
    found = checks_hosts.preflight(
        hosts(swap=["/swapfile"], kubelet=Kubelet(driver="cgroupfs"), cgroups=1), control_planes=True
    )
    assert [each.code for each in found] == ["kubeadm/HOST_SWAP", "kubeadm/HOST_CGROUPS"]
    assert all(each.remedy and each.evidence[0].command for each in found)


def test_recorded_answers_are_read() -> None:
    assert answers.runtime(recorded("crictl-info.json")).driver == "cgroupfs"
    assert {each.port for each in answers.listeners(recorded("ss-control-plane.txt"))} >= {6443, 2379, 10250}
    (disk,) = answers_machines.disks(recorded("df.txt"))
    assert (disk.mount, round(disk.used, 2)) == ("/var/lib/kubelet", 0.42)
    dates = answers_machines.validity(recorded("kubelet-client.txt"))
    assert (dates.begins.year, dates.ends.year) == (2026, 2027)
    log = recorded("kubelet-expired.txt")
    assert "unable to load bootstrap kubeconfig" in answers_machines.fatal(log)[-1]
    assert answers_machines.fatal("\n".join(log.splitlines()[:-1])) == []
    assert answers.clock("1795594603.844036850") == datetime.fromtimestamp(1795594603.84403685, UTC)


@pytest.mark.parametrize("read", [answers.macs, answers.runtime, answers.clock, answers.number])
@given(text=st.text())
@example(text="²")
def test_whatever_comes_is_read_or_refused(read: Any, text: str) -> None:
    with contextlib.suppress(BadAnswer):
        read(text)


@given(text=st.text())
@example(text="²")
def test_text_is_never_refused(text: str) -> None:
    for read in (
        *(answers.swap, answers.listeners, answers.sysctls, answers.kubelet, answers.memory),
        *(answers_machines.disks, answers_machines.fatal, answers_machines.last_words),
    ):
        read(text)
