"""One object says that a plan may be applied: what was reviewed, by whom, until when."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from msgspec.structs import replace

from opskit.core.anchor import replace_durably
from opskit.core.errors import ApprovalRejected, ConfigError
from opskit.core.findings import Data
from opskit.core.plan import Json, Plan, canonical
from opskit.core.planning import difference
from opskit.core.signing import sign, verify

SKEW = timedelta(minutes=5)
"""How far the approver's clock may be ahead."""


class Approval(Data, frozen=True):
    """Made by a click or by `opskit approve`; checked right before a plan is applied."""

    plan_hash: str
    reviewed: Json
    """What was reviewed, so that a difference can be shown."""
    cluster_uid: str
    by: str
    """Who approved."""
    at: datetime
    until: datetime
    confirmations: tuple[str, ...] = ()
    """The names that were typed, for steps that ask for one."""
    signature: str = ""
    """An SSH signature of everything above (namespace `opskit-approval`), armored."""

    def signed(self, key: Path) -> "Approval":
        """The same, signed with an SSH key; a public key's file uses the agent.

        Raises:
            ConfigError: the key can't be used.

        """
        return replace(self, signature=sign(self._content(), key))

    def save(self, path: Path) -> None:
        """Write it, 0600, by rename.

        Raises:
            ConfigError: it can't be written there.

        """
        try:
            replace_durably(path, msgspec.json.format(msgspec.json.encode(self)) + b"\n")
        except OSError as error:
            raise ConfigError(
                f"The approval can't be saved: {error.strerror}", where=str(path), hint="choose another place"
            ) from error

    def check(self, plan: Plan, *, allowed_signers: Path | None = None, late: bool = False) -> str:
        """Whether this plan may be applied now.

        Args:
            plan: what is about to be applied.
            allowed_signers: file of ssh-keygen(1)'s format; where given, an unsigned approval is refused.
            late: let an expired approval pass: to take back what was approved.

        Returns:
            Who signed it; empty when no signature was asked for.

        Raises:
            ApprovalRejected: says which of plan, cluster, time, typed names or signature is wrong.

        """
        self._check_whole()
        self._check_plan(plan)
        self._check_time(late=late)
        missing = sorted({step.confirm for step in plan.steps if step.confirm} - set(self.confirmations))
        if missing:
            raise ApprovalRejected(
                f"The approval lacks the typed confirmation of {', '.join(missing)}.",
                where=self._title,
                hint="approve again, and type each name that is asked for",
            )
        return self._signer(allowed_signers)

    def require_standing(
        self, *, runbook: str, parameters: Json, allowed_signers: Path | None = None
    ) -> None:
        """What can be told of it before anything is asked of a cluster.

        Args:
            runbook: name of the runbook that it is to be used for.
            parameters: the runbook's, as a plan holds them.
            allowed_signers: as in `check`.

        Raises:
            ApprovalRejected: it was altered, is over, is for something else, or its signature is not trusted.
            ConfigError: as `check`.

        """
        self._check_whole()
        self._check_time(late=False)
        wanted: Json = {"runbook": runbook, "parameters": parameters}
        changed = difference({each: self.reviewed.get(each) for each in wanted}, wanted)
        if changed:
            raise ApprovalRejected(
                f"The approval is for something else than what is to be run: {'; '.join(changed)}",
                where=self._title,
                hint="plan what is to be run, and have that approved",
            )
        self._signer(allowed_signers)

    def _signer(self, allowed_signers: Path | None) -> str:
        if allowed_signers is None:
            return ""
        return verify(self._content(), self.signature, by=self.by, allowed_signers=allowed_signers)

    def _check_whole(self) -> None:
        if hashlib.sha256(canonical(self.reviewed)).hexdigest() != self.plan_hash:
            raise ApprovalRejected(
                "What it says was reviewed does not have the hash that it approves: the file was altered.",
                where=self._title,
                hint="plan and approve again",
            )

    def _check_plan(self, plan: Plan) -> None:
        if self.cluster_uid != plan.cluster_uid:
            raise ApprovalRejected(
                f"The approval is for the cluster with UID {self.cluster_uid}, not for {plan.cluster} "
                f"({plan.cluster_uid}).",
                where=self._title,
                hint="approve the plan of this cluster",
            )
        if self.plan_hash != plan.hash:
            changed = "; ".join(difference(self.reviewed, plan)) or "its form"
            raise ApprovalRejected(
                f"The approval is for another plan than this. Different now: {changed}",
                where=self._title,
                hint="review the plan as it is now and approve again",
            )

    def _check_time(self, *, late: bool) -> None:
        now = datetime.now(UTC)
        if now >= self.until and not late:
            raise ApprovalRejected(
                f"The approval expired at {self.until:%Y-%m-%d %H:%M:%S} UTC.",
                where=self._title,
                hint="review the plan as it is now and approve again",
            )
        if self.at > now + SKEW:
            raise ApprovalRejected(
                f"The approval was made at {self.at:%Y-%m-%d %H:%M:%S} UTC, which is in the future.",
                where=self._title,
                hint="set this machine's clock, or the approver's",
            )

    @property
    def _title(self) -> str:
        return f"approval by {self.by} of plan {self.plan_hash[:12]}"

    def _content(self) -> bytes:
        return canonical(replace(self, signature=""))


def approve(plan: Plan, *, by: str, lasts: timedelta, confirmations: Iterable[str] = ()) -> Approval:
    """Approve a plan from now on.

    Args:
        plan: as it was reviewed.
        by: who approves.
        lasts: how long the approval is good for.
        confirmations: the names that were typed.

    """
    now = datetime.now(UTC)
    return Approval(
        plan_hash=plan.hash,
        reviewed=msgspec.json.decode(canonical(plan.binding())),
        cluster_uid=plan.cluster_uid,
        by=by,
        at=now,
        until=now + lasts,
        confirmations=tuple(sorted(set(confirmations))),
    )


def load(path: Path) -> Approval:
    """Read an approval.

    Raises:
        ApprovalRejected: there is none, or it is none.

    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Approval)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ApprovalRejected(
            f"The approval can't be read: {error}", where=str(path), hint="make one with `opskit approve`"
        ) from error
