"""Each fault of the sandbox, done to real Ceph, is named first: with cause and remedy, live and replayed."""

from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

import pytest

from opskit.core.cluster import Cluster
from opskit.core.findings import Finding, Severity
from opskit.core.recorder import Recorder
from opskit.core.snapshot import SnapshotReader
from opskit.sandbox import Sandbox
from opskit.systems.rook import checks, facts
from tests import figures

FAULTS: list[tuple[str, dict[str, Any], set[str], str | None]] = [
    ("osd-down", {"osd": 3}, {"OSD_DOWN"}, "rook/osd-down"),
    ("host-down", {}, {"OSD_HOST_DOWN"}, "rook/host-maintenance"),
    ("nearfull", {}, {"OSD_NEARFULL"}, None),
    ("full", {}, {"OSD_FULL"}, "rook/health"),
    ("pg-inconsistent", {}, {"PG_DAMAGED"}, "rook/repair-pg"),
    ("mon-clock-skew", {}, {"MON_CLOCK_SKEW"}, None),
    ("mon-down", {}, {"MON_DOWN"}, None),
    ("forgotten-flag", {}, {"OSDMAP_FLAGS"}, None),
    ("slow-osd", {"osd": 3}, {"SLOW_OPS", "OSD_SLOW"}, None),
]
"""Fault, its arguments, the codes of which one must stand first, and the runbook that remedies it."""


BRIEF = [each for each in FAULTS if each[0] in {"osd-down", "mon-down", "forgotten-flag", "pg-inconsistent"}]
"""Those that are broken and mended in seconds."""


def opened(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setenv("KUBECONFIG", str(sandbox.kubeconfig))
    from kubernetes.config import list_kube_config_contexts

    _, active = list_kube_config_contexts(str(sandbox.kubeconfig))
    return Cluster.open(active["name"])


def short(finding: Finding) -> str:
    return finding.code.removeprefix("rook/")


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("fault", "arguments", "codes", "runbook"), FAULTS, ids=[each[0] for each in FAULTS])
def test_each_fault_is_named_first(light, monkeypatch, tmp_path: Path, fault, arguments, codes, runbook):
    light.inject(fault, **arguments)
    with opened(light, monkeypatch) as cluster:
        recorder = Recorder(cluster.reader)
        live = facts.read(Cluster(recorder, settings=cluster.settings))
        recorder.save(tmp_path / "fault.opskit")
    findings = checks.check(live)
    assert short(findings[0]) in codes, [f"{each.code}: {each.summary}" for each in findings]
    assert findings[0].cause
    assert findings[0].remedy is not None
    if runbook is not None:
        assert findings[0].remedy.runbook == runbook
    replayed = checks.check(facts.read(Cluster(SnapshotReader(tmp_path / "fault.opskit"))))
    assert [(short(each), each.subject) for each in replayed] == [
        (short(each), each.subject) for each in findings
    ]


def alarms(cluster: Cluster) -> list[str]:
    found = checks.check(facts.read(cluster))
    return [f"{each.code}: {each.summary}" for each in found if each.severity >= Severity.WARNING]


@pytest.mark.timeout(300)
def test_a_healthy_cluster_gives_no_alarm(light, monkeypatch):
    with opened(light, monkeypatch) as cluster:
        assert alarms(cluster) == []


ROUNDS = 20


@pytest.mark.proof
@pytest.mark.timeout(1800)
def test_a_cluster_that_was_healed_gives_no_alarm_in_twenty_rounds(light, monkeypatch):
    """Each round breaks it, heals it, and looks again as soon as Ceph says HEALTH_OK."""
    seconds: list[float] = []
    with opened(light, monkeypatch) as cluster:
        for number in range(ROUNDS):
            fault, arguments, codes, _ = BRIEF[number % len(BRIEF)]
            light.inject(fault, **arguments)
            assert {short(each) for each in checks.check(facts.read(cluster))} & codes, fault
            light.heal(fault)
            light.wait_healthy()
            began = monotonic()
            assert alarms(cluster) == [], fault
            seconds.append(monotonic() - began)
    figures.keep(
        "No false alarm: Ceph",
        f"{ROUNDS} rounds on a real Ceph: a fault ({', '.join(each[0] for each in BRIEF)}, in turn) is named "
        "by opskit, healed, and looked at again as soon as Ceph says HEALTH_OK.",
        {
            "rounds": f"{ROUNDS}",
            "faults named": f"{ROUNDS}",
            "findings at warning or above after healing": "0",
            "reading and judging, median": f"{median(seconds):.1f} s",
        },
    )


@pytest.mark.timeout(300)
def test_the_facts_join_kubernetes_and_ceph(light, monkeypatch):
    with opened(light, monkeypatch) as cluster:
        read = facts.read(cluster)
    assert [part for part in read.unread if part.part != "growth"] == []
    for osd in read.osds.values():
        assert osd.up
        assert osd.deployment is not None
        assert osd.node == osd.host
