"""Remakes the built-in demo cluster: a sandbox is brought into each state, and recorded there.

The states are real: a real Ceph behind a real API server, broken by the sandbox's own faults.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from opskit.core.cluster import Cluster
from opskit.core.live import LiveReader
from opskit.core.live_api import ApiServer
from opskit.core.live_config import credentials
from opskit.core.snapshot_format import SUFFIX
from opskit.runner.capturing import capture
from opskit.sandbox.component import Report, silent
from opskit.sandbox.light import ceph_files
from opskit.sandbox.light.ceph import POOL
from opskit.sandbox.rados import Rados
from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.waiting import wait_until

NAME = "demo"
FOLDER = Path(__file__).parent.parent / "demo"
OPTIONS = {"mons": 3, "osds": 9, "osd_size": 128, "mds": True}
HISTORY_SECONDS = 120.0
"""How long the healthy cluster is watched first, so that histories have a past."""

_OBJECTS, _BYTES = 600, 2**16


@dataclass(frozen=True, kw_only=True)
class State:
    """A state worth looking at."""

    name: str
    """`default` is what `demo` opens; others open as `demo:NAME`."""
    enter: Callable[[Sandbox], None]
    """Breaks a healthy sandbox, and returns when the state has come."""


def _nothing(_: Sandbox) -> None:
    """Leave it healthy."""


def _recovering(sandbox: Sandbox) -> None:
    """osd.4 has died and was marked out; its PGs are being copied to other OSDs."""
    sandbox.ceph("config", "set", "osd", "osd_recovery_sleep", "1")
    sandbox.inject("osd-down", osd=4)
    sandbox.ceph("osd", "out", "4")
    wait_until(
        lambda: sandbox.ceph("status")["pgmap"].get("recovering_objects_per_sec", 0) > 0,
        what="objects are being recovered",
        deadline=120.0,
        every=1.0,
    )


def _fault(name: str, **arguments: object) -> Callable[[Sandbox], None]:
    return lambda sandbox: sandbox.inject(name, **arguments)


STATES = (
    State(name="healthy", enter=_nothing),
    State(name="default", enter=_recovering),
    State(name="damaged-pg", enter=_fault("pg-inconsistent")),
    State(name="nearfull", enter=_fault("nearfull")),
    State(name="host-down", enter=_fault("host-down", host="node-b")),
)
"""In the order in which they are recorded: what takes longest to mend comes last."""


def record_demo(folder: Path = FOLDER, *, report: Report = silent) -> list[Path]:
    """Record every state into `folder`; the sandbox is taken down at the end.

    Args:
        folder: where the snapshots are written.
        report: told of progress.

    Raises:
        OpsError: a state did not come, or could not be read.

    """
    begin = monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    with Sandbox.up(profile="light", name=NAME, report=report, **OPTIONS) as sandbox:
        sandbox.wait_healthy()
        _seed(sandbox)
        _watch(begin)
        return [_record(sandbox, state, folder, report, begin) for state in STATES]


def _seed(sandbox: Sandbox) -> None:
    with Rados(ceph_files.conf(sandbox.site), timeout=60.0) as rados:
        rados.put(POOL, {f"demo.{number:04}": bytes([number % 251]) * _BYTES for number in range(_OBJECTS)})


def _watch(begin: float) -> None:
    """Let Prometheus see the healthy cluster for a while."""
    wait_until(
        lambda: monotonic() - begin >= HISTORY_SECONDS,
        what="the histories have a past",
        deadline=HISTORY_SECONDS + 60.0,
        every=5.0,
    )


def _record(sandbox: Sandbox, state: State, folder: Path, report: Report, begin: float) -> Path:
    report(f"state {state.name}", "starting", monotonic() - begin)
    state.enter(sandbox)
    path = folder / f"{state.name}{SUFFIX}"
    source = credentials(sandbox.context, kubeconfig=str(sandbox.kubeconfig))
    with Cluster(LiveReader(ApiServer(source), name=NAME)) as cluster:
        capture(cluster, path)
    report(f"state {state.name}", "ready", monotonic() - begin)
    _leave(sandbox)
    return path


def _leave(sandbox: Sandbox) -> None:
    sandbox.ceph("config", "rm", "osd", "osd_recovery_sleep")
    for osd in sandbox.ceph("osd", "dump")["osds"]:
        if not osd["in"]:
            sandbox.ceph("osd", "in", str(osd["osd"]))
    sandbox.heal()
    sandbox.wait_healthy()
