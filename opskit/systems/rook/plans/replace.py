"""Replace an OSD whose disk is dead or dying.

Follows https://docs.ceph.com/en/latest/rados/operations/add-or-rm-osds/#replacing-an-osd and
https://rook.io/docs/rook/latest/Storage-Configuration/Advanced/ceph-osd-mgmt/. The operator is
paused only while the OSD is dismantled, not for the hours in which its data moves: monitors
keep their failover meanwhile.
"""

from collections.abc import Iterator

from opskit.core.conditions import Held
from opskit.core.parts import Unread, known
from opskit.core.plan import Condition, Draft, Step
from opskit.core.planning import looks
from opskit.systems.rook import looks as questions
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.inventory import Osd
from opskit.systems.rook.plans import guards, steps
from opskit.systems.rook.plans.capacity import room_after_removal
from opskit.systems.rook.plans.moves import MOVE_SECONDS
from opskit.systems.rook.workloads import Deployment

PVC_LABEL = "ceph.rook.io/pvc"
"""On the deployment of an OSD that stands on a volume claim."""


@looks(questions.may_stop)
def replace_osd(facts: Facts, *, osd: int, stop: Held | Unread, new_disk: int = 4 * steps.HOUR) -> Draft:
    """Empty an OSD, destroy it once that is safe, and wait until its successor holds data.

    Args:
        facts: of the cluster.
        osd: the OSD's ID.
        stop: Ceph's answer to `ok-to-stop`.
        new_disk: seconds to wait for the new disk's OSD.

    Raises:
        Refused: with every reason why it can't be replaced now.

    """
    guards.refuse(
        _reasons(facts, osd, stop),
        what=f"Replacing osd.{osd}",
        where=facts.namespace,
        hint="clear these first; rook/health tells the remedy of each finding",
    )
    plan = _Replacement(facts, facts.osds[osd])
    goal = (plan.gone, steps.ready(plan.operator), plan.successor, steps.clean())
    return Draft(
        title=f"Replace {plan.osd.subject}",
        steps=(*plan.emptying(), *plan.dismantling(), *plan.returning(new_disk)),
        goal=goal,
        lock=steps.lock_of(facts),
    )


def _reasons(facts: Facts, osd: int, stop: Held | Unread) -> Iterator[str]:
    yield from guards.unread(
        facts, "status", "osd_dump", "tree", "osd_df", "rules", "deployments", "operator"
    )
    yield from guards.same_ceph(facts)
    yield from guards.osd_known(facts, osd)
    yield from guards.operator_runs(facts)
    yield from guards.no_maintenance(facts)
    yield from guards.answered(f"ceph osd ok-to-stop {osd}", stop)
    if osd in facts.osds:
        yield from _osd_reasons(facts, facts.osds[osd])


def _osd_reasons(facts: Facts, found: Osd) -> Iterator[str]:
    """An OSD that is down may be replaced while PGs miss its copies, if only those are missing."""
    yield from guards.pgs_clean(facts) if found.up and found.in_ else guards.pgs_available(facts)
    yield from guards.one_domain(facts, [found])
    yield from guards.not_held_back(facts, [found])
    yield from guards.pool_copies(facts, [found])
    yield from room_after_removal(facts, [found])
    claim = found.deployment.labels.get(PVC_LABEL) if found.deployment else None
    if claim:
        yield f"{found.name} stands on the volume claim {claim}: that needs the claim deleted, too"


