"""The API server answers badly, or not at all: reads get through, and a change is done once or said open."""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from faulty_api import FaultyApi
from rook_lab import (
    Headless,
    Planned,
    Ran,
    assert_each_step_once,
    assert_replaced_once,
    deployment,
    osd,
)

from opskit.core.cluster import Cluster
from opskit.core.errors import ReadError
from opskit.core.kinds_core import POD
from opskit.core.live import LiveReader
from opskit.core.live_api import ApiServer
from opskit.core.live_config import credentials
from opskit.sandbox import control_plane
from opskit.sandbox.processes import Command
from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.waiting import wait_until
from tests import figures

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(3000)]

OSD = 4
READS = 200
SITTINGS = 6
"""How often a run is gone on with at most."""


@pytest.fixture
def faulty(sandbox: Sandbox, tmp_path: Path) -> Iterator[FaultyApi]:
    with FaultyApi(sandbox, tmp_path) as made:
        yield made


def test_reads_get_through(faulty: FaultyApi, sandbox: Sandbox) -> None:
    kept = credentials(sandbox.context, kubeconfig=str(faulty.kubeconfig))
    failed = 0
    with Cluster(LiveReader(ApiServer(kept), name=sandbox.context)) as cluster:
        before = faulty.counts()
        for _ in range(READS):
            try:
                assert cluster.list(POD, namespace="rook-ceph")
            except ReadError:
                failed += 1
        counts = faulty.counts()
    met = sum(counts[each] - before[each] for each in counts if each != "requests")
    asked = counts["requests"] - before["requests"] + counts["reset"] - before["reset"]
    print(f"{READS} reads, {asked} requests, {met} faults, {failed} reads failed")
    assert met >= 0.2 * asked, "the faults are real"
    assert failed <= 0.01 * READS
    assert asked <= 2 * READS


def sat_through(planned: Planned) -> tuple[Ran, list[int]]:
    """Run it, and go on as each exit code says, until it is done; every sitting's exit code."""
    approval = planned.approve()
    ran = planned.run(approval=approval)
    codes = [ran.exit_code]
    while codes[-1] in (5, 6, 7) and len(codes) < SITTINGS:
        if ran.begun:
            codes.append(planned.lab.resume(ran.folder))
        else:
            assert unread(codes[-1], ran.said), ran.said
            ran = planned.run(approval=approval, out=f"again-{len(codes)}")
            codes.append(ran.exit_code)
    return ran, codes


@pytest.mark.proof
def test_an_osd_is_brought_back_through_it(faulty: FaultyApi, lab: Headless, sandbox: Sandbox) -> None:
    began = time.monotonic()
    ran, codes = sat_through(planned_start(lab, sandbox, kubeconfig=faulty.kubeconfig))
    counts = faulty.counts()
    print(codes, counts)
    assert codes[-1] == 0, (codes, ran.said)
    assert min(counts.values()) > 0, counts
    assert_whole(ran, sandbox)
    keep("osd-down", codes, counts, seconds=time.monotonic() - began)


@pytest.mark.proof
def test_an_osd_is_replaced_through_it(faulty: FaultyApi, lab: Headless, sandbox: Sandbox) -> None:
    began = time.monotonic()
    before, last = osd(sandbox, OSD)["uuid"], sandbox.ceph("osd", "dump")["epoch"]
    lab.kubeconfig = faulty.kubeconfig
    ran, codes = sat_through(planned_at_last(lab, "rook/replace-osd"))
    counts = faulty.counts()
    print(codes, counts)
    assert codes[-1] == 0, (codes, ran.said)
    assert min(counts.values()) > 0, counts
    after = osd(sandbox, OSD)
    assert (after["uuid"] != before, after["up"], after["in"]) == (True, 1, 1)
    assert deployment(sandbox, "rook-ceph-operator")["status"]["readyReplicas"] == 1
    assert_replaced_once(sandbox, OSD, ran.journal, since=last)
    assert all(each["ok"] for each in ran.verdict["goal"])
    keep("replace-osd", codes, counts, seconds=time.monotonic() - began)


def keep(runbook: str, codes: list[int], counts: dict[str, int], *, seconds: float) -> None:
    """The figures, once all of it held."""
    met = sum(number for name, number in counts.items() if name != "requests")
    asked = counts["requests"] + counts["reset"]
    figures.keep(
        f"Through a sick API server: {runbook}",
        f"rook/{runbook}, planned, approved and applied headless through an Envoy and a wire of which 30 % "
        "of the requests meet a fault (429, 500, 503, 2 s late, reset, answer lost).",
        {
            "requests": f"{asked}",
            "met a fault": f"{met} ({100 * met / asked:.0f} %)",
            "sittings until exit 0": f"{len(codes)} of at most {SITTINGS}: exit {', '.join(map(str, codes))}",
            "done twice": "0",
            "all of it": f"{seconds:.0f} s",
        },
    )


