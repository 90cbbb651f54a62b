"""Bootstrap tokens, read without their secrets."""

from datetime import UTC, datetime

from opskit.core.cluster import Cluster
from opskit.core.errors import BadAnswer, NotInstalled
from opskit.core.parts import Unread, attempt
from opskit.core.reads import OnNode
from opskit.systems.kubeadm import answers, reading


def read(
    cluster: Cluster, nodes: tuple[str, ...], api: str | Unread = ""
) -> list[answers.BootstrapToken] | Unread:
    """The bootstrap tokens without their secrets, asked on the first control-plane node that answers.

    They lie in the API server: where it does not answer, they are unread for its reason.

    Raises:
        NotInstalled: no control-plane node can be reached.
        ToolFailed, BadAnswer, Unreachable, Unauthorized, DeadlineExceeded, NotInSnapshot.

    """
    if isinstance(api, Unread):
        return Unread(part="tokens", error=api.error, reason=api.reason)
    why = "There is no control-plane node that answers over SSH."
    for name in nodes:
        found = attempt("tokens", lambda name=name: _tokens_on(cluster, name))
        if not isinstance(found, Unread):
            return found
        why = found.reason
    raise NotInstalled(why, where="bootstrap tokens", hint="name the nodes in opskit.toml")


def _tokens_on(cluster: Cluster, node: str) -> list[answers.BootstrapToken]:
    lines = cluster.tool(reading.TOKENS, place=OnNode(name=node)).body.decode(errors="replace").splitlines()
    return [token(*line.split(None, 1)) for line in lines if line.strip()]


def token(id_: str, expires: str = "") -> answers.BootstrapToken:
    """A token out of its public half and the time of its end, as kubeadm prints it.

    Raises:
        BadAnswer: that is no time.

    """
    text = expires.strip()
    try:
        at = (
            datetime.fromisoformat(text.replace(" +0000 UTC", "+00:00"))
            if text and text[0].isdecimal()
            else None
        )
    except ValueError as error:
        raise BadAnswer(
            f"A token ends at {text!r}.", where="kubeadm token list", hint="ask it by hand"
        ) from error
    return answers.BootstrapToken(id=id_, expires=at.astimezone(UTC) if at else None)
