"""One sandbox's faults: what is broken in it, and its mending."""

from typing import Any

from opskit.core.errors import NotInstalled, Refused, UnknownName, UsageError
from opskit.sandbox.faults import Fault, fault_named
from opskit.sandbox.files import read_json, write_json
from opskit.sandbox.reached import Reached
from opskit.sandbox.waiting import wait_until

_FAULTS = "faults.json"


class Breakable(Reached):
    """A sandbox that can be broken, and mended."""

    def inject(self, fault: str, **arguments: Any) -> None:
        """Break something, and return once the system itself shows it.

        Args:
            fault: its name, e.g. `osd-down`.
            arguments: of the fault.

        Raises:
            UnknownName: no such fault or argument.
            Refused: this sandbox can't have it, or another fault is in that broke the same.
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
        self._refuse_where_held(chosen, arguments, before)
        # Noted first: what is broken off half-way can be healed too.
        self._note({**before, fault: [*before.get(fault, []), arguments]})
        try:
            done = chosen.inject(self, **arguments)
        except (UsageError, Refused, NotInstalled):
            self._note(before)
            raise
        self._note({**before, fault: [*before.get(fault, []), done]})

    def _refuse_where_held(
        self, chosen: Fault, arguments: dict[str, Any], injected: dict[str, list[dict[str, Any]]]
    ) -> None:
        wanted = chosen.victims_of(arguments)
        for name in injected:
            other = self._fault(name)
            for done in injected[name] if other is not chosen else ():
                for victim in wanted & other.victims_of(done):
                    raise Refused(
                        f"The fault {name} is in, and has broken {victim}, as {chosen.name} would.",
                        where=self.name,
                        hint=f"run `opskit sandbox fault heal {name} --name {self.name}` first.",
                    )

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
