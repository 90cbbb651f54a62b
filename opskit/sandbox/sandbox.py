"""One sandbox: up and down."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from opskit.core.errors import NotFound, OpsError, Refused
from opskit.sandbox.breakable import Breakable
from opskit.sandbox.component import GivenUp, Report, bring_up, prefixed, silent
from opskit.sandbox.files import locked
from opskit.sandbox.fitness import makeshifts, require_fit, require_means, require_space
from opskit.sandbox.part import Part
from opskit.sandbox.pins import versions
from opskit.sandbox.profiles import PROFILES, Profile, profile
from opskit.sandbox.site import sandbox_names, sandboxes


class Sandbox(Breakable):
    """A sandbox that is up. Use it as a context manager to have it taken down at the end.

    Its tools are in `Reached`, its faults in `Breakable`.

    """

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
            NotInstalled: programs or CRDs are missing; the message has the command that gets them.
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
            NotFound: there is none, or nothing of it runs any more.

        """
        sandbox = cls(name)
        if sandbox.ended:
            known = sandbox.profile.name
            raise NotFound(
                f"Nothing of the sandbox {name!r} runs any more: it was killed, or the machine restarted.",
                where=str(sandbox.site.state),
                hint=f"`opskit sandbox up --profile {known} --name {name}` starts it anew, and "
                f"`opskit sandbox down --name {name}` removes it.",
            )
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
        components = [part for one, chosen in every for part in one.components(chosen)]
        crds = str(settings.get("crds", ""))
        require_means(components, crds=crds, profile=profile_name)
        for component, told in makeshifts(components, crds=crds, profile=profile_name):
            report(component, told, 0.0)
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

    @property
    def ended(self) -> bool:
        """Whether it was ready and nothing of it runs any more, as after a restart of the machine."""
        if self.site.record.get("phase") != "ready" or not self.own:
            return False
        processes = self.site.processes
        try:
            outside = self.outside().values()
        except OpsError:
            return False
        return not any((*map(processes.alive, processes.names()), *outside))

    def _all_alive(self) -> bool:
        """Whether all servers run that nothing but `down` may end."""
        processes, mortal = self.site.processes, self.site.record.get("mortal", [])
        return all(processes.alive(name) for name in processes.names() if name not in mortal) and all(
            part.stands(self.site) for part in self._parts()
        )

    def outside(self) -> dict[str, int]:
        """What runs for it that another daemon started: name → PID, 0 where it is stopped.

        Raises:
            OpsError: that daemon does not answer.

        """
        return {name: pid for part in self._parts() for name, pid in part.outside(self.site).items()}

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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()


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
