"""What a person reads when the server refuses a write."""

from opskit.core.errors import OpsError, StepFailed, Unreachable, WriteRejected
from opskit.core.plan import Target
from opskit.core.write_answers import Declined, Silent


def rejected(answer: Declined | Silent, target: Target, *, dry_run: bool) -> OpsError:
    """The error for a write that was not done.

    Args:
        answer: what came back; `Silent` only where nothing can have been done.
        target: what was to be written.
        dry_run: whether it was the dry run.

    """
    if isinstance(answer, Silent):
        return Unreachable(
            f"Could not reach the server to change {target}: {answer.text}",
            sent=answer.sent,
            where=str(target),
            hint="see whether the API server is well, then resume",
        )
    if answer.reason.startswith("exit code"):
        return StepFailed(
            f"The command ended with {answer.reason}: {answer.message or 'it said nothing'}",
            where=str(target),
            hint="run the same command by hand in that place to see more",
        )
    return WriteRejected(
        _sentence(answer, target),
        reason=answer.reason,
        dry_run=dry_run,
        where=str(target),
        hint=_hint(answer),
    )


def _sentence(answer: Declined, target: Target) -> str:
    if answer.managers:
        owners = " and ".join(answer.managers)
        return f"{', '.join(answer.owned)} of {target} belongs to the field manager {owners}."
    return f"The server refuses the change of {target} ({answer.reason}): {answer.message}"


def _hint(answer: Declined) -> str:
    if answer.managers:
        return "change it there, or name that manager in the step's take_over"
    if "admission" in answer.message or "ValidatingAdmissionPolicy" in answer.message:
        return "read what the policy or webhook says; it decides, not opskit"
    if answer.later:
        return "wait until it is allowed, then resume"
    return {
        403: "ask for a Role that grants this verb on this resource",
        404: "look at what removed it, and plan again",
        409: "something else keeps changing it: find out what, then plan again",
        422: "the object would be invalid: mend the plan",
    }.get(answer.status, "read what the server says, then plan again")
