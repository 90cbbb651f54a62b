"""One writer per target: who holds the lock, who may take it, and who stops itself."""

import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from changing_lab import Lab, Process, open_at, told
from changing_proxy import Proxy, Seen

from opskit.core.errors import LockHeld
from opskit.core.lock import LeaseLock, identity
from opskit.core.plan import Step, Wait
from opskit.core.progress import Outcome, Progress
from opskit.sandbox.site import Site

pytestmark = pytest.mark.sandbox

LEASES = "/apis/coordination.k8s.io/v1"


def holds_on(lab: Lab) -> Step:
    """A step that waits for what a test does in its own time."""
    gate = lab.make_config("gate", open="no")
    return lab.step(
        "gate", Wait(), gate, postcondition=(lab.holding("gate", "open", "yes"),), deadline_seconds=120
    )


def open_gate(lab: Lab) -> None:
    lab.api.patch(lab.path("configmaps", "gate"), {"data": {"open": "yes"}})


class Running:
    """A run in a thread, that tells when it waits at the gate."""

    def __init__(self, lab: Lab, plan: Any, run: str, **more: Any) -> None:
        self.waits = threading.Event()
        self.outcome: Outcome | None = None
        self._thread = threading.Thread(target=self._apply, args=(lab, plan, run, more), daemon=True)
        self._thread.start()

    def _apply(self, lab: Lab, plan: Any, run: str, more: dict[str, Any]) -> None:
        self.outcome = lab.apply(plan, run=run, watch=self._watch, **more)

    def _watch(self, progress: Progress) -> None:
        if progress.phase == "waiting":
            self.waits.set()

    def ended(self) -> Outcome:
        self._thread.join(90)
        assert self.outcome is not None
        return self.outcome


def test_a_second_runner_is_refused_while_the_first_is_alive(lab: Lab) -> None:
    lab.make_deployment("osd")
    gate = holds_on(lab)
    first = Running(lab, lab.plan(lab.scale_step("osd", before=1, after=0), gate), "run-1")
    assert first.waits.wait(60)

    second = lab.apply(lab.plan(lab.scale_step("osd", before=1, after=5, id="other")), run="run-2")
    assert (second.status, second.exit_code) == ("refused", 8)
    assert "run run-1 at step gate by" in second.text
    assert "it is alive" in second.text

    open_gate(lab)
    assert first.ended().status == "done"
    assert lab.replicas("osd") == 0
    lease = lab.lease()
    assert not lease["spec"].get("holderIdentity")
    assert lease["metadata"]["annotations"]["opskit/state"] == "done"
    assert lab.apply(lab.plan(lab.scale_step("osd", before=0, after=2)), run="run-3").status == "done"


def test_an_expired_lock_of_an_unfinished_run_is_taken_only_explicitly(lab: Lab) -> None:
    lab.make_deployment("osd")
    plan = lab.plan(lab.scale_step("osd", before=1, after=0))
    assert Process(lab, plan, run="run-1").run(signal_at="send")[0] == -signal.SIGKILL

    other = lab.plan(lab.scale_step("osd", before=0, after=3, id="other"))
    refused = lab.apply(other, run="run-2")
    assert (refused.status, refused.exit_code) == ("refused", 8)
    assert "run run-1 at step scale-osd-0" in refused.text
    assert "opskit resume run-1" in refused.text
    assert "--take-over" in refused.text
    assert lab.replicas("osd") == 0

    taken = lab.apply(other, run="run-3", take_over=True)
    assert (taken.status, lab.replicas("osd")) == ("done", 3)
    with lab.journal("run-3") as journal:
        locked = next(record for record in journal.records if record.phase == "locked")
    assert (locked.data["before"]["run"], locked.data["before"]["step"]) == ("run-1", "scale-osd-0")
    assert locked.data["taken_over"]
    assert lab.lease()["metadata"]["annotations"]["opskit/taken_from"] == "run-1"


def test_a_run_that_was_killed_takes_its_own_lock_again_at_once(lab: Lab) -> None:
    """Nobody else can be this run: whoever goes on with it holds its journal."""
    lab.make_deployment("osd")
    plan = lab.plan(lab.scale_step("osd", before=1, after=0))
    assert Process(lab, plan, run="run-1").run(signal_at="send")[0] == -signal.SIGKILL
    assert lab.lease()["spec"]["holderIdentity"] == identity("run-1")
    told_of: list[Progress] = []
    with lab.journal() as journal:
        assert lab.engine(plan, journal, watch=told_of.append).resume().status == "done"
    assert "locking" not in {each.phase for each in told_of}


