"""The engine of one run: its journal, its lock, its rights, and who may stop it."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from opskit import systems
from opskit.core import rights
from opskit.core.approval import Approval
from opskit.core.engine import Engine
from opskit.core.journal import Journal
from opskit.core.lock import LeaseLock, identity
from opskit.core.plan import Plan
from opskit.core.progress import Outcome, Watch
from opskit.core.writes import Writer
from opskit.runner.contract import Runbook
from opskit.runner.declared import Rule
from opskit.runner.folder import RunFolder

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster


class Change:
    """What is changed, and under whose approval.

    Args:
        cluster: the live cluster.
        plan: as it was reviewed.
        approval: of this plan.
        folder: the run's.
        runbook: whose rights are checked.
        code: digest of the code as it is now; empty: not compared.
        allowed_signers: where given, only signed approvals count.
        take_over: take an unfinished run's expired lock.
        stop: who asks to stop.
        watch: told where the run stands.

    """

    def __init__(
        self,
        cluster: "Cluster",
        plan: Plan,
        approval: Approval,
        folder: RunFolder,
        runbook: Runbook,
        *,
        code: str,
        allowed_signers: Path | None,
        take_over: bool,
        stop: Callable[[], str | None],
        watch: Watch,
    ) -> None:
        self._cluster = cluster
        self._plan = plan
        self._approval = approval
        self._folder = folder
        self._runbook = runbook
        self._code = code
        self._allowed_signers = allowed_signers
        self._take_over = take_over
        self._stop = stop
        self._watch = watch

    def apply(self) -> Outcome:
        """Apply the plan, or go on with it where it was begun.

        Raises:
            JournalUnwritable, JournalDamaged, LockHeld: nothing was changed.

        """
        if self._folder.journal.exists():
            return self.resume()
        with Journal.create(self._folder.journal, run=self._folder.read().run) as journal:
            return self._engine(journal).apply()

    def resume(self, *, settle: Mapping[str, str] | None = None) -> Outcome:
        """Do what is left.

        Args:
            settle: what a person found out about steps of unknown outcome: `done` or `not-done`.

        Raises:
            JournalDamaged, LockHeld, UsageError: nothing was changed.

        """
        with self._opened() as journal:
            return self._engine(journal).resume(settle=settle)

    def undo(self) -> Outcome:
        """Take back what was done.

        Raises:
            JournalDamaged, LockHeld, UsageError: nothing was changed.

        """
        with self._opened() as journal:
            return self._engine(journal).undo()

    def _opened(self) -> Journal:
        return Journal.open(self._folder.journal, run=self._folder.read().run)

    def _engine(self, journal: Journal) -> Engine:
        run = self._folder.read().run
        lock = LeaseLock(
            self._cluster, self._plan.lock, holder=identity(run), run=run, take_over=self._take_over
        )
        return Engine(
            self._cluster,
            self._plan,
            approval=self._approval,
            conditions=systems.load(self._plan.system).conditions,
            writer=Writer(self._cluster),
            journal=journal,
            lock=lock,
            code=self._code,
            rules=rules_of(self._cluster, self._runbook.rules),
            allowed_signers=self._allowed_signers,
            stop=self._stop,
            watch=self._watch,
        )


def rules_of(cluster: "Cluster", declared: Iterable[Rule]) -> tuple[rights.Rule, ...]:
    """The declared rules, with `{system}` as the namespace that the system lives in."""
    return tuple(_rule(cluster, each) for each in declared)


def _rule(cluster: "Cluster", declared: Rule) -> rights.Rule:
    place = declared.namespace
    if place.startswith("{") and place.endswith("}"):
        system = place[1:-1]
        place = str(cluster.setting(system, "namespace", _DEFAULTS.get(system, system)))
    return rights.Rule(
        api_groups=declared.api_groups,
        resources=declared.resources,
        verbs=declared.verbs,
        resource_names=declared.resource_names,
        namespaces=(place,) if place else (),
    )


_DEFAULTS = {"rook": "rook-ceph", "certmanager": "cert-manager"}
"""Where a system lives when opskit.toml does not say."""
