"""What a server is, as data, and the order that servers start in."""

import errno
import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from opskit.core.errors import OpsError, StepFailed
from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site
from opskit.sandbox.waiting import wait_until

_LEAST_MIB = 8
"""With less free space no server works."""


def _nothing(_: Site) -> None:
    """Do nothing."""


def _always(_: Site) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Component:
    """One server, or one act of setting up, of a sandbox."""

    name: str
    """Also the name of its process and of its log."""
    programs: tuple[str, ...] = ()
    """The programs that it needs, as `pins.toml` names them."""
    crds: tuple[str, ...] = ()
    """The projects whose released CRDs it can't do without, as `crds.toml` names them."""
    welcome_crds: tuple[str, ...] = ()
    """The projects whose released CRDs it uses where they are found, and makes do without."""
    needs: tuple[str, ...] = ()
    """The components that must be ready before it starts."""
    prepare: Callable[[Site], None] = _nothing
    """Writes its files."""
    command: Callable[[Site], Command] | None = None
    """What to run; None for a component without a process of its own."""
    ready: Callable[[Site], bool] = _always
    """Whether it serves, asked of its own API."""
    settle: Callable[[Site], None] = _nothing
    """Sets up what is set up through its own API."""
    mortal: bool = False
    """Whether a fault or a runbook may end its process, and the sandbox counts as up all the same."""
    deadline: float = 180.0
    """Seconds from its start until it must be ready."""


Report = Callable[[str, str, float], None]
"""Told `(component, "starting" | "ready" | "failed", seconds since the beginning)`."""


def silent(_component: str, _state: str, _seconds: float) -> None:
    """Report nothing."""


def programs_of(components: Sequence[Component]) -> list[str]:
    """All programs that the components need, each once, in order."""
    return list(dict.fromkeys(program for component in components for program in component.programs))


class GivenUp(threading.Event):
    """Set once something failed, or whoever waits has given up: all that is starting stops then."""

    cause: OpsError | None = None
    """What failed first."""

    def fail(self, error: OpsError) -> None:
        """Give up for this reason, unless there is one already."""
        if not self.is_set():
            self.cause = error
        self.set()


def prefixed(report: Report, name: str) -> Report:
    """The same report, with every component named `NAME/component`."""
    return lambda component, state, seconds: report(f"{name}/{component}", state, seconds)


def bring_up(
    site: Site,
    components: Sequence[Component],
    *,
    report: Report = silent,
    stop: GivenUp | None = None,
) -> None:
    """Start the components: each as soon as those that it needs are ready, independent ones side by side.

    Args:
        site: the sandbox.
        components: all of them.
        report: told of each one's progress.
        stop: gives up when it is set; it is set when a component fails.

    Raises:
        StepFailed: one did not become ready; the others are left as they are, for `down` to end.

    """
    start = _Start(site, components, report, stop or GivenUp())
    with ThreadPoolExecutor(max_workers=max(1, len(components))) as pool:
        futures = [pool.submit(start.bring_up, component) for component in components]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            start.failed.set()
            raise
    if start.failed.is_set():
        raise start.failed.cause or StepFailed(f"{site.name} was given up.")


class _Start:
    def __init__(self, site: Site, components: Sequence[Component], report: Report, failed: GivenUp) -> None:
        self.site = site
        self.report = report
        self.begun = monotonic()
        self.failed = failed
        self.ready = {component.name: threading.Event() for component in components}

    def bring_up(self, component: Component) -> None:
        if not self._wait_for(component.needs):
            return
        self.report(component.name, "starting", monotonic() - self.begun)
        try:
            self._start(component)
        except (OpsError, OSError) as error:
            told = error if isinstance(error, OpsError) else _of_the_machine(error)
            explained = _explained(self.site, component, told)
            self.failed.fail(explained)
            self.report(component.name, "failed", monotonic() - self.begun)
            raise (self.failed.cause or explained) from error
        self.ready[component.name].set()
        self.report(component.name, "ready", monotonic() - self.begun)

    def _wait_for(self, needs: Sequence[str]) -> bool:
        for need in needs:
            # Only a failure is asked for again and again: what is ready wakes whoever waits for it.
            while not self.ready[need].wait(0.2):
                if self.failed.is_set():
                    return False
        return not self.failed.is_set()

    def _start(self, component: Component) -> None:
        component.prepare(self.site)
        if component.command is not None:
            self.site.processes.start(component.name, component.command(self.site))
        wait_until(
            lambda: component.ready(self.site),
            what=f"{component.name} is ready",
            deadline=component.deadline,
            every=0.1,
            stop=lambda: self.failed.is_set() or self._died(component),
        )
        component.settle(self.site)

    def _died(self, component: Component) -> bool:
        return component.command is not None and not self.site.processes.alive(component.name)


def _of_the_machine(error: OSError) -> OpsError:
    """What the kernel refused, as a full disk, in words."""
    hint = "free some space" if error.errno == errno.ENOSPC else ""
    return OpsError(f"{error.strerror or error}.", where=str(error.filename or ""), hint=hint)


def _explained(site: Site, component: Component, error: OpsError) -> StepFailed:
    died = component.command is not None and not site.processes.alive(component.name)
    fate = "ended by itself" if died else "did not become ready"
    log, full = site.processes.log(component.name), _full_disk(site)
    return StepFailed(
        f"{component.name} {fate}. {full}{error.what} {last_lines(log)}",
        where=error.where or str(log),
        hint=(full and "free some space")
        or error.hint
        or f"read {log}; then `opskit sandbox down --name {site.name}` and try again.",
    )


def _full_disk(site: Site) -> str:
    """A sentence, where the disk is full: most servers die of it without a word that says so."""
    free = shutil.disk_usage(site.state).free >> 20
    return f"The disk is full: {free} MiB are free at {site.state}. " if free < _LEAST_MIB else ""


def last_lines(log: Path, *, count: int = 4) -> str:
    """The last lines of a log, for a message; empty where there is none."""
    try:
        lines = log.read_text(errors="replace").splitlines()[-count:]
    except FileNotFoundError:
        return ""
    return f"Its last words: {' / '.join(line.strip() for line in lines)}" if lines else ""
