"""What Vault holds and hands out: leases, keys, authorities, and what brings it into Kubernetes."""

import re
from datetime import timedelta

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import Unread, known
from opskit.core.wording import count, some
from opskit.systems.vault import answers
from opskit.systems.vault.facts import Facts
from opskit.systems.vault.judging import age, finding

MANY = 10_000
"""Leases of one prefix beyond which starts, elections and revocations get slow."""
KEY_AGE = timedelta(days=365)
CA_SHARE = 0.1
CA_LEAST = timedelta(days=30)


def leases_many(facts: Facts) -> list[Finding]:
    """Prefixes with so many leases that they harm."""
    held = facts.leases
    if isinstance(held, Unread):
        return []
    return [
        finding(
            "LEASES_MANY",
            Severity.ERROR if each.leases >= 10 * MANY else Severity.WARNING,
            f"leases {each.path}",
            f"{each.path} has {count(each.leases, 'lease')}.",
            evidence=[
                Evidence(
                    text=f"{each.leases:,} keys; oldest of a sample: "
                    f"{age(each.oldest, facts.now) if each.oldest else 'unknown'}",
                    command=f"{facts.cli} list sys/leases/lookup/{each.path}",
                )
            ],
            cause="Something asks for new credentials and does not renew those that it has, or the TTL is "
            "too long.",
            remedy=Remedy(
                text="Find who asks (the audit log tells), shorten the TTL; leases that nobody uses can be "
                "revoked.",
                runbook="vault/revoke-leases",
                parameters={"prefix": each.path},
            ),
        )
        for each in held.prefixes
        if each.leases >= MANY
    ]


def leases_irrevocable(facts: Facts) -> list[Finding]:
    """Leases that could not be revoked: the credentials behind them may live on."""
    held = facts.irrevocable
    if isinstance(held, Unread) or not held.lease_count:
        return []
    return [
        finding(
            "LEASES_IRREVOCABLE",
            Severity.ERROR,
            "irrevocable leases",
            f"{count(held.lease_count, 'lease')} could not be revoked after many tries: their credentials "
            f"may live on.",
            evidence=[
                Evidence(
                    text=", ".join(f"{mount}: {number}" for mount, number in (held.counts or {}).items()),
                    command=f"{facts.cli} read sys/leases/count type=irrevocable",
                )
            ],
            cause="The back end (database, Kubernetes, cloud) refused, or Vault's own account there lost "
            "its rights.",
            remedy="Mend Vault's account in the back end, then revoke the prefix again; by force only if the "
            "back end is gone.",
        )
    ]


def leases_not_revoked(facts: Facts) -> list[Finding]:
    """Leases that Vault tries to revoke in vain: tried six times before they count as irrevocable."""
    return [
        finding(
            "LEASES_NOT_REVOKED",
            Severity.WARNING,
            f"leases, by {some(sign.pods)}",
            "Vault can't revoke leases that have ended: their credentials live on.",
            evidence=[
                Evidence(
                    text=sign.line,
                    command=f"kubectl -n {facts.namespace} logs {sign.pods[0]} --since=1h | grep revoke",
                )
            ],
            cause=f"Vault's own account lacks the right at the back end: {_forbidden(sign.line)}"
            if "forbidden" in sign.line
            else "The back end (database, Kubernetes, cloud) does not answer, or refuses.",
            remedy="Give Vault's account its rights back: it goes on trying. Revoking by force leaves "
            "behind what was made there.",
        )
        for sign in facts.lately("not-revoked")
    ]


def _forbidden(line: str) -> str:
    found = re.search(r'User \\*"(?P<who>[^"\\]+)\\*" cannot (?P<what>[^,"\\]+(?:\\*"[^"\\]+\\*")?)', line)
    return f"{found['who']} may not {found['what']}" if found else line


def transit_old(facts: Facts) -> list[Finding]:
    """Transit keys that are old and are not rotated by themselves."""
    found: list[Finding] = []
    for each in known(facts.transit, []):
        if isinstance(each, Unread) or each.rotates or not each.rotated or facts.now - each.rotated < KEY_AGE:
            continue
        name = f"{each.mount}keys/{each.key.name}"
        found.append(
            finding(
                "TRANSIT_KEY_OLD",
                Severity.WARNING,
                f"transit key {each.key.name}",
                f"{name} was last rotated {age(each.rotated, facts.now)} ago, and rotates never by itself.",
                evidence=[
                    Evidence(
                        text=f"latest version {each.key.latest_version}", command=f"{facts.cli} read {name}"
                    )
                ],
                cause="auto_rotate_period is 0.",
                remedy=f"`{facts.cli} write -f {name}/rotate`, and set auto_rotate_period; rewrap what the "
                f"old version encrypted.",
            )
        )
    return found


