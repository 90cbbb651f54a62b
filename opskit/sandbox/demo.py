"""Remakes the built-in demo: a sandbox is brought into each state, and recorded there.

The states are real: real servers, broken by the sandbox's own faults. Each profile contributes its own, as
`DEMO` of its module `demo`; a recording is kept as `opskit/demo/SYSTEM/STATE.opskit`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import Any

from opskit.core import config, demo
from opskit.core.cluster import Cluster
from opskit.core.errors import UnknownName
from opskit.core.live import LiveReader
from opskit.core.live_api import ApiServer
from opskit.core.live_config import credentials
from opskit.core.snapshot_format import SUFFIX
from opskit.runner.capturing import capture
from opskit.sandbox.component import Report, silent
from opskit.sandbox.profiles import PROFILES
from opskit.sandbox.sandbox import Sandbox


def nothing(_: Sandbox) -> None:
    """Leave it as it is."""


def fault(name: str, **arguments: object) -> Callable[[Sandbox], None]:
    """Enter a state by one of the profile's faults."""
    return lambda sandbox: sandbox.inject(name, **arguments)


@dataclass(frozen=True, kw_only=True)
class State:
    """A state worth looking at."""

    name: str
    """`default` is what `demo` opens; others open as `demo:NAME`."""
    enter: Callable[[Sandbox], None]
    """Breaks a healthy sandbox, and returns when the state has come."""
    leave: Callable[[Sandbox], None] = Sandbox.heal
    """Mends it; the faults are healed by default."""


@dataclass(frozen=True, kw_only=True)
class Demo:
    """What a profile contributes."""

    systems: tuple[str, ...]
    """Those that are recorded, each into a file of its own."""
    states: tuple[State, ...]
    """In the order in which they are recorded: what takes longest to mend comes last."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of the profile."""
    asked: Mapping[str, Callable[[Cluster], object]] = field(default_factory=dict)
    """System → what its runbooks with required parameters ask of the demo, beyond its facts."""
    settle: Callable[[Sandbox], None] = nothing
    """Done once, while all is well: data to look at, histories with a past."""


def demos() -> dict[str, Demo]:
    """Every profile's contribution, by the profile's name."""
    folders = {name: Path(__file__).parent / name for name in PROFILES}
    return {
        name: import_module(f"opskit.sandbox.{name}.demo").DEMO
        for name, folder in folders.items()
        if (folder / "demo.py").is_file()
    }


def record(
    profile: str, *, states: Iterable[str] = (), folder: Path = demo.FOLDER, report: Report = silent
) -> list[Path]:
    """Record a profile's states; its sandbox is taken down at the end.

    Args:
        profile: whose.
        states: only these; none is all.
        folder: where the snapshots are written, in one folder for each system.
        report: told of progress.

    Raises:
        UnknownName: the profile contributes nothing, or has no such state.
        OpsError: a state did not come, or could not be read.

    """
    chosen, begin = _demo_of(profile), monotonic()
    wanted = _wanted(chosen, states)
    with Sandbox.up(profile=profile, name=f"demo-{profile}", report=report, **chosen.options) as sandbox:
        sandbox.wait_healthy()
        chosen.settle(sandbox)
        made: list[Path] = []
        for number, state in enumerate(wanted):
            report(f"state {state.name}", "starting", monotonic() - begin)
            state.enter(sandbox)
            made += _record(sandbox, chosen, state.name, folder)
            report(f"state {state.name}", "recorded", monotonic() - begin)
            if number < len(wanted) - 1:
                state.leave(sandbox)
        return made


def _demo_of(profile: str) -> Demo:
    known = demos()
    if profile not in known:
        raise UnknownName.among("demo of the profile", profile, known)
    return known[profile]


def _wanted(chosen: Demo, states: Iterable[str]) -> list[State]:
    known = {state.name: state for state in chosen.states}
    for name in states:
        if name not in known:
            raise UnknownName.among("state of the demo", name, known)
    return [state for state in chosen.states if not states or state.name in states]


def _record(sandbox: Sandbox, chosen: Demo, state: str, folder: Path) -> list[Path]:
    made: list[Path] = []
    with _open(sandbox) as cluster:
        for system in chosen.systems:
            path = folder / system / f"{state}{SUFFIX}"
            path.parent.mkdir(parents=True, exist_ok=True)
            also = chosen.asked.get(system, lambda _: None)
            made.append(capture(cluster, path, only=(system,), also=also))
    return made


def _open(sandbox: Sandbox) -> Cluster:
    """The sandbox as its users open it, with what its opskit.toml names, and called as the demo is."""
    file = sandbox.site.state / config.FILE
    known = config.parse(file.read_text(), where=str(file)).clusters if file.exists() else {}
    wanted = known.get(sandbox.context, config.ClusterConfig())
    source = credentials(sandbox.context, kubeconfig=str(sandbox.kubeconfig))
    reader = LiveReader(ApiServer(source), name=demo.NAME, servers=wanted.servers, nodes=wanted.nodes)
    return Cluster(reader, settings=wanted.settings())
