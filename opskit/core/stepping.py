"""One step of a plan, forth or back: check, act, wait for what must be true afterwards, record it."""

from dataclasses import dataclass

from msgspec.structs import replace

from opskit.core.acting import Actor
from opskit.core.clock import elapsed
from opskit.core.deed import Deed
from opskit.core.errors import DeadlineExceeded, PlanChanged, ReadError, Refused, StepFailed
from opskit.core.history import UNDO, Trace
from opskit.core.plan import Action, Apply, Call, Change, Condition, Run, Step, Target, Wait
from opskit.core.progress import Progress, State, StepState
from opskit.core.tools import Read, Tools, in_vain, states, text_of, unmet
from opskit.core.wait import require_go, until
from opskit.core.writes import Prepared


@dataclass(frozen=True)
class Move:
    """A step's way forth, or back."""

    action: Action
    target: Target
    precondition: tuple[Condition, ...]
    postcondition: tuple[Condition, ...]
    preview: tuple[Change, ...] | None
    prefix: str = ""


def forth(step: Step) -> Move:
    """What the step does."""
    return Move(step.action, step.target, step.precondition, step.postcondition, step.preview)


def back(step: Step) -> Move:
    """What takes the step back; it must have an undo."""
    undo = step.undo
    if undo is None:
        raise Refused(f"{step.title!r} can't be taken back: {step.no_undo}", where=step.id)
    target = undo.target or step.target
    # What a step deleted comes back as a new object.
    target = replace(target, uid="") if isinstance(undo.action, Apply) else target
    return Move(undo.action, target, (), undo.postcondition, None, UNDO)


