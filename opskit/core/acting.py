"""One act: announced in the journal, sent once, and read back when no answer came."""

from collections.abc import Callable
from typing import Any, TypeVar

from opskit.core.answers import converted
from opskit.core.clock import elapsed
from opskit.core.deed import Deed, announced
from opskit.core.errors import (
    DeadlineExceeded,
    JournalUnwritable,
    OutcomeUnknown,
    ReadError,
    StepFailed,
    Unreachable,
)
from opskit.core.plan import Call, Delete, Evict, Run
from opskit.core.read_back import Fate, read_back
from opskit.core.rejections import rejected
from opskit.core.tools import GRACE, Tools, unmet
from opskit.core.wait import interruptibly, rest
from opskit.core.write_answers import Accepted, Answered, Declined, Silent
from opskit.core.write_requests import Seen
from opskit.core.writes import SECONDS, Prepared, of_status

T = TypeVar("T")

PAUSE = 0.5
"""Seconds before an act that was not done is tried again; the server may ask for more."""
RETRY = 2.0
"""Seconds before a server that does not answer is asked again."""


class Actor:
    """Performs one deed.

    Args:
        tools: the run's parts.
        deed: what is to be done.

    """

    def __init__(self, tools: Tools, deed: Deed) -> None:
        self.tools = tools
        self.deed = deed

    def act(self) -> bool:
        """Do it. Whether there was anything to do.

        Raises:
            WriteRejected, StepFailed: the server said no.
            OutcomeUnknown: no answer came, and the system does not tell.
            PlanChanged: what would change is not what was reviewed.
            LockLost, JournalUnwritable, Stopped, ReadError: as they say.

        """
        silent: Prepared | None = None
        while True:
            prepared = self._prepared()
            if prepared.changes == ():
                self._record("acknowledged" if silent else "nothing", text="the object is so already")
                return silent is not None
            if prepared.blocked:
                self._pause(prepared.blocked, 5.0)
                continue
            self.deed.review(prepared)
            answer = self._sent(prepared)
            if isinstance(answer, Accepted):
                self._acknowledge(answer)
                return True
            if isinstance(answer, Declined):
                self._declined(answer, silent)
            elif self._settled(prepared, answer):
                return True
            else:
                silent = prepared

    def settle(self, intent: dict[str, Any]) -> bool:
        """What became of an act that was announced before a crash. Whether it was done.

        Args:
            intent: what the journal kept of it.

        Raises:
            OutcomeUnknown: the system does not tell.

        """
        seen = converted(intent.get("seen"), Seen | None)
        prepared = Prepared(action=self.deed.action, target=self.deed.target, seen=seen)
        return self._settled(prepared, Silent(text="the run ended before an answer was recorded"))

    def _prepared(self) -> Prepared:
        doing = f"the dry run of {self.deed.target}"
        while True:
            self._regain()
            try:
                return self._calling(
                    lambda: self.tools.writer.prepare(self.deed.action, self.deed.target), doing
                )
            except (Unreachable, DeadlineExceeded) as error:
                if self.deed.left <= RETRY:
                    raise
                self._pause(str(error), RETRY)

    def _regain(self) -> None:
        """Have the lock renewed before anything is announced."""
        self.tools.lock.regain(
            stop=self.tools.stop, watch=lambda why: self.tools.tell(self.deed.at, "waiting", why)
        )

    def _sent(self, prepared: Prepared) -> Answered:
        self._record("intent", **announced(prepared))
        self.tools.boundary("intent")
        self.tools.tell(self.deed.at, "acting", f"Changing {self.deed.target}.")
        answer = self._calling(lambda: self._send(prepared), f"changing {self.deed.target}")
        self.tools.boundary("send")
        return answer

    def _send(self, prepared: Prepared) -> Answered:
        """Send it while the lock certainly holds: a Kubernetes write is not waited for any longer."""
        self.tools.lock.check()
        seconds = min(SECONDS, self.tools.lock.left) if self.deed.kubernetes else max(1.0, self.deed.left)
        return self.tools.writer.send(prepared, deadline=seconds)

    def _acknowledge(self, answer: Accepted) -> None:
        metadata = answer.object.get("metadata", {})
        kept = {key: metadata[key] for key in ("uid", "resourceVersion", "generation") if key in metadata}
        try:
            self._record("acknowledged", **kept)
        except JournalUnwritable as error:
            raise StepFailed(
                f"{self.deed.target} was changed, but the journal can't record it: {error.what}",
                where=error.where,
                hint="free space or mend the file system; resume reads the change back",
            ) from error
        self.tools.boundary("ack")

    def _declined(self, answer: Declined, silent: Prepared | None) -> None:
        """Go on where another try is safe, or raise."""
        self._record("declined", reason=answer.reason, message=answer.message)
        gone = answer.status == 404 and isinstance(self.deed.action, Delete | Evict)
        if not (answer.stale or answer.later or gone):
            raise rejected(answer, self.deed.target, dry_run=False)
        if silent is not None and answer.stale:
            # Whatever made it stale may have been the write that got no answer.
            self._settled(silent, Silent(text=answer.message, sent=True))
        self._pause(answer.message, max(PAUSE, answer.after), error=answer)

    def _settled(self, prepared: Prepared, answer: Silent) -> bool:
        """Whether a write without an answer was done; False: it was not, and may be sent again."""
        fate = self._fate(prepared, answer)
        self._record("read-back", outcome=fate.outcome, text=fate.text, because=answer.text)
        if fate.outcome == "unknown":
            raise self._unknown(answer, fate)
        if fate.outcome == "applied":
            self._record("acknowledged", text=f"read back: {fate.text}")
            self.tools.boundary("ack")
            return True
        self._pause(f"{answer.text}; {fate.text}", PAUSE)
        return False

    def _unknown(self, answer: Silent, fate: Fate) -> OutcomeUnknown:
        run, step = self.tools.journal.run, self.deed.step
        return OutcomeUnknown(
            f"Nobody can tell whether {self.deed.target} was changed: {answer.text}; {fate.text}",
            where=step,
            hint=f"once the server answers, opskit resume {run}: it reads it back"
            if fate.unread
            else f"look at it by hand, then opskit resume {run} --settle {step}=done (or =not-done)",
        )

    def _fate(self, prepared: Prepared, answer: Silent) -> Fate:
        if answer.sent is False:
            return Fate(outcome="not applied", text="it never reached the server")
        self.tools.tell(self.deed.at, "reading-back", f"No answer: reading {self.deed.target} back.")
        if isinstance(self.deed.action, Run | Call):
            return self._fate_of_command(self.deed.action)
        while True:
            try:
                fate = self._calling(
                    lambda: read_back(self.tools.writer, prepared), f"reading {self.deed.target} back"
                )
                return self._unless_went_on(fate)
            except ReadError as error:
                if self.deed.left <= 0 or self.tools.lock.given_up:
                    text = f"it could not be read back: {error.what}"
                    return Fate(outcome="unknown", text=text, unread=True)
                self.tools.tell(self.deed.at, "no answer", f"{error.what} Reading it back again soon.")
                rest(min(RETRY, self.deed.left), self.tools.stop, f"reading {self.deed.target} back")

    def _unless_went_on(self, fate: Fate) -> Fate:
        """A controller may have gone on from the write already: then the postcondition tells."""
        if fate.outcome != "unknown" or not of_status(self.deed.action) or self._missing():
            return fate
        return Fate(outcome="applied", text="its postcondition holds")

    def _fate_of_command(self, action: Run | Call) -> Fate:
        """By the postcondition: it may take a while to hold, if the command goes on without us."""
        wait = PAUSE if action.repeatable else self.deed.left
        over = elapsed() + min(wait, self.deed.left)
        while True:
            missing = self._missing()
            if not missing:
                return Fate(outcome="applied", text="its postcondition holds")
            if elapsed() >= over:
                break
            rest(min(1.0, max(0.1, over - elapsed())), self.tools.stop, "reading a command's effect back")
        if action.repeatable:
            return Fate(outcome="not applied", text=f"{missing}, and the command may be repeated")
        return Fate(outcome="unknown", text=f"{missing}, and the command may not be repeated")

    def _missing(self) -> str:
        try:
            return unmet(self.tools.read(self.deed.postcondition, "reading a command's effect back"))
        except ReadError as error:
            return str(error)

    def _pause(self, why: str, seconds: float, *, error: Declined | None = None) -> None:
        if self.deed.left <= seconds:
            if error is not None:
                raise rejected(error, self.deed.target, dry_run=False)
            raise StepFailed(
                f"{self.deed.target} could not be changed in time: {why}",
                where=self.deed.step,
                hint="mend that, then resume",
            )
        self.tools.tell(self.deed.at, "waiting", f"Trying again soon: {why}", waiting_for=why)
        rest(seconds, self.tools.stop, f"waiting to change {self.deed.target}")

    def _record(self, phase: str, **data: object) -> None:
        self.tools.journal.append(self.deed.prefix + phase, step=self.deed.step, data=dict(data))

    def _calling(self, call: Callable[[], T], doing: str) -> T:
        return interruptibly(call, stop=self.tools.stop, grace=GRACE, doing=doing)
