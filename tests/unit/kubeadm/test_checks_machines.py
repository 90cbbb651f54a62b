"""What nodes say over SSH, and what of the API server's own view it explains."""

from datetime import timedelta
from typing import Any

import pytest

from opskit.core.findings import Finding, Severity
from opskit.core.parts import Unread
from opskit.systems.kubeadm import answers
from opskit.systems.kubeadm.answers_machines import Disk, Validity
from opskit.systems.kubeadm.checks import check
from tests.unit.kubeadm import scenes
from tests.unit.kubeadm.scenes import NOW, PLANES, facts, node
from tests.unit.kubeadm.test_checks import away, codes, on, planes, sick

SILENT = Unread(part="the API server", error="Unreachable", reason="The connection was refused.")
UNHEARD = Unread(part="node", error="Unreachable", reason="No route to host.")
OVER = Validity(begins=NOW - timedelta(days=366), ends=NOW - timedelta(days=1))
LATE = Validity(begins=NOW - timedelta(days=350), ends=NOW + timedelta(days=15))
DOWN = {"kubelet": "inactive", "containerd": "active", "crio": "inactive"}
NO_RUNTIME = {"kubelet": "active", "containerd": "failed", "crio": "inactive"}
WORDS = "command failed: unrecognized feature gate: NoSuchGate"
NOSPACE = answers.Alarms(alarms=[answers.Alarm(member_id=1, alarm=1)])
FULL_HEALTH = [answers.Health(endpoint="https://cp1:2379", error="Active Alarm(s): NOSPACE")]


def without_api(machines: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """No API server answers: only what SSH tells is known."""
    parts = ("configuration", "nodes", "static_pods", "dns", "dns_pods", "budgets", "deprecated", "tokens")
    lost: dict[str, Any] = dict.fromkeys(parts, SILENT)
    return {"api": SILENT, "machines": machines, "served": {}, **lost, **changed}


def w1(**changed: Any) -> dict[str, Any]:
    """A worker that is not Ready and was asked why."""
    return {"nodes": planes(w1={"ready": "Unknown"}), "machines": {"w1": scenes.machine(**changed)}}


def dns_on(*hosts: str) -> dict[str, Any]:
    """Cluster DNS without a ready pod; where its pods are."""
    return {
        "dns": [scenes.deployment("coredns", replicas=2, ready=0)],
        "dns_pods": [scenes.pod(f"coredns-{number}", host) for number, host in enumerate(hosts)],
    }


def test_dns_names_the_node_that_holds_it() -> None:
    found = check(scenes.facts(**w1(services=DOWN), **dns_on("w1", "w1")))
    assert found[-1].cause == "All its pods are on w1, which is not Ready."


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        (w1(services=DOWN), ["KUBELET_STOPPED"]),
        (w1(services=NO_RUNTIME), ["RUNTIME_STOPPED"]),
        (w1(client=OVER), ["KUBELET_CERTIFICATE_EXPIRED"]),
        (w1(), ["NODE_NOT_READY"]),
        ({"machines": on("cp1", client=LATE)}, ["KUBELET_CERTIFICATE_NOT_ROTATED"]),
        ({"machines": on("cp1", disks=[Disk(mount="/", taken=91, free=9)])}, ["DISK_NEARLY_FULL"]),
        ({"machines": on("cp1", disks=[Disk(mount="/", taken=99, free=1)])}, ["DISK_FULL"]),
        ({"machines": on("cp1", disks=[Disk(mount="/", taken=0, free=0)])}, []),
        ({"machines": on("cp2", without=("kube-scheduler",))}, ["STATIC_POD_MISSING"]),
        ({"machines": on("cp2", ended={"kube-apiserver": WORDS})}, ["STATIC_POD_NOT_READY"]),
        (
            {
                "machines": on("cp2", ended={"etcd": "", "kube-apiserver": "", "kube-scheduler": ""}),
                "nodes": planes(cp2={"ready": "Unknown"}),
                "health": sick("cp2"),
            },
            ["ETCD_MEMBER_DOWN"],
        ),
        (
            {"machines": on("cp2", services=DOWN), "nodes": planes(cp2={"ready": "Unknown"})},
            ["KUBELET_STOPPED"],
        ),
        (
            {"alarms": NOSPACE, "health": FULL_HEALTH, "machines": on("cp1", ended={"kube-scheduler": "x"})},
            ["ETCD_NOSPACE"],
        ),
        ({"dns": [scenes.deployment("coredns", replicas=0, ready=0)]}, ["DNS_DOWN"]),
        ({"dns": [scenes.deployment("coredns", replicas=2, ready=1)]}, []),
        ({"dns": []}, []),
        (w1(services=DOWN) | dns_on("w1", "w1"), ["KUBELET_STOPPED", "DNS_DOWN"]),
        (w1() | dns_on("w1", "w1"), ["NODE_NOT_READY", "DNS_DOWN"]),
        (w1(services=DOWN) | dns_on("w1", "cp1"), ["DNS_DOWN", "KUBELET_STOPPED"]),
        (w1(services=DOWN) | dns_on(), ["DNS_DOWN", "KUBELET_STOPPED"]),
    ],
)
def test_a_node_says_why(changed: dict[str, Any], found: list[str]) -> None:
    assert codes(**changed) == found