def test_a_partitioned_runner_stops_itself_and_writes_no_more(lab: Lab, site: Site, tmp_path: Path) -> None:
    lab.make_deployment("osd")
    gate = holds_on(lab)
    with Proxy(site, tmp_path) as proxy, open_at(proxy.kubeconfig) as cluster:
        plan = lab.plan(gate, lab.scale_step("osd", before=1, after=0), cluster=cluster)
        first = Running(lab, plan, "run-1", cluster=cluster)
        assert first.waits.wait(60)
        proxy.down = True
        outcome = first.ended()
        reached = [seen for seen in proxy.writes if seen.status]
        proxy.down = False
        open_gate(lab)
        second = lab.apply(
            lab.plan(lab.scale_step("osd", before=1, after=4, id="other")), run="run-2", take_over=True
        )
        assert [seen for seen in proxy.writes if seen.status] == reached

    assert outcome.error is not None
    assert (outcome.error["error"], outcome.status) == ("LockLost", "refused"), outcome
    assert "could not be renewed" in outcome.text
    assert (second.status, lab.replicas("osd")) == ("done", 4)


def test_a_runner_that_was_cut_off_for_longer_than_its_lock_lasts_goes_on(
    lab: Lab, site: Site, tmp_path: Path
) -> None:
    """It writes nothing meanwhile; whoever comes is told of it, and takes nothing unasked."""
    lab.make_deployment("osd")
    gate = holds_on(lab)
    with Proxy(site, tmp_path) as proxy, open_at(proxy.kubeconfig) as cluster:
        plan = lab.plan(gate, lab.scale_step("osd", before=1, after=0), cluster=cluster)
        first = Running(lab, plan, "run-1", cluster=cluster)
        assert first.waits.wait(60)
        proxy.down = True
        held = lab.lease()["metadata"]["annotations"]["opskit/session"]
        second = lab.apply(lab.plan(lab.scale_step("osd", before=1, after=4, id="other")), run="run-2")
        open_gate(lab)
        proxy.down = False
        outcome = first.ended()

    assert (second.status, second.exit_code) == ("refused", 8)
    assert "no longer renews it" in second.text
    assert (outcome.status, outcome.exit_code, lab.replicas("osd")) == ("done", 0, 0), outcome
    assert lab.lease()["metadata"]["annotations"]["opskit/session"] == held, "it was never taken anew"
    assert len(proxy.effects("deployments")) == 1


FAULTS = ["status:503", "status:429", "lose-request", "lose-answer"]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("there", [False, True], ids=["a first lock", "a lock that was let go"])
def test_a_lock_is_taken_and_let_go_once_the_server_answers(
    there: bool, fault: str, lab: Lab, site: Site, tmp_path: Path
) -> None:
    """A sick server is no other holder, whichever write of the Lease it spoils."""
    lab.make_deployment("osd")
    if there:
        assert lab.apply(lab.plan(lab.scale_step("osd", before=1, after=2)), run="run-0").status == "done"
    before = 2 if there else 1
    spoiled = {"taking": 2, "letting go": 4}

    def spoil(seen: Seen) -> str:
        if not (seen.write and "/leases" in seen.path):
            return ""
        part = "taking" if seen.body["spec"]["holderIdentity"] else "letting go"
        spoiled[part] -= 1
        return fault if spoiled[part] >= 0 else ""

    with Proxy(site, tmp_path, fault=spoil) as proxy, open_at(proxy.kubeconfig) as cluster:
        outcome = lab.apply(lab.plan(lab.scale_step("osd", before=before, after=0)), cluster=cluster)
    assert (outcome.status, outcome.exit_code, lab.replicas("osd")) == ("done", 0, 0), outcome
    lease = lab.lease()
    assert not lease["spec"].get("holderIdentity")
    assert lease["metadata"]["annotations"]["opskit/state"] == "done"


def test_a_runner_stopped_past_the_expiry_writes_nothing_when_it_goes_on(
    lab: Lab, site: Site, tmp_path: Path
) -> None:
    lab.make_deployment("osd")
    with Proxy(site, tmp_path) as proxy:
        run = Process(lab, lab.plan(lab.scale_step("osd", before=1, after=0)), run="run-1")
        process = run.start(kubeconfig=proxy.kubeconfig, signal_at="intent", signal=int(signal.SIGSTOP))
        lab.until(lambda: _state(process.pid) == "T", 60)
        second = lab.apply(
            lab.plan(lab.scale_step("osd", before=1, after=4, id="other")), run="run-2", take_over=True
        )
        process.send_signal(signal.SIGCONT)
        said, _ = process.communicate(timeout=60)
        late = [seen for seen in proxy.writes if "/deployments" in seen.path]
    outcome = told(said)
    assert outcome is not None
    assert outcome.error is not None
    assert (second.status, lab.replicas("osd")) == ("done", 4)
    assert (outcome.error["error"], process.returncode, late) == ("LockLost", 6, [])
    assert lab.lease()["metadata"]["annotations"]["opskit/run"] == "run-2"


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_write_that_arrives_after_another_took_over_is_not_accepted(
    lab: Lab, site: Site, tmp_path: Path
) -> None:
    """It was on its way when the lock expired: the resourceVersion that it is bound to fences it."""
    lab.make_deployment("osd")
    on_its_way, let_go = threading.Event(), threading.Event()

    def delay(seen: Seen) -> str:
        if seen.write and "/deployments" in seen.path:
            on_its_way.set()
            let_go.wait(90)
        return ""

    with Proxy(site, tmp_path, fault=delay) as proxy:
        run = Process(lab, lab.plan(lab.scale_step("osd", before=1, after=0)), run="run-1")
        process = run.start(kubeconfig=proxy.kubeconfig)
        assert on_its_way.wait(60)
        process.send_signal(signal.SIGSTOP)
        second = lab.apply(
            lab.plan(lab.scale_step("osd", before=1, after=4, id="other")), run="run-2", take_over=True
        )
        let_go.set()
        lab.until(lambda: any(seen.status for seen in proxy.writes if "/deployments" in seen.path))
        process.send_signal(signal.SIGCONT)
        said, _ = process.communicate(timeout=60)
        statuses = [seen.status for seen in proxy.writes if "/deployments" in seen.path]
    outcome = told(said)
    assert outcome is not None
    assert (second.status, statuses, lab.replicas("osd")) == ("done", [409], 4)
    assert outcome.status in {"failed", "unknown"}, outcome