class _Replacement:
    """The pieces of one replacement."""

    def __init__(self, facts: Facts, osd: Osd) -> None:
        self.facts = facts
        self.osd = osd
        self.id = osd.id
        self.uuid = guards.uuid_of(facts, osd.id)
        self.target = steps.osd_target(osd.id, self.uuid)
        self.operator: Deployment = known(facts.operator, [])[0]
        self.deployment: Deployment = osd.deployment or Deployment()
        self.gone = steps.of_osd("is-gone", self.id, self.uuid, "is gone from the map")
        self.safe = steps.of_osd("safe-to-destroy", self.id, self.uuid, "is safe to destroy")

    @property
    def successor(self) -> Condition:
        """As many OSDs of the host serve as before."""
        peers = self.facts.hosts.get(self.osd.host, [])
        count = sum(each.id == self.id or (each.up and each.in_) for each in peers)
        return steps.osds_on(self.osd.host, count)

    def emptying(self) -> Iterator[Step]:
        """Move its data elsewhere, and wait until nothing depends on it."""
        yield steps.mark_out(
            self.facts,
            self.id,
            self.uuid,
            reason="Its data moves to the other OSDs while it can still be read.",
            skip="" if self.osd.in_ else f"osd.{self.id} is out already",
        )
        yield steps.wait(
            f"wait-safe-osd-{self.id}",
            self.target,
            title=f"Wait until osd.{self.id} is safe to destroy",
            reason="Only then has every PG its full number of copies without it.",
            postcondition=(self.safe, steps.clean()),
            deadline_seconds=MOVE_SECONDS,
        )

    def dismantling(self) -> Iterator[Step]:
        """Take it apart behind the operator's back, which would rebuild it."""
        yield steps.scale(
            "pause-operator",
            self.operator,
            0,
            title="Pause Rook's operator",
            reason="It would restart the OSD, or make its deployment again, while it is being removed.",
            precondition=(self.safe,),
            postcondition=(steps.stopped(self.operator),),
            undone=(steps.ready(self.operator),),
            risk="medium",
        )
        yield self._stop()
        yield self._purge()
        yield steps.remove(
            f"remove-deployment-osd-{self.id}",
            self.deployment,
            title=f"Delete the deployment of osd.{self.id}",
            reason="It belongs to an OSD that is no more; Rook makes one for the new disk.",
            no_undo="An OSD that was purged has nothing to run; Rook makes the new disk's deployment.",
        )

    def _stop(self) -> Step:
        down = steps.of_osd("is-down", self.id, self.uuid, "is down")
        running = self.deployment.spec.replicas > 0
        return steps.scale(
            f"stop-osd-{self.id}",
            self.deployment,
            0,
            title=f"Stop the daemon of osd.{self.id}",
            reason="Ceph purges only an OSD that is down.",
            precondition=(steps.ok_to_stop([self.id]), self.safe),
            postcondition=(steps.stopped(self.deployment), down),
            undone=(steps.runs_again(self.id, self.uuid, self.deployment),),
            risk="medium",
            skip="" if running else f"{self.deployment.name} is scaled to 0 already",
        )

    def _purge(self) -> Step:
        """Never forced: Ceph itself refuses while data depends on the OSD.

        It may be repeated for as long as this OSD is in the map: with the operator paused nobody gives
        its ID to another disk, and Ceph purges none that is up.
        """
        down = steps.of_osd("is-down", self.id, self.uuid, "is down")
        return Step(
            id=f"purge-osd-{self.id}",
            title=f"Purge osd.{self.id}",
            action=steps.ceph(self.facts, "osd", "purge", str(self.id), "--yes-i-really-mean-it"),
            target=self.target,
            reason="It frees the ID and the key for the new disk, and takes the OSD out of CRUSH.",
            precondition=(self.safe, down, steps.stopped(self.operator)),
            postcondition=(self.gone,),
            no_undo="A purged OSD can't be brought back; every PG has its copies elsewhere.",
            risk="high",
            confirm=f"osd.{self.id}",
        )

    def returning(self, new_disk: int) -> Iterator[Step]:
        """Let Rook make the successor, and wait until data is whole on it."""
        yield steps.scale(
            "resume-operator",
            self.operator,
            self.operator.spec.replicas,
            before=0,
            title="Resume Rook's operator",
            reason="It finds the new disk and makes the new OSD.",
            postcondition=(steps.ready(self.operator),),
            no_undo="The operator must run; pausing it again would only hide what is left to do.",
        )
        yield steps.wait(
            "wait-new-osd",
            self.target,
            title="Wait for the new OSD",
            reason="Swap the disk now if that has not been done; Rook makes an OSD on it.",
            postcondition=(self.successor,),
            deadline_seconds=new_disk,
        )
        yield steps.wait(
            "wait-clean",
            self.target,
            title="Wait until every PG is whole",
            reason="Data moves onto the new OSD.",
            postcondition=(steps.clean(),),
            deadline_seconds=MOVE_SECONDS,
        )
