"""What nodes say over SSH, and what of the API server's own view it explains."""

from datetime import timedelta
from typing import Any

import pytest

from opskit.core.findings import Finding, Severity
from opskit.core.parts import Unread
from opskit.systems.kubeadm import answers
from opskit.systems.kubeadm.answers_machines import EXITED, Disk, Validity, last_words
from opskit.systems.kubeadm.checks import check
from tests.unit.kubeadm import scenes
from tests.unit.kubeadm.scenes import NOW, PLANES, container, facts, node
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


STORE, HELPER = "kube-apiserver", "kube-scheduler"
CUT_OFF = planes(cp2={"ready": "Unknown"})


def of_cp2(component: str, **changed: Any) -> list[Any]:
    """The control plane's pods, one of cp2's reported otherwise."""
    others = [
        each
        for each in facts().static_pods
        if (each.spec.node_name, each.labels["component"]) != ("cp2", component)
    ]
    return [*others, scenes.static_pod(component, "cp2", **changed)]


@pytest.mark.parametrize(
    ("component", "changed", "blamed"),
    [
        (STORE, {"static_pods": of_cp2(STORE, ready=False, attempt=4)}, True),
        (HELPER, {"static_pods": of_cp2(HELPER, ready=False, attempt=4)}, True),
        (STORE, {"static_pods": of_cp2(STORE, attempt=0)}, True),
        (STORE, {"static_pods": of_cp2(STORE, attempt=0), "nodes": CUT_OFF}, True),
        (STORE, {"static_pods": of_cp2(STORE, attempt=4)}, False),
        (HELPER, {"static_pods": of_cp2(HELPER, attempt=4)}, False),
        (HELPER, {"static_pods": scenes.UNREAD}, False),
    ],
)
def test_between_two_ends_of_a_crash_loop_the_last_words_still_count(
    component: str, changed: dict[str, Any], blamed: bool
) -> None:
    machines = away() | {"cp2": scenes.between_two_ends(component, WORDS)}
    found = check(facts(**{"machines": machines, **changed}))
    assert [each.subject for each in found] == ([f"{component} on cp2"] if blamed else [])
    assert all(WORDS in each.cause for each in found)


@pytest.mark.parametrize(
    ("component", "ago", "code"),
    [
        (STORE, 2, "STATIC_POD_NOT_READY"),
        (STORE, 90, "API_SERVER_DOWN"),
        (HELPER, 2, "API_SERVER_DOWN"),
    ],
)
def test_without_an_api_server_one_that_was_just_restarted_is_blamed(
    component: str, ago: float, code: str
) -> None:
    machines = {"cp1": scenes.between_two_ends(component, WORDS, ago=ago)}
    found = only(**without_api(machines), certificates={})
    assert found.code == f"kubeadm/{code}"
    assert (WORDS in found.cause) == (code == "STATIC_POD_NOT_READY")


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        ([container(STORE, attempt=2, ago=900), container(STORE, EXITED, attempt=1, ago=950)], []),
        ([container(STORE, ago=3), container(STORE, EXITED, attempt=7, ago=950)], []),
        ([container(STORE, attempt=2, ago=3), container(STORE, EXITED, attempt=1, ago=40)], [1, 2]),
        (
            [container(STORE, "CONTAINER_CREATED", attempt=2), container(STORE, EXITED, attempt=1, ago=40)],
            [1, 2],
        ),
        (
            [container(STORE, EXITED, attempt=number, ago=ago) for number, ago in ((1, 80), (3, 5), (2, 40))],
            [3, 2, 1],
        ),
        ([container(HELPER, EXITED, attempt=1)], []),
        (SILENT, []),
    ],
)
def test_the_logs_of_what_ended_are_asked_first(held: Any, asked: list[int]) -> None:
    machine = scenes.machine(containers=held)
    assert [each.metadata.attempt for each in machine.witnesses(STORE, now=NOW)] == asked


@pytest.mark.parametrize(
    ("log", "over", "said"),
    [
        (f'E1127 19:00:00.000000 1 run.go:72] "command failed" err="{WORDS}"', True, WORDS),
        (f'E1127 19:00:00.000000 1 run.go:72] "command failed" err="{WORDS}"', False, WORDS),
        ("I1127 19:00:00.000000 1 options.go:1] external host was not specified", False, ""),
        ("killed", True, "killed"),
        ("", True, ""),
    ],
)
def test_of_one_that_runs_only_the_reason_of_an_end_counts(log: str, over: bool, said: str) -> None:
    assert last_words(log, over=over) == said


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


@pytest.mark.parametrize(
    ("machine", "cause"),
    [
        (scenes.machine(), "Its kubelet runs, and its reports do not arrive"),
        (UNHEARD, "its kubelet has ended. Over SSH: No route to host."),
    ],
)
def test_a_silent_node_is_told_by_what_it_answers_over_ssh(machine: Any, cause: str) -> None:
    found = only(nodes=planes(w1={"ready": "Unknown"}), machines={"w1": machine})
    assert (found.code, cause in found.cause) == ("kubeadm/NODE_NOT_READY", True)


def test_a_node_that_is_off_stays_what_it_is() -> None:
    changed = {"nodes": planes(cp3={"ready": "Unknown"}), "machines": away("cp3"), "health": sick("cp3")}
    assert codes(**changed) == ["NODE_NOT_READY"]
    assert set(PLANES) == set(changed["machines"])
