"""Who could be anybody: whoever reads Dex' signing keys can sign a token for any person and any group."""

from opskit.core.findings import Evidence, Finding, Severity
from opskit.core.kinds_rbac import Question, Subject
from opskit.core.parts import known
from opskit.core.wording import some
from opskit.systems.dex.facts import Facts
from opskit.systems.dex.judging import DOCS, finding
from opskit.systems.dex.kinds import DEX, DexConfig
from opskit.systems.dex.rights import everybody

KEYS = "signingkeies"


def keys_readable(facts: Facts) -> list[Finding]:
    """People and workloads that may read the signing keys, which lie in Kubernetes in plain text."""
    if known(facts.config, DexConfig()).storage.type != "kubernetes":
        return []
    readers = {
        _said(subject): binding
        for verb in ("get", "list", "watch")
        for subject, binding in everybody(facts, _question(facts, verb))
        if not _of_dex(facts, subject)
    }
    if not readers:
        return []
    first = min(readers)
    return [
        finding(
            "SIGNING_KEYS_READABLE",
            Severity.WARNING,
            f"{KEYS}.{DEX}",
            f"{some(sorted(readers))} may read the keys that Dex signs with, and so be anybody.",
            evidence=[
                Evidence(
                    text=f"{name} by {binding}",
                    command=f"kubectl -n {facts.namespace} auth can-i get {KEYS}.{DEX} --as …",
                )
                for name, binding in sorted(readers.items())[:5]
            ],
            cause="With its storage `kubernetes` Dex keeps its private keys as objects, in plain text.",
            remedy=f"take {KEYS}.{DEX} out of what {readers[first]} allows; then change the keys, if "
            "somebody may have read them",
            source=f"{DOCS}/configuration/storage/",
        )
    ]


def _question(facts: Facts, verb: str) -> Question:
    return Question(verb=verb, resource=KEYS, group=DEX, namespace=facts.namespace)


def _of_dex(facts: Facts, subject: Subject) -> bool:
    return subject.kind == "ServiceAccount" and subject.namespace == facts.namespace


def _said(subject: Subject) -> str:
    place = f"{subject.namespace}/" if subject.namespace else ""
    return f"{subject.kind} {place}{subject.name}"
