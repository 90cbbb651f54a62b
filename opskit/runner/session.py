"""A run, as a notebook sees it: open, look, plan, apply, verify.

The data stand on the run (`found`, `planned`, `outcome`, `judged`); each call returns what its cell
displays, made by the presenter.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opskit import systems
from opskit.core.clock import elapsed
from opskit.core.errors import OpsError, Refused, Stopped
from opskit.core.findings import Finding
from opskit.core.plan import Draft, Plan
from opskit.core.secrets import Secret, resolve
from opskit.runner import catalogue, contract, folder, verifying
from opskit.runner.context import Context, current
from opskit.runner.contract import Runbook
from opskit.runner.folder import RunFolder
from opskit.runner.presenter import Presenter
from opskit.runner.record import ClusterNote, ErrorNote, Record, Status, note
from opskit.runner.values import Value
from opskit.runner.verdict import Verdict

if TYPE_CHECKING:
    from opskit.core.approval import Approval
    from opskit.core.cluster import Cluster
    from opskit.core.progress import Outcome

FRESH_SECONDS = 30.0
"""For how long the cells of a look share what was read; a plan and a verdict always read anew."""


def open_run(
    runbook: str, *, presenter: Presenter, parameters: Mapping[str, Any], cluster: "str | Cluster" = "demo"
) -> "Run":
    """Open a runbook's run: check the parameters, make or join the run folder, open the cluster.

    Args:
        runbook: its name, e.g. `rook/osd-down`.
        presenter: how it is shown.
        parameters: raw text or Python values.
        cluster: a name (see `Cluster.open`), or a cluster that is open already.

    Raises:
        UnknownName, NotARunbook, BadValue: wrong use.
        ReadError: the cluster does not answer.

    """
    from opskit.core.cluster import Cluster

    context = current()
    declared = contract.load(Path(context.notebook)) if context else catalogue.find(runbook)
    name = cluster if isinstance(cluster, str) else cluster.info.name
    values = declared.read({**parameters, "cluster": name})
    own = RunFolder(Path(context.folder)) if context else folder.create(declared.name, mode="interactive")
    try:
        opened = cluster if isinstance(cluster, Cluster) else Cluster.open(name, system=declared.system)
    except OpsError as error:
        own.update(error=note(error))
        raise
    return Run(declared, opened, values, presenter=presenter, folder=own, context=context)


class Run:
    """One execution of a runbook.

    Attributes:
        runbook: its contract.
        cluster: what is read and changed.
        parameters: parsed values by name.
        folder: where everything of this run is kept.
        context: the runner's, or None in an interactive kernel.
        found: the findings of the last look.
        planned: the plan, once `plan` has made one.
        outcome: how applying ended.
        judged: the verdict.

    """

    def __init__(
        self,
        runbook: Runbook,
        cluster: "Cluster",
        parameters: Mapping[str, Value],
        *,
        presenter: Presenter,
        folder: RunFolder,
        context: Context | None = None,
    ) -> None:
        self.runbook = runbook
        self.cluster = cluster
        self.parameters = dict(parameters)
        self.presenter = presenter
        self.folder = folder
        self.context = context
        self.system = systems.load(runbook.system)
        self.found: tuple[Finding, ...] = ()
        self.planned: Plan | None = None
        self.outcome: Outcome | None = None
        self.judged: Verdict | None = None
        self._facts: Any = None
        self._facts_at = 0.0
        self._planner: Callable[..., Draft] | None = None
        self._planner_values: dict[str, Value] = {}
        self._failure: tuple[str, OpsError] | None = None
        self._note_opening()

    def __repr__(self) -> str:
        return f"Run({self.runbook.name!r}, {self.cluster!r}, {str(self.folder.path)!r})"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.presenter.opened(self)._repr_mimebundle_(**options)

    @property
    def record(self) -> Record:
        """run.json as it stands."""
        return self.folder.read()

    def secret(self, parameter: str) -> Secret:
        """The secret that a parameter refers to, fetched now and scrubbed from all that is saved."""
        return resolve(str(self.parameters[parameter]))

    def facts(self) -> Any:
        """The system's `Facts`: read now, unless they were within the last `FRESH_SECONDS`."""
        with self._guarded("facts"):
            return self._facts_read()

    def findings(self) -> Any:
        """Judge the facts; `found` holds the findings, worst first."""
        with self._guarded("findings"):
            self.found = tuple(self.system.judge(self._facts_read()))
            return self.presenter.findings(self)

    def plan(self, planner: Callable[..., Draft], **parameters: Any) -> Any:
        """Make the plan; `planned` holds it, plan.json too.

        Args:
            planner: a pure function `(facts, **parameters) -> Draft`.
            parameters: the planner's; those that the runbook declares are parsed by their type.

        Raises:
            Refused: an interlock says no; every reason is named.
            MissingRights: a right that the runbook declares is missing.

        """
        from opskit.runner import applying

        with self._guarded("plan"):
            self._planner, self._planner_values = planner, self._parsed(parameters)
            self.planned = applying.make(self, self._facts_read(anew=True))
            self.folder.save(self.folder.plan, self.planned)
            self.folder.update(plan_hash=self.planned.hash)
            return self.presenter.plan(self)

    def draft(self, facts: Any) -> Draft:
        """The planner's steps for these facts.

        Raises:
            Refused: there is no planner yet, or an interlock says no.

        """
        from opskit.core import planning

        if self._planner is None:
            raise Refused("There is no plan yet.", where=self.runbook.name, hint="run the plan cell first")
        return planning.draft(self.cluster, self._planner, facts, **self._planner_values)

    def apply(self) -> Any:
        """Apply the plan: with an approval file headless, by the approval panel's click in Jupyter.

        Where nothing can be applied (a snapshot, nothing to do, `opskit plan`) it says so and stops.

        Raises:
            ApprovalNeeded: headless, without an approval; plan.json is saved.
            PlanChanged, ApprovalRejected, MissingRights, Refused, WriteRejected: nothing was changed.
            LockHeld, LockLost, StepFailed, OutcomeUnknown, Stopped: as the journal tells.

        """
        from opskit.runner import applying

        with self._guarded("apply"):
            why = applying.why_not(self)
            if why is not None:
                status, sentence = why
                self.folder.update(status=status, sentence=sentence)
                return self.presenter.planned_only(self, sentence)
            if self.presenter.interactive:
                return self.presenter.approval(self)
            return self.presenter.applied(self, applying.perform(self, applying.approval_of(self)))

    def perform(self, approval: "Approval") -> "Outcome":
        """Apply the plan under an approval; what the approval panel's click calls. It blocks.

        Raises:
            As `apply`.

        """
        from opskit.runner import applying

        with self._guarded("apply"):
            return applying.perform(self, approval)

    def request_stop(self) -> None:
        """Stop at the next step boundary; what the stop button calls."""
        self.folder.request_stop("button")

    def verify(self) -> Any:
        """Read the system again: goal and findings; `judged` and verdict.json hold the verdict."""
        with self._guarded("verify"):
            if self.folder.read().status is Status.APPLYING:
                return self.presenter.planned_only(
                    self, "Still applying: run this cell again when it has ended."
                )
            facts = self._facts_read(anew=True)
            self.found = tuple(self.system.judge(facts))
            self.judged = verifying.judge(self, facts)
            self.folder.save(self.folder.verdict, self.judged)
            return self.presenter.verdict(self, self.judged)

    def _facts_read(self, *, anew: bool = False) -> Any:
        if anew or self._facts is None or elapsed() - self._facts_at > FRESH_SECONDS:
            self._facts = self.system.facts(self.cluster)
            self._facts_at = elapsed()
        return self._facts

    def _parsed(self, given: Mapping[str, Any]) -> dict[str, Value]:
        declared = {name: self.runbook.parameter(name) for name in given}
        return {name: each.parse(given[name]) if each else given[name] for name, each in declared.items()}

    def _note_opening(self) -> None:
        info = self.cluster.info
        self.folder.update(
            title=self.runbook.title,
            system=self.runbook.system,
            notebook=str(Path(self.runbook.path).absolute()),
            changing=self.runbook.changing,
            parameters=self.runbook.show(self.parameters),
            cluster=ClusterNote(
                name=info.name,
                server=info.server,
                uid=info.uid,
                version=info.version,
                live=info.live,
                taken=info.taken,
            ),
        )

    @contextmanager
    def _guarded(self, call: str) -> Generator[None]:
        """Refuse after a failure, look for a stop request, and keep what goes wrong."""
        self._refuse_after_failure(call)
        self._stop_if_asked(call)
        try:
            yield
        except KeyboardInterrupt:
            self._stop_if_asked(call)
            raise
        except OpsError as error:
            self._failure = (call, error)
            self.folder.update(error=self._note_of(call, error))
            raise
        self._forget_failure()

    def _note_of(self, call: str, error: OpsError) -> ErrorNote:
        """What run.json says: of a plan that was begun, the engine knows best."""
        from opskit.runner import applying

        told = applying.error_of(self.outcome) if self.outcome and call == "apply" else None
        return told or note(error)

    def _refuse_after_failure(self, call: str) -> None:
        if self._failure and (self._failure[0] != call or call == "apply"):
            failed, error = self._failure
            raise Refused(
                f"`run.{call}` is refused, as `run.{failed}` failed: {error.what}",
                where=error.where,
                hint=error.hint or "mend that first, and run its cell again",
            )

    def _forget_failure(self) -> None:
        if self._failure:
            self._failure = None
            self.folder.update(error=None)

    def _stop_if_asked(self, call: str) -> None:
        if reason := self.folder.stop_reason:
            error = Stopped(f"Stopped by {reason} before `run.{call}`.", by=reason, where=self.runbook.name)
            self.folder.update(error=note(error))
            raise error
