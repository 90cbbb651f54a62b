"""A stop request ends a run at a step boundary, with the lock released and the journal telling it."""

import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest
from changing_lab import Lab, Process, told
from changing_proxy import Proxy, Seen

from opskit.core.plan import Plan, Wait
from opskit.core.progress import Outcome
from opskit.sandbox.site import Site

pytestmark = pytest.mark.sandbox

AT = [0, 50, 100, 200, 400, 800, 1600]
"""Milliseconds after the first sign of life. All of them, every 50 ms, are the proof's."""
EACH = list(range(0, 2500, 50))


def many_steps(lab: Lab) -> Plan:
    lab.make_deployment("osd", replicas=0)
    return lab.plan(*(lab.scale_step("osd", before=n, after=n + 1) for n in range(6)))


def terminated(process: subprocess.Popen[str]) -> tuple[Outcome, float]:
    """What a run says that is told to end, and the seconds that it took."""
    process.send_signal(signal.SIGTERM)
    sent = time.monotonic()
    said, _ = process.communicate(timeout=60)
    took = time.monotonic() - sent
    outcome = told(said)
    assert outcome is not None
    return outcome, took


def stopped_after(milliseconds: int, lab: Lab, run: Process) -> tuple[int, float]:
    """Exit code, and the seconds from the signal to the end."""
    process = run.start(tell=True)
    assert process.stdout is not None
    assert process.stdout.readline()
    threading.Event().wait(milliseconds / 1000)
    outcome, took = terminated(process)
    assert (process.returncode, outcome.status) in {(143, "stopped"), (0, "done")}, outcome
    states = [step.state for step in outcome.steps]
    assert set(states) <= {"done", "acknowledged", "pending"}, states
    return process.returncode, took


def check_end(code: int, lab: Lab, run: Process) -> None:
    last = run.records()[-1]
    lease = lab.lease()
    assert last.phase == "ended"
    assert not lease["spec"].get("holderIdentity")
    if code == 143:
        assert last.data["status"] == "stopped"
        assert last.data["error"]["error"] == "Stopped"
        assert lease["metadata"]["annotations"]["opskit/state"] == "stopped"
        with lab.journal() as journal:
            assert lab.engine(run.plan, journal).resume().status == "done"
    assert lab.replicas("osd") == 6


@pytest.mark.parametrize("milliseconds", AT)
def test_sigterm_ends_a_run_at_a_boundary(milliseconds: int, lab: Lab) -> None:
    run = Process(lab, many_steps(lab))
    code, took = stopped_after(milliseconds, lab, run)
    assert took < 10
    check_end(code, lab, run)


@pytest.mark.proof
@pytest.mark.parametrize("milliseconds", EACH)
def test_sigterm_every_50_ms_through_a_run(milliseconds: int, lab: Lab) -> None:
    test_sigterm_ends_a_run_at_a_boundary(milliseconds, lab)


def test_sigterm_in_a_long_wait_ends_it_at_once(lab: Lab) -> None:
    gate = lab.make_config("gate", open="no")
    holds = (lab.holding("gate", "open", "yes"),)
    run = Process(lab, lab.plan(lab.step("gate", Wait(), gate, postcondition=holds, deadline_seconds=600)))
    process = run.start(tell=True)
    assert process.stdout is not None
    while "waiting" not in process.stdout.readline():
        assert process.poll() is None
    _, took = terminated(process)
    assert (process.returncode, took < 10) == (143, True)


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_sigterm_while_the_server_hangs_ends_it_in_time(
    method: str, lab: Lab, site: Site, tmp_path: Path
) -> None:
    lab.make_deployment("osd")
    plan = lab.plan(lab.scale_step("osd", before=1, after=0))
    hangs, go_on = threading.Event(), threading.Event()
    acting = threading.Event()

    def hang(seen: Seen) -> str:
        if "/leases" in seen.path and seen.write:
            acting.set()
        if acting.is_set() and "/deployments" in seen.path and seen.method == method and not seen.dry_run:
            hangs.set()
            go_on.wait(60)
        return ""

    with Proxy(site, tmp_path, fault=hang) as proxy:
        process = Process(lab, plan).start(kubeconfig=proxy.kubeconfig, seconds=30.0)
        assert hangs.wait(60)
        outcome, took = terminated(process)
        go_on.set()
    assert (process.returncode, outcome.status, took < 10) == (143, "stopped", True), (outcome, took)
    annotations = lab.lease()["metadata"]["annotations"]
    wanted = ("stopped", False) if method == "GET" else ("unknown", True)
    assert (annotations["opskit/state"], bool(lab.lease()["spec"].get("holderIdentity"))) == wanted


def test_sigterm_while_nothing_answers_at_all_ends_a_wait_in_time(
    lab: Lab, site: Site, tmp_path: Path
) -> None:
    """The lock can't be let go of either: it is left to expire."""
    gate = lab.make_config("gate", open="no")
    holds = (lab.holding("gate", "open", "yes"),)
    plan = lab.plan(lab.step("gate", Wait(), gate, postcondition=holds, deadline_seconds=600))
    silent, hangs, go_on = threading.Event(), threading.Event(), threading.Event()

    def hang(seen: Seen) -> str:
        if silent.is_set():
            hangs.set()
            go_on.wait(60)
        return ""

    with Proxy(site, tmp_path, fault=hang) as proxy:
        process = Process(lab, plan).start(kubeconfig=proxy.kubeconfig, seconds=30.0, tell=True)
        assert process.stdout is not None
        while "waiting" not in process.stdout.readline():
            assert process.poll() is None
        silent.set()
        assert hangs.wait(60)
        outcome, took = terminated(process)
        go_on.set()
    assert (process.returncode, outcome.status, took < 10) == (143, "stopped", True), (outcome, took)