def foreign(lab: Lab, renewed: str, **annotations: str) -> None:
    """A Lease that another program holds."""
    lab.api.create(
        f"{LEASES}/namespaces/{lab.namespace}/leases",
        {
            "metadata": {"name": "opskit", "annotations": {f"opskit/{k}": v for k, v in annotations.items()}},
            "spec": {"holderIdentity": "else", "leaseDurationSeconds": 3, "renewTime": renewed},
        },
    )


def lock_of(lab: Lab, **more: Any) -> LeaseLock:
    return LeaseLock(lab.cluster, lab.lock, holder=identity("run-1"), run="run-1", seconds=9, **more)


@pytest.mark.parametrize("renewed", ["2001-01-01T00:00:00.000000Z", "2101-01-01T00:00:00.000000Z"])
def test_a_wrong_clock_neither_frees_nor_keeps_a_lock(renewed: str, lab: Lab) -> None:
    """A live holder whose clock is decades off keeps its lock; a dead one loses it after its duration."""
    foreign(lab, renewed)
    path = f"{LEASES}/namespaces/{lab.namespace}/leases/opskit"
    over = threading.Event()

    def renew() -> None:
        turn = 0
        while not over.wait(0.3):
            turn += 1
            lab.api.patch(path, {"spec": {"renewTime": renewed.replace("00:00.0", f"00:{turn % 60:02}.0")}})

    renewer = threading.Thread(target=renew, daemon=True)
    renewer.start()
    with pytest.raises(LockHeld, match="alive"):
        lock_of(lab).acquire()
    over.set()
    renewer.join()
    lock = lock_of(lab)
    lock.acquire()
    lock.check()
    lock.release("done", head=lab.journal("x").head)


def test_a_deleted_lease_is_a_lost_lock(lab: Lab) -> None:
    lock = lock_of(lab)
    lock.acquire()
    lab.api.delete(f"{LEASES}/namespaces/{lab.namespace}/leases/opskit")
    lab.until(lambda: _lost(lock))
    lock.release("failed", head=lab.journal("x").head)
    assert lab.api.find(f"{LEASES}/namespaces/{lab.namespace}/leases/opskit") is None


def _lost(lock: LeaseLock) -> bool:
    from opskit.core.errors import LockLost

    try:
        lock.check()
    except LockLost:
        return True
    return False


def test_a_failed_taking_leaves_the_others_lease_alone(lab: Lab) -> None:
    foreign(lab, "2026-01-01T00:00:00.000000Z", run="run-9", state="unknown", step="purge")
    before = lab.lease()["metadata"]["resourceVersion"]
    lock = lock_of(lab)
    with pytest.raises(LockHeld, match="run run-9 at step purge"):
        lock.acquire()
    lock.release("refused", head=lab.journal("x").head)
    assert lab.lease()["metadata"]["resourceVersion"] == before


FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


@pytest.mark.skipif(FAKETIME is None, reason="needs libfaketime")
@pytest.mark.parametrize("offset", ["+45m", "-4m"])
def test_a_runner_with_a_wrong_clock_does_not_take_a_live_lock(offset: str, lab: Lab) -> None:
    """Nor does it lose its own: the same runner goes through once the lock is free."""
    lab.make_deployment("osd")
    gate = holds_on(lab)
    first = Running(lab, lab.plan(gate), "run-1")
    assert first.waits.wait(60)
    skewed = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": offset, "DONT_FAKE_MONOTONIC": "1"}
    second = Process(lab, lab.plan(lab.scale_step("osd", before=1, after=0)), run="run-2")
    code, outcome = second.run(env=skewed)
    assert outcome is not None
    assert (code, outcome.status, "it is alive" in outcome.text) == (8, "refused", True), outcome
    open_gate(lab)
    assert first.ended().status == "done"
    code, outcome = second.run(env=skewed, way="resume")
    assert outcome is not None
    assert (code, lab.replicas("osd")) == (0, 0), outcome
