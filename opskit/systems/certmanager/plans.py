"""Have a certificate renewed now.

Follows https://cert-manager.io/docs/usage/certificate/#renewal and what `cmctl renew` does: the condition
Issuing is set to True on the status subresource, and the controller does the rest.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from opskit.core.errors import Refused
from opskit.core.parts import Unread, known
from opskit.core.plan import NOW, Change, Draft, Lock, Patch, Step, Target, Wait
from opskit.core.plan import Condition as Wanted
from opskit.systems.certmanager import chain, checks_budget
from opskit.systems.certmanager.facts import Facts, Served
from opskit.systems.certmanager.kinds import Certificate, Condition, holds

ISSUE_SECONDS = 900
"""A DNS-01 proof takes minutes; names are proven one after the other."""
SERVE_SECONDS = 300


def renew_certificate(
    facts: Facts, *, namespace: str, certificate: str, endpoint: str | None = None
) -> Draft:
    """Have a certificate issued anew, and wait until it is, and is served.

    Args:
        facts: of the cluster.
        namespace: of the certificate.
        certificate: its name.
        endpoint: `host:port` that must show the new certificate at the end; None: those that are known.

    Raises:
        Refused: there is no such certificate, it is being issued already, its issuer can't sign, another
            Certificate writes its Secret, or the CA's rate limit is used up.

    """
    found = _certificate(facts, namespace, certificate)
    reasons = list(_reasons(facts, namespace, certificate, found))
    if reasons or found is None:
        raise Refused(
            f"Renewing {namespace}/{certificate} is refused: {'; '.join(reasons)}.",
            where=f"Certificate {namespace}/{certificate}",
            hint="clear these first; `certmanager/health` names the causes",
        )
    renewed, serving = _renewed(found), list(_serving(facts, found, endpoint))
    steps = [_ask(found), _await(found, renewed), *(_await_serving(found, each) for each in serving)]
    return Draft(
        title=f"Renew certificate {found.subject}",
        steps=tuple(steps),
        goal=(renewed, *serving),
        lock=Lock(namespace=namespace, name=f"opskit-certificate-{certificate}"[:63].rstrip("-.")),
    )


def _certificate(facts: Facts, namespace: str, name: str) -> Certificate | None:
    every = known(facts.certificates, [])
    return next((each for each in every if (each.namespace, each.name) == (namespace, name)), None)


def _reasons(facts: Facts, namespace: str, name: str, found: Certificate | None) -> Iterator[str]:
    for part in (facts.certificates, facts.requests, facts.issuers, facts.cluster_issuers):
        if isinstance(part, Unread):
            yield f"{part.part} could not be read: {part.reason}"
    if isinstance(facts.certificates, Unread):
        return
    if found is None:
        yield f"there is no certificate {name} in namespace {namespace}"
        return
    if holds(found.status.conditions, "Issuing"):
        link = chain.broken(found, facts)
        yield f"it is being issued already{f', and that fails: {link.summary}' if link else ''}"
    yield from _issuer_reasons(facts, found)
    others = [
        each.name
        for each in known(facts.certificates, [])
        if (each.namespace, each.spec.secret_name) == (namespace, found.spec.secret_name)
        and each.name != name
    ]
    if others:
        yield f"the Certificate {others[0]} writes the same Secret {found.spec.secret_name}"


def _issuer_reasons(facts: Facts, found: Certificate) -> Iterator[str]:
    ref = found.spec.issuer_ref
    if ref.group != "cert-manager.io":
        return
    issuer = chain.issuer_of(ref, found.namespace, facts)
    if issuer is None:
        yield f"its issuer {ref.kind} {ref.name} does not exist"
    elif not holds(issuer.status.conditions, "Ready"):
        yield f"its issuer is not ready: {chain.of_issuer(issuer).cause}"
    names = ", ".join(sorted(found.spec.dns_names or []))
    for use in checks_budget.uses(facts):
        mine = use.limit in checks_budget.OF_RENEWALS and use.what in (names, *(found.spec.dns_names or []))
        if issuer is not None and use.issuer == issuer.subject and mine and use.used >= use.allowed:
            yield (
                f"the CA's limit for the {use.limit} {use.what} is used up ({use.used} of {use.allowed} "
                f"in {checks_budget.LIMITS[use.limit][2]})"
            )


def _arguments(found: Certificate) -> dict[str, Any]:
    return {"namespace": found.namespace or "", "name": found.name, "uid": found.metadata.uid}


def _renewed(found: Certificate) -> Wanted:
    revision = found.status.revision
    return Wanted(
        name="certmanager/renewed",
        arguments={**_arguments(found), "revision": revision},
        text=f"{found.subject} has a revision after {revision} and is Ready",
    )


def _target(found: Certificate) -> Target:
    return Target(
        kind="Certificate",
        name=found.name,
        namespace=found.namespace,
        group="cert-manager.io",
        version="v1",
        plural="certificates",
        uid=found.metadata.uid,
    )


def _ask(found: Certificate) -> Step:
    asked = Wanted(
        name="certmanager/renewal-asked",
        arguments={**_arguments(found), "revision": found.status.revision},
        text=f"{found.subject} is being issued",
    )
    ref = found.spec.issuer_ref
    ready = Wanted(
        name="certmanager/issuer-ready",
        arguments={"kind": ref.kind, "name": ref.name, "namespace": found.namespace or ""},
        text=f"{ref.kind} {ref.name} can sign",
    )
    others = [_kept(each) for each in found.status.conditions or [] if each.type != "Issuing"]
    return Step(
        id="ask-for-renewal",
        title=f"Have {found.subject} issued anew",
        action=Patch(patch={"status": {"conditions": [*others, _issuing(found)]}}, subresource="status"),
        target=_target(found),
        reason="The condition Issuing asks the controller for a new certificate; the present one stays "
        "until then.",
        precondition=(ready,) if ref.group == "cert-manager.io" else (),
        postcondition=(asked,),
        expected=(Change(path="status.conditions[Issuing].status", after="True"),),
        no_undo="A certificate that was issued can't be un-issued; the one before it stays valid until it "
        "ends.",
        deadline_seconds=120,
        risk="medium",
    )


def _issuing(found: Certificate) -> dict[str, Any]:
    return {
        "type": "Issuing",
        "status": "True",
        "reason": "ManuallyTriggered",
        "message": "Certificate re-issuance manually triggered by opskit",
        "lastTransitionTime": NOW,
        "observedGeneration": found.metadata.generation or 1,
    }


def _kept(each: Condition) -> dict[str, Any]:
    kept: dict[str, Any] = {"type": each.type, "status": each.status}
    kept |= {name: value for name, value in (("reason", each.reason), ("message", each.message)) if value}
    if each.last_transition_time:
        kept["lastTransitionTime"] = _stamp(each.last_transition_time)
    if each.observed_generation is not None:
        kept["observedGeneration"] = each.observed_generation
    return kept


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _await(found: Certificate, renewed: Wanted) -> Step:
    return Step(
        id="wait-issued",
        title=f"Wait until {found.subject} is issued",
        action=Wait(),
        target=_target(found),
        reason="The issuer signs; an ACME CA has every name proven first, a minute or more each.",
        postcondition=(renewed,),
        no_undo="It only waits.",
        deadline_seconds=ISSUE_SECONDS,
    )


def _serving(facts: Facts, found: Certificate, endpoint: str | None) -> Iterator[Wanted]:
    if endpoint:
        host, _, port = endpoint.rpartition(":")
        name = next((each for each in found.spec.dns_names or [] if "*" not in each), host)
        yield _serves(found, host, int(port) if port.isdecimal() else 443, name)
        return
    for each in facts.served.values():
        place = each.endpoint if isinstance(each, Served) else None
        if place and (place.namespace, place.certificate) == (found.namespace, found.name):
            yield _serves(found, place.host, place.port, place.name)


def _serves(found: Certificate, host: str, port: int, name: str) -> Wanted:
    return Wanted(
        name="certmanager/serves-issued",
        arguments={**_arguments(found), "host": host, "port": port, "server_name": name},
        text=f"{host}:{port} shows the new certificate for {name}",
    )


def _await_serving(found: Certificate, serves: Wanted) -> Step:
    place = f"{serves.arguments['host']}:{serves.arguments['port']}"
    return Step(
        id=f"wait-served-{serves.arguments['server_name']}-{place}".replace(":", "-"),
        title=f"Wait until {place} shows it",
        action=Wait(),
        target=_target(found),
        reason="A Secret reaches a pod's files within about a minute; not every server loads them again.",
        postcondition=(serves,),
        no_undo="It only waits.",
        deadline_seconds=SERVE_SECONDS,
    )