@pytest.mark.parametrize(
    ("machines", "changed", "found"),
    [
        ({"cp1": scenes.machine(without=("etcd",))}, {}, ["STATIC_POD_MISSING"]),
        ({"cp1": scenes.machine(ended={"kube-apiserver": WORDS})}, {}, ["STATIC_POD_NOT_READY"]),
        (
            {"cp1": scenes.machine()},
            {"certificates": {"cp1": scenes.certificates(days=-1)}},
            ["CERTIFICATE_EXPIRED"],
        ),
        ({"cp1": scenes.machine(services=NO_RUNTIME)}, {}, ["RUNTIME_STOPPED"]),
        (
            {"cp1": scenes.machine(), "w1": scenes.machine(manifests=[], containers=[])},
            {},
            ["API_SERVER_DOWN"],
        ),
        ({"cp1": UNHEARD}, {}, ["API_SERVER_DOWN"]),
        ({}, {}, ["API_SERVER_DOWN"]),
    ],
)
def test_without_an_api_server_the_nodes_say_why(
    machines: dict[str, Any], changed: dict[str, Any], found: list[str]
) -> None:
    assert codes(**{**without_api(machines), "certificates": {}, **changed}) == found


def only(**changed: Any) -> Finding:
    (found,) = check(facts(**changed))
    return found


def test_the_last_words_of_a_static_pod_are_its_cause() -> None:
    found = only(**without_api({"cp1": scenes.machine(ended={"kube-apiserver": WORDS})}), certificates={})
    assert WORDS in found.cause
    assert any("crictl logs" in each.command for each in found.evidence)
    assert any("No API server answers" in each.text for each in found.evidence)


@pytest.mark.parametrize(
    ("machines", "said"),
    [
        ({"cp1": scenes.machine()}, "load balancer"),
        ({"cp1": UNHEARD}, "gave no answer either"),
        ({}, "names no nodes"),
    ],
)
def test_where_the_nodes_are_well_what_stands_before_them_is_blamed(machines: Any, said: str) -> None:
    assert said in only(**{**without_api(machines), "certificates": {}}).cause


def test_pressure_is_said_of_any_node() -> None:
    pressed = scenes.under_pressure(node("w1"), "DiskPressure")
    found = only(nodes=[*planes()[:3], pressed])
    assert (found.code, found.severity) == ("kubeadm/NODE_PRESSURE", Severity.ERROR)
    assert "DiskPressure" in found.evidence[0].text


def test_a_member_that_raises_an_alarm_is_not_called_down() -> None:
    assert "ETCD_NO_QUORUM" not in codes(health=FULL_HEALTH, alarms=NOSPACE)


def test_a_kubelet_that_ended_says_why_itself() -> None:
    words = ["unable to load bootstrap kubeconfig: stat /etc/kubernetes/bootstrap-kubelet.conf"]
    assert words[0] in only(**w1(services=DOWN, kubelet_log=words)).cause


def test_a_node_that_is_off_stays_what_it_is() -> None:
    changed = {"nodes": planes(cp3={"ready": "Unknown"}), "machines": away("cp3"), "health": sick("cp3")}
    assert codes(**changed) == ["NODE_NOT_READY"]
    assert set(PLANES) == set(changed["machines"])
