"""What must be true before anything is changed."""

from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from opskit.core.approval import Approval
from opskit.core.cluster import Cluster
from opskit.core.errors import PlanChanged, Refused, WrongCluster
from opskit.core.plan import Plan
from opskit.core.planning import difference
from opskit.core.previews import previews
from opskit.core.rights import Rule, needed, require
from opskit.core.writes import Writer


def require_cluster(cluster: Cluster, plan: Plan) -> None:
    """The cluster that answers must be the plan's, and alive.

    Raises:
        Refused: it is a snapshot.
        WrongCluster: another cluster answers.

    """
    info = cluster.info
    if not info.live:
        raise Refused(
            f"{info.name!r} is a snapshot: the plan can be read, not applied.",
            where=info.server,
            hint="open the live cluster, and plan there",
        )
    if info.uid != plan.cluster_uid:
        raise WrongCluster(
            f"The plan is for {plan.cluster} ({plan.cluster_uid}); {info.name} ({info.uid}) answers.",
            where=info.server,
            hint="open the cluster that the plan was made for",
        )


def require_approved(
    plan: Plan, approval: Approval, *, allowed_signers: Path | None, code: str, late: bool = False
) -> str:
    """The approval must be for this plan, and the code must be the plan's.

    Returns:
        Who signed; empty when no signature was asked for.

    Raises:
        ApprovalRejected: says what is wrong with the approval.
        PlanChanged: the code changed since.

    """
    signer = approval.check(plan, allowed_signers=allowed_signers, late=late)
    if code and code != plan.code:
        raise PlanChanged(
            f"The code that would apply the plan is not the code that made it: "
            f"code: {plan.code[:12]} → {code[:12]}.",
            where=plan.runbook,
            hint="plan and approve again with the code as it is now",
        )
    return signer


def require_fresh(plan: Plan, writer: Writer) -> None:
    """The server's dry run must say today what it said when the plan was reviewed.

    Raises:
        PlanChanged: shows the difference.
        WriteRejected, ReadError: the server refuses a step, or can't be read.

    """
    now = previews(writer, plan.steps)
    steps = tuple(replace(step, preview=seen) for step, seen in zip(plan.steps, now, strict=True))
    changed = difference(plan, replace(plan, steps=steps))
    if changed:
        raise PlanChanged(
            f"The cluster is not as it was reviewed: {'; '.join(changed)}",
            where=plan.cluster,
            hint="plan and approve again",
        )


def require_rights(cluster: Cluster, plan: Plan, declared: Iterable[Rule]) -> None:
    """The credential must have what the runbook declares and what the plan needs.

    Raises:
        MissingRights: names each missing right, and the command that grants it.

    """
    require(cluster, [*declared, *needed(plan)])