def planned_start(lab: Headless, sandbox: Sandbox, *, kubeconfig: Path | None = None) -> Planned:
    """A plan that starts an OSD whose deployment is scaled to 0."""
    sandbox.kubectl("-n", "rook-ceph", "scale", "deployment", f"rook-ceph-osd-{OSD}", "--replicas=0")
    wait_until(lambda: not osd(sandbox, OSD)["up"], what=f"osd.{OSD} is down", deadline=120.0, every=1.0)
    lab.kubeconfig = kubeconfig or sandbox.kubeconfig
    return planned_at_last(lab, "rook/osd-down")


def planned_at_last(lab: Headless, runbook: str) -> Planned:
    """Its plan, once all of it could be read."""
    for _ in range(SITTINGS):
        planned = lab.plan(runbook, osd=OSD)
        if not unread(planned.exit_code, planned.said):
            break
    assert planned.exit_code == 0, planned.said
    return planned


def unread(exit_code: int, said: str) -> bool:
    """Whether it was refused, before any change, because something could not be read in time."""
    told = ("could not be read", "could not be asked", " tries within ", "Could not reach the server")
    return exit_code == 5 and any(each in said for each in told)


def assert_whole(ran: Ran, sandbox: Sandbox) -> None:
    """Done, and done once: the deployment was scaled by one write that took effect."""
    assert osd(sandbox, OSD)["up"]
    scaled = deployment(sandbox, f"rook-ceph-osd-{OSD}")
    assert scaled["spec"]["replicas"] == 1
    assert_each_step_once(ran.journal)
    assert all(each["ok"] for each in ran.verdict["goal"])


class Control:
    """The API server's own process, ended and started as a node's supervisor would."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.processes = sandbox.site.processes
        recorded = self.processes.recorded("kube-apiserver")
        assert recorded
        self.argv = recorded.argv

    def kill(self) -> None:
        self.processes.signal("kube-apiserver", signal.SIGKILL)
        wait_until(lambda: not self.processes.alive("kube-apiserver"), what="it is dead", deadline=30.0)

    def start(self) -> None:
        if not self.processes.alive("kube-apiserver"):
            self.processes.start("kube-apiserver", Command(argv=self.argv))
        wait_until(self.serves, what="the API server serves", deadline=120.0)

    def serves(self) -> bool:
        try:
            return control_plane.api(self.sandbox.site).find("/api/v1/namespaces/rook-ceph") is not None
        except Exception:  # noqa: BLE001 - whatever it says, it does not serve
            return False


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[Control]:
    made = Control(sandbox)
    try:
        yield made
    finally:
        made.start()


def begun(planned: Planned, folder: Path) -> "subprocess.Popen[str]":
    """The run in the background, once its first act is announced in the journal."""
    argv = planned.argv(approval=planned.approve(), out=folder)
    running = subprocess.Popen(argv, env=planned.lab.env(), stderr=subprocess.PIPE, text=True)
    journal = folder / "journal.jsonl"
    wait_until(
        lambda: (journal.exists() and '"intent"' in journal.read_text()) or running.poll() is not None,
        what="the first act is announced",
        deadline=300.0,
        every=0.02,
    )
    assert running.poll() is None
    return running


AWAY = 25.0
"""Seconds: longer than a lock may go without being renewed before a write (20)."""


@pytest.mark.proof
def test_an_api_server_that_dies_midway_and_comes_back(
    lab: Headless, sandbox: Sandbox, control: Control, tmp_path: Path
) -> None:
    planned = planned_start(lab, sandbox)
    running = begun(planned, tmp_path / "run")
    control.kill()
    back = time.monotonic() + AWAY
    wait_until(
        lambda: time.monotonic() > back or running.poll() is not None, what="it was away", deadline=60.0
    )
    assert running.poll() is None, "it waits"
    control.start()
    _, said = running.communicate(timeout=900)
    ran = Ran(tmp_path / "run", subprocess.CompletedProcess([], running.returncode, "", said))
    assert ran.exit_code == 0, said
    assert "nothing listens there" in said, "whoever watches is told why nothing goes on"
    assert "resumed" not in {record["phase"] for record in ran.journal}
    assert_whole(ran, sandbox)


@pytest.mark.proof
def test_an_api_server_that_dies_midway_and_does_not_come_back(
    lab: Headless, sandbox: Sandbox, control: Control, tmp_path: Path
) -> None:
    planned = planned_start(lab, sandbox)
    running = begun(planned, tmp_path / "run")
    control.kill()
    since = time.monotonic()
    _, said = running.communicate(timeout=900)
    print(f"ended {time.monotonic() - since:.0f} s after the server died, with {running.returncode}:\n{said}")
    assert running.returncode in (6, 7), said
    assert "opskit resume" in said, said
    assert "Traceback" not in said
    control.start()
    ran = Ran(tmp_path / "run", subprocess.CompletedProcess([], running.returncode, "", said))
    assert lab.resume(ran.folder) == 0
    assert_whole(ran, sandbox)
