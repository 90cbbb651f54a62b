"""Revoke leases under a prefix.

Follows https://openbao.org/api-docs/system/leases/#revoke-prefix: with `sync` the answer comes when all are
revoked. What a back end refuses to revoke stays, and is told.
"""

from collections.abc import Iterator
from urllib.parse import quote

from opskit.core.errors import Refused
from opskit.core.parts import Unread
from opskit.core.plan import Call, Change, Condition, Draft, Lock, Step, Target
from opskit.core.planning import looks
from opskit.core.wording import count, some
from opskit.systems.vault import answers
from opskit.systems.vault import looks as questions
from opskit.systems.vault.facts import Facts

REVOKE_SECONDS = 600


@looks(questions.under)
def revoke_leases(
    facts: Facts, *, prefix: str, at_most: int = 100, force: bool = False, listed: questions.Listed | Unread
) -> Draft:
    """Revoke every lease under a prefix, and verify that those that were listed are gone.

    Args:
        facts: of the Vault.
        prefix: path of the leases, e.g. `database/creds/app`.
        at_most: refuse more leases than that.
        force: forget leases that the back end does not revoke; what it made for them lives on there.
        listed: the leases under the prefix, as they are now.

    Raises:
        Refused: the prefix is no prefix, covers opskit's own token, has more leases than allowed or can't
            be listed; or Vault is sealed or has no leader.

    """
    path = prefix.strip("/")
    reasons = list(_reasons(facts, path, at_most, listed))
    if reasons or isinstance(listed, Unread):
        raise Refused(
            f"Revoking leases under {prefix!r} is refused: {'; '.join(reasons)}.",
            where=f"sys/leases/lookup/{path}",
            hint=f"see `{facts.cli} list sys/leases/lookup/{path}`, and `vault/health`",
        )
    gone = Condition(
        name="vault/leases-gone",
        arguments={"prefix": path, "leases_reviewed": list(listed.ids)},
        text=f"none of the {count(len(listed.ids), 'lease')} under {path} is left",
    )
    lock = Lock(namespace=facts.namespace, name="opskit-vault-leases")
    title = f"Revoke {count(len(listed.ids), 'lease')} under {path}"
    if not listed.ids:
        return Draft(
            title=title, steps=(), goal=(gone,), lock=lock, nothing_to_do=f"There is no lease under {path}."
        )
    return Draft(
        title=title, steps=(_revoke(facts, path, listed.ids, gone, force=force),), goal=(gone,), lock=lock
    )


def _reasons(facts: Facts, path: str, at_most: int, listed: questions.Listed | Unread) -> Iterator[str]:
    if not path or path.split("/")[0] in ("sys", "identity", "cubbyhole"):
        yield f"{path!r} is no prefix of leases"
    seal = facts.front if isinstance(facts.front, answers.SealStatus) else facts.seal
    if seal is None or seal.sealed:
        yield "Vault is sealed or does not answer"
    if isinstance(listed, Unread):
        yield f"they could not be listed: {listed.reason}"
    elif len(listed.ids) > at_most or listed.more:
        yield (
            f"there are {len(listed.ids):,}{' or more' if listed.more else ''} leases, and at_most is "
            f"{at_most:,}"
        )
    if isinstance(facts.myself, answers.Token) and f"{facts.myself.path}/".startswith(f"{path}/"):
        yield f"opskit's own token was given under {facts.myself.path} and would be revoked with them"


def _revoke(facts: Facts, path: str, ids: tuple[str, ...], gone: Condition, *, force: bool) -> Step:
    verb = "revoke-force" if force else "revoke-prefix"
    forced = " What the back end made for them lives on there and must be removed by hand." if force else ""
    return Step(
        id=f"{verb}-{path}".replace("/", "-"),
        title=f"Revoke {count(len(ids), 'lease')} under {path}{' by force' if force else ''}",
        action=Call(
            server=facts.server,
            method="PUT",
            path=f"/v1/sys/leases/{verb}/{quote(path)}",
            body=None if force else {"sync": True},
            repeatable=True,
        ),
        target=Target(kind="leases", name=path),
        reason=f"Reviewed: {some(ids, at_most=10)}. Leases that are given under it until then go, "
        f"too.{forced}",
        precondition=(Condition(name="vault/can-write", text="Vault is unsealed and has a leader"),),
        postcondition=(gone,),
        expected=(Change(path=f"leases under {path}", before=len(ids), after=0),),
        no_undo="A credential that was revoked can't be brought back; its user has to ask for a new one.",
        deadline_seconds=REVOKE_SECONDS,
        risk="high",
        confirm=path,
    )