def authority_ends(facts: Facts) -> list[Finding]:
    """PKI authorities that end soon: nothing that they sign lives longer."""
    found: list[Finding] = []
    for each in known(facts.pki, []):
        if isinstance(each, Unread):
            continue
        left, life = each.not_after - facts.now, each.not_after - each.not_before
        if left > max(life * CA_SHARE, min(CA_LEAST, life / 3)):
            continue
        gone = left <= timedelta()
        found.append(
            finding(
                "PKI_CA_ENDS",
                Severity.CRITICAL
                if gone
                else Severity.ERROR
                if left < timedelta(days=7)
                else Severity.WARNING,
                f"{each.mount} {each.subject}",
                f"The authority {each.subject} of {each.mount} "
                f"{'ended' if gone else 'ends'} {each.not_after:%Y-%m-%d %H:%M} UTC.",
                evidence=[
                    Evidence(
                        text=f"issuer {each.issuer}, serial {each.serial}",
                        command=f"{facts.cli} read {each.mount}issuer/{each.issuer}",
                    )
                ],
                cause="It was made with a limited life, and no successor is the default issuer.",
                remedy=f"Make a new one beside it (`{facts.cli} write {each.mount}root/rotate/internal …`), "
                f"spread its "
                "certificate, then make it the default.",
            )
        )
    return found


def operator_vaults(facts: Facts) -> list[Finding]:
    """bank-vaults' resources that say trouble."""
    found: list[Finding] = []
    for each in known(facts.vaults, []):
        bad = next(
            (c for c in each.status.conditions or [] if c.type == "Healthy" and c.status == "False"), None
        )
        if bad is None:
            continue
        said = bad.error or bad.message or "no reason given"
        found.append(
            finding(
                "VAULT_RESOURCE_UNHEALTHY",
                Severity.WARNING,
                f"Vault {each.namespace}/{each.name}",
                f"bank-vaults holds Vault {each.namespace}/{each.name} for unhealthy: {said}.",
                evidence=[
                    Evidence(text=said, command=f"kubectl -n {each.namespace} describe vault {each.name}")
                ],
                cause=said,
                remedy="See the findings about the nodes first; then the operator's log.",
            )
        )
    return found


_READY = ("Ready", "Healthy", "SecretSynced", "Synced")


def syncs_failing(facts: Facts) -> list[Finding]:
    """What the Vault Secrets Operator can't bring into the cluster, connections before what uses them."""
    found: list[Finding] = []
    for kind, each in known(facts.syncs, []):
        bad = next(
            (c for c in each.status.conditions or [] if c.type in _READY and c.status == "False"), None
        )
        said = each.status.error or (f"{bad.reason}: {bad.message}" if bad else "")
        if not said and each.status.valid is not False:
            continue
        said = said or "it is not valid, and says no more"
        found.append(
            finding(
                "SYNC_FAILING",
                Severity.ERROR,
                f"{kind} {each.namespace}/{each.name}",
                f"{kind} {each.namespace}/{each.name} does not work: {said}.",
                evidence=[
                    Evidence(
                        text=said, command=f"kubectl -n {each.namespace} describe {kind.lower()} {each.name}"
                    )
                ],
                cause=said,
                remedy="Mend the VaultConnection and VaultAuth that it uses first: what depends on them "
                "follows.",
            )
        )
    return found


def keyring_old(facts: Facts) -> list[Finding]:
    """The key that encrypts the storage is near the number of encryptions that is safe."""
    key = facts.key
    if not isinstance(key, answers.KeyStatus) or key.encryptions < 3_500_000_000:
        return []
    return [
        finding(
            "KEYRING_WORN",
            Severity.WARNING,
            f"key of term {key.term}",
            f"The storage's key has done {key.encryptions:,} encryptions; rotate it.",
            evidence=[Evidence(text=f"term {key.term}", command=f"{facts.cli} operator key-status")],
            cause="Its automatic rotation is off.",
            remedy=f"`{facts.cli} operator rotate`",
        )
    ]
