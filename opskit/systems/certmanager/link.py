"""One link of a certificate's chain that fails, and how it is worded."""

from datetime import datetime, timedelta

from opskit.core.findings import Data, Evidence
from opskit.core.kinds import Object
from opskit.systems.certmanager import kinds, words
from opskit.systems.certmanager.facts import Facts

SEEN_SECONDS = 60
"""A controller that works looks at a new object within a second."""
APPROVE_SECONDS = 30
PROVE_SECONDS = 600
"""A challenge takes a minute: 60 s are a pause of the controller's own."""


class Link(Data, frozen=True):
    """The link that fails, and why."""

    code: str
    subject: str
    summary: str
    """Without a full stop."""
    evidence: tuple[Evidence, ...] = ()
    cause: str = ""
    next: str = ""


def late(each: Object, facts: Facts, kind: str, said: str) -> Link | None:
    """A link that is still not done after `PROVE_SECONDS`."""
    if not older(each, facts.now, PROVE_SECONDS):
        return None
    return told("ISSUANCE_STUCK", each, said or "nothing is said", "is still not done", kind=kind)


def told(code: str, each: Object, said: str, what: str, *, kind: str = "") -> Link:
    """A link that says itself why it fails."""
    kind = kind or ("Certificate" if isinstance(each, kinds.Certificate) else "CertificateRequest")
    found = words.explain(said)
    subject = f"{kind} {each.namespace}/{each.name}"
    return Link(
        code=code,
        subject=subject,
        summary=f"{subject} {what}: {short(said)}",
        evidence=(shown(said, kind.lower(), each),),
        cause=found.cause if found else said,
        next=found.next if found else "mend what the message says",
    )


def shown(text: str, kind: str, each: Object) -> Evidence:
    """What the object says, and the command that shows it."""
    return Evidence(text=text, command=kubectl("describe", kind, each))


def kubectl(verb: str, kind: str, each: Object) -> str:
    """The command for one object."""
    place = f" -n {each.namespace}" if each.namespace else ""
    return f"kubectl{place} {verb} {kind} {each.name}"


def older(each: Object, now: datetime, seconds: float) -> bool:
    """Whether it was made so many seconds ago."""
    made = each.metadata.creation_timestamp
    return made is not None and now - made >= timedelta(seconds=seconds)


def short(text: str, *, most: int = 220) -> str:
    """The text in one line; of a long one head and end, for an error's last words are its cause."""
    line = " ".join(text.split()).rstrip(". :")
    return line if len(line) <= most else f"{line[: most // 2]} … {line[-most // 2 :]}"