class Stepper:
    """Makes one move of one step.

    Args:
        tools: the run's parts.
        step: the step.
        move: its way forth or back.
        trace: what the journal tells of the step.

    """

    def __init__(self, tools: Tools, step: Step, move: Move, trace: Trace) -> None:
        self._tools = tools
        self._step = step
        self._move = move
        self._way = trace.back if move.prefix else trace.forth
        self._over = elapsed() + step.deadline_seconds
        self._at = Progress(
            step=step.id,
            title=step.title,
            index=tools.plan.steps.index(step) + 1,
            total=len(tools.plan.steps),
            phase="",
            text="",
            deadline_seconds=step.deadline_seconds,
        )

    def make(self) -> StepState:
        """Do what is left of the move.

        Raises:
            Refused: a precondition does not hold.
            OpsError: as `Actor.act` and `wait.until`.

        """
        self._begin()
        if not self.settled():
            held = self._already()
            if held:
                return self._ended("already", f"nothing to do because {held}", {"text": held})
            self._require_precondition()
            if not isinstance(self._move.action, Wait):
                self._actor().act()
        return self._committed()

    def skip(self) -> StepState:
        """Record that there is nothing to do."""
        return self._ended("skipped", self._step.skip, {"text": self._step.skip})

    def settled(self) -> bool:
        """Whether the journal, or the system, tells that the act was done already."""
        if self._way.reached == "open":
            return self._actor().settle(self._way.intent or {})
        return self._way.reached == "acknowledged"

    def recheck(self, *, later_began: bool) -> StepState | None:
        """Look at a step that was done before. None: it has to be done once more.

        Raises:
            PlanChanged: it no longer holds, and can't be done twice.

        """
        read = self._read_patiently(self._move.postcondition)
        missing = unmet(read)
        self._record("rechecked", {"holds": not missing, "states": states(read)})
        if not missing:
            return self._state("done", "done before, and still holds")
        if later_began:
            return self._state("done", f"done before; by now {missing}, after later steps")
        if isinstance(self._move.action, Run | Call) and not self._move.action.repeatable:
            raise PlanChanged(
                f"{self._step.title!r} was done, but no longer holds, and can't be done twice: {missing}.",
                where=self._step.id,
                hint="look at what undid it, then plan again",
            )
        return None

    def _begin(self) -> None:
        require_go(self._tools.stop, f"beginning {self._step.title!r}")
        self._tools.tell(self._at, "undoing" if self._move.prefix else "checking", self._step.title)
        self._tools.lock.note(step=self._step.id, head=self._tools.journal.head, stop=self._tools.stop)

    def _already(self) -> str:
        """Why there is nothing to do; empty when there is."""
        read = self._read_patiently(self._move.postcondition)
        if not read or unmet(read):
            return ""
        return "; ".join(f"{text_of(condition)}: {held.state}" for condition, held in read)

    def _require_precondition(self) -> None:
        read = self._read_patiently(self._move.precondition)
        missing = unmet(read)
        self._record("checked", {"ok": not missing, "states": states(read)})
        if missing:
            raise Refused(
                f"{self._step.title!r} may not begin: {missing}.",
                where=self._step.id,
                hint="mend that, then resume; or plan again",
            )

    def _actor(self) -> Actor:
        return Actor(
            self._tools,
            Deed(
                step=self._step.id,
                action=self._move.action,
                target=self._move.target,
                postcondition=self._move.postcondition,
                over=self._over,
                at=self._at,
                prefix=self._move.prefix,
                review=self._review,
            ),
        )

    def _review(self, prepared: Prepared) -> None:
        reviewed = self._move.preview
        if reviewed is None or prepared.changes is None or reviewed == prepared.changes:
            return
        was, now = (", ".join(map(_shown, each)) or "nothing" for each in (reviewed, prepared.changes))
        raise PlanChanged(
            f"{self._step.title!r} would change something else than was reviewed. "
            f"Reviewed: {was}. Now: {now}.",
            where=self._step.id,
            hint="look at who changed it, then plan and approve again",
        )

    def _committed(self) -> StepState:
        read = self._held()
        self._record("done", {"states": states(read)})
        self._tools.boundary("commit")
        seen = "; ".join(held.state for _, held in read)
        state: State = "undone" if self._move.prefix else "done"
        self._tools.tell(self._at, state, seen or self._step.title)
        return self._state(state, seen)

    def _held(self) -> Read:
        """The postcondition, once it holds."""
        wanted = " and ".join(map(text_of, self._move.postcondition))
        try:
            return until(
                lambda: self._read(self._move.postcondition),
                lambda read: not unmet(read),
                deadline=max(0.0, self._over - elapsed()),
                watch=lambda read, waited: self._tools.tell(
                    self._at, "waiting", unmet(read) or wanted, waiting_for=wanted, waited_seconds=waited
                ),
                unread=self._unread,
                failed=in_vain,
                stop=self._tools.stop,
                show=unmet,
                what=wanted,
            )
        except DeadlineExceeded as error:
            raise StepFailed(
                f"{self._step.title!r} did not succeed in time: {error.what}",
                where=self._step.id,
                hint="look at what keeps it; resume goes on waiting",
            ) from error

    def _read_patiently(self, conditions: tuple[Condition, ...]) -> Read:
        """Read, and wait out a server that does not answer."""
        return until(
            lambda: self._read(conditions),
            lambda _: True,
            deadline=max(0.0, self._over - elapsed()),
            unread=self._unread,
            stop=self._tools.stop,
            what=f"the state of {self._move.target}",
        )

    def _read(self, conditions: tuple[Condition, ...]) -> Read:
        self._tools.lock.require_ours()
        return self._tools.read(conditions, f"reading the state of {self._move.target}")

    def _unread(self, error: ReadError, waited: float) -> None:
        self._tools.tell(self._at, "no answer", error.what, waited_seconds=waited)

    def _ended(self, state: State, text: str, data: dict[str, object]) -> StepState:
        self._record(state, data)
        self._tools.tell(self._at, state, text)
        return self._state(state, text)

    def _state(self, state: State, text: str) -> StepState:
        return StepState(id=self._step.id, title=self._step.title, state=state, text=text)

    def _record(self, phase: str, data: dict[str, object]) -> None:
        self._tools.journal.append(self._move.prefix + phase, step=self._step.id, data=data)


def _shown(change: Change) -> str:
    return f"{change.path}: {change.before} → {change.after}"
