"""One sandbox: up, broken, mended, down."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from opskit.core import config
from opskit.core.errors import BadAnswer, NotFound, Refused, UnknownName, UsageError
from opskit.sandbox.access import restricted_kubeconfig
from opskit.sandbox.binaries import require
from opskit.sandbox.component import GivenUp, Report, bring_up, prefixed, programs_of, silent
from opskit.sandbox.faults import Fault, fault_named
from opskit.sandbox.files import locked, read_json, write_json, write_private
from opskit.sandbox.fitness import require_fit, require_programs, require_space
from opskit.sandbox.light import ceph_files
from opskit.sandbox.part import Part
from opskit.sandbox.pins import versions
from opskit.sandbox.profiles import PROFILES, Profile, profile
from opskit.sandbox.running import run
from opskit.sandbox.site import Site, sandbox_names, sandboxes
from opskit.sandbox.waiting import wait_until

_FAULTS = "faults.json"


class Sandbox:
    """A sandbox that is up. Use it as a context manager to have it taken down at the end.

    Attributes:
        name: of the sandbox.
        site: its folders, ports and processes.

    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.site = Site(name)

    @classmethod
    def up(
        cls,
        *,
        profile: str = "light",
        name: str | None = None,
        report: Report = silent,
        **options: Any,
    ) -> Self:
        """Start a sandbox, or take over the one of that name that is already up with the same options.

        What a killed `up` left behind is ended first.

        Args:
            profile: which one.
            name: of the sandbox; the profile's by default.
            report: told of each component's progress.
            options: of the profile, e.g. `mons=3`.

        Raises:
            UnknownName, BadValue: no such profile or option, or a bad value.
            NotInstalled: programs are missing; the message has the command that gets them.
            Refused: one of that name is up with other options.
            StepFailed: a component did not become ready.

        """
        sandbox = cls(name or profile)
        sandbox.start(profile, options, report)
        return sandbox

    @classmethod
    def attach(cls, name: str) -> Self:
        """The sandbox of that name that is up.

        Raises:
            NotFound: there is none.

        """
        sandbox = cls(name)
        if sandbox.site.record.get("phase") != "ready":
            known = ", ".join(sandbox_names()) or "none"
            raise NotFound(
                f"No sandbox {name!r} is up.",
                where=str(sandboxes()),
                hint=f"`opskit sandbox up --name {name}`; there are: {known}.",
            )
        return sandbox

    def start(self, profile_name: str, options: Mapping[str, Any], report: Report) -> None:
        """Bring it up, and what belongs beside it; see `up`."""
        wanted = profile(profile_name)
        settings = wanted.options(options)
        require_fit(wanted)
        others = _fitting(wanted, report)
        every = ((wanted, settings), *others)
        require_programs(programs_of([part for one, chosen in every for part in one.components(chosen)]))
        stop = GivenUp()
        with ThreadPoolExecutor(max_workers=1 + len(others)) as pool:
            beside = [pool.submit(self._start_beside, *each, report, stop) for each in others]
            try:
                self._start(wanted, settings, report, stop)
                for each in beside:
                    each.result()
            except BaseException:
                stop.set()
                raise

    def _start_beside(self, one: Profile, settings: Mapping[str, Any], report: Report, stop: GivenUp) -> None:
        """Bring up a companion, which this one takes down, too."""
        other = Sandbox(f"{self.name}-{one.name}")
        other._start(one, settings, prefixed(report, one.name), stop, beside_of=self.name)

    def _start(
        self,
        wanted: Profile,
        settings: Mapping[str, Any],
        report: Report,
        stop: GivenUp,
        **record: str,
    ) -> None:
        components = wanted.components(settings)
        with locked(
            self.site.lock, busy=f"Another process is bringing the sandbox {self.name!r} up or down."
        ):
            if self._is_up(wanted, settings):
                return
            self._clean()
            require_space(wanted, self.site.state)
            self.site.make()
            self.site.write_record(
                phase="starting", profile=wanted.name, options=settings, versions=versions(), **record
            )
            mortal = [each.name for each in components if each.mortal]
            self.site.write_record(mortal=mortal)
            bring_up(self.site, components, report=report, stop=stop)
            for part in wanted.parts:
                part.release(self.site)
            self.site.write_record(phase="ready")

    def _is_up(self, wanted: Profile, settings: Mapping[str, Any]) -> bool:
        record = self.site.record
        if record.get("phase") != "ready" or not self._all_alive():
            return False
        if record.get("profile") != wanted.name or record.get("options") != settings:
            self.refuse_if_up()
        return True

    def refuse_if_up(self) -> None:
        """Refuse to take the name of a sandbox that is up.

        Raises:
            Refused: it is.

        """
        if self.site.record.get("phase") == "ready" and self._all_alive():
            raise Refused(
                f"The sandbox {self.name!r} is up with other options.",
                where=str(self.site.state),
                hint=f"`opskit sandbox down --name {self.name}` first, or choose another --name.",
            )

    def _all_alive(self) -> bool:
        """Whether all servers run that nothing but `down` may end."""
        processes, mortal = self.site.processes, self.site.record.get("mortal", [])
        return all(processes.alive(name) for name in processes.names() if name not in mortal)

    def down(self) -> None:
        """End all that was started and remove all that was written. What is not there is no error."""
        for other in self.companions():
            other.down()
        with locked(self.site.lock):
            self._clean()
            self.site.lock.unlink()

    def _clean(self) -> None:
        parts = self._parts() if self.site.exists else ()
        for part in parts:
            part.release(self.site)
            for name in part.stopped_first:
                self.site.processes.stop(name, grace=0.0)
        if self.site.exists:
            self.site.processes.stop_all()
        for part in parts:
            part.remove(self.site)
        self.site.remove()

    def _parts(self) -> "Sequence[Part[Any]]":
        """The parts that it was made of; those of every profile where a killed `up` did not note them."""
        known = self.site.record.get("profile")
        if known in PROFILES:
            return PROFILES[known].parts
        return [part for each in PROFILES.values() for part in each.parts]

    def companions(self) -> list["Sandbox"]:
        """The sandboxes that came up beside this one."""
        every = [Sandbox(name) for name in sandbox_names()]
        return [each for each in every if each.site.record.get("beside_of") == self.name]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig of a cluster admin."""
        return Path(self.site.record.get("kubeconfig") or self.site.state / "kubeconfig")

    @property
    def config(self) -> Path | None:
        """The opskit.toml that names the servers of this sandbox and of those beside it, if any."""
        every = [each.site.state / config.FILE for each in (self, *self.companions())]
        found = [path for path in every if path.exists()]
        if len(found) < 2:
            return found[0] if found else None
        return write_private(self.site.state / "together.toml", "\n".join(path.read_text() for path in found))

    @property
    def context(self) -> str:
        """The name of the kubeconfig's context."""
        return self.site.record.get("context") or f"opskit-{self.name}"

    @property
    def own(self) -> bool:
        """Whether its servers are this machine's own; False for a context of the user's."""
        return "context" not in self.site.record

    @property
    def profile(self) -> Profile:
        """Its profile."""
        return profile(self.site.record["profile"])

    def restricted_kubeconfig(
        self, name: str, rules: Sequence[Mapping[str, Any]], *, namespace: str | None = None
    ) -> Path:
        """A kubeconfig of a new ServiceAccount that has these rights and no others.

        Args:
            name: of the ServiceAccount; given again, its rights are replaced.
            rules: as a Role has them: `{"apiGroups": […], "resources": […], "verbs": […]}`.
            namespace: where the rights hold; None is everywhere.

        """
        return restricted_kubeconfig(self.site, name, [dict(rule) for rule in rules], namespace=namespace)

    def kubectl(self, *arguments: str, deadline: float = 60.0, text: str | None = None) -> str:
        """Run `kubectl` as cluster admin; its standard output.

        Args:
            arguments: e.g. `"-n", "rook-ceph", "get", "pods"`.
            deadline: seconds.
            text: its standard input.

        Raises:
            ToolFailed: it ended with a nonzero exit code, or not in time.

        """
        where = [f"--context={self.context}"]
        if self.own or self.site.record.get("kubeconfig"):
            where.append(f"--kubeconfig={self.kubeconfig}")
        return run([require("kubectl"), *where, *arguments], deadline=deadline, text=text)

    def ceph(self, *arguments: str, deadline: float = 30.0) -> Any:
        """Run `ceph` on this machine, beside all of Kubernetes; its JSON, None where it prints none.

        Where the servers are not this machine's own, it is run in the toolbox pod.

        Raises:
            ToolFailed: it ended with a nonzero exit code, or not in time.
            BadAnswer: it printed something else.

        """
        if self.own:
            conf = str(ceph_files.conf(self.site))
            said = run([require("ceph"), "--conf", conf, "--format", "json", *arguments], deadline=deadline)
        else:
            toolbox = ("-n", "rook-ceph", "exec", "deploy/rook-ceph-tools", "--")
            said = self.kubectl(*toolbox, "ceph", "--format", "json", *arguments, deadline=deadline)
        try:
            return msgspec.json.decode(said) if said.strip() else None
        except msgspec.DecodeError as error:
            raise BadAnswer("`ceph` printed no JSON.", where=" ".join(arguments), hint=said[:200]) from error

    def inject(self, fault: str, **arguments: Any) -> None:
        """Break something, and return once the system itself shows it.

        Args:
            fault: its name, e.g. `osd-down`.
            arguments: of the fault.

        Raises:
            UnknownName: no such fault or argument.
            Refused: this sandbox can't have it.
            DeadlineExceeded: it did not show.

        """
        chosen = self._fault(fault)
        if not self.own and not chosen.anywhere:
            raise Refused(
                f"The fault {fault} needs servers of the sandbox's own.",
                where=self.context,
                hint="use `forgotten-flag` here, or a sandbox brought up without --context.",
            )
        for name in arguments:
            if name not in chosen.arguments:
                raise UnknownName.among(f"argument of the fault {fault}", name, chosen.arguments)
        before = self.injected()
        # Noted first: what is broken off half-way can be healed too.
        self._note({**before, fault: [*before.get(fault, []), arguments]})
        try:
            done = chosen.inject(self, **arguments)
        except (UsageError, Refused):
            self._note(before)
            raise
        self._note({**before, fault: [*before.get(fault, []), done]})

    def heal(self, fault: str | None = None) -> None:
        """Mend a fault, or all of them, and return once the system is healthy.

        Raises:
            UnknownName: no such fault.
            DeadlineExceeded: it did not become healthy.

        """
        for name in [fault] if fault is not None else list(self.injected()):
            left = self.injected()
            for done in left.pop(name, [{}]):
                self._fault(name).heal(self, **done)
            self._note(left)
        if self.own and not self.injected():
            self.wait_healthy()

    def wait_healthy(self, *, deadline: float = 300.0) -> None:
        """Wait until Ceph says HEALTH_OK, every PG is active and clean, and every pod is ready.

        Raises:
            DeadlineExceeded: with what is still wrong.

        """
        wait_until(
            lambda: not self.ailments(),
            what=f"the sandbox {self.name!r} is healthy",
            deadline=deadline,
            every=0.5,
            state=lambda: "; ".join(self.ailments()),
        )

    def ailments(self) -> list[str]:
        """What keeps it from being healthy, in words; nothing when it is."""
        return self.profile.ailments(self)

    def injected(self) -> dict[str, list[dict[str, Any]]]:
        """The faults that are in, with what was done."""
        return read_json(self.site.state / _FAULTS, {})

    def _note(self, faults: dict[str, list[dict[str, Any]]]) -> None:
        write_json(self.site.state / _FAULTS, faults)

    def _fault(self, name: str) -> Fault:
        return fault_named(self.profile.faults, name)


def _fitting(wanted: Profile, report: Report) -> list[tuple[Profile, dict[str, Any]]]:
    """The profiles that come up beside it, with their options; what this machine can't have is left out."""
    found: list[tuple[Profile, dict[str, Any]]] = []
    for name, options in wanted.beside.items():
        one = PROFILES[name]
        if one.unfit:
            report(name, f"left out: {one.unfit}", 0.0)
        else:
            found.append((one, one.options(options)))
    return found
