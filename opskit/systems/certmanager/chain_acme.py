"""Why an ACME order is not fulfilled: the order, its challenges, their events, or only the log.

Follows https://cert-manager.io/docs/troubleshooting/acme/. Pure.
"""

from opskit.core.findings import Evidence
from opskit.core.parts import Unread, known
from opskit.systems.certmanager import controller_log, kinds, words
from opskit.systems.certmanager.facts import Facts
from opskit.systems.certmanager.link import PROVE_SECONDS, SEEN_SECONDS, Link, late, older, short, shown


def of_order(order: kinds.Order, facts: Facts) -> Link | None:
    """Why an ACME order is not fulfilled."""
    if order.status.state in ("errored", "expired"):
        return _order_errored(order)
    challenges = facts.owned_challenges.get(order.metadata.uid, [])
    for challenge in challenges:
        if (found := of_challenge(challenge, facts)) is not None:
            return found
    if order.status.state == "invalid":
        return _order_invalid(order, facts)
    if order.status.state == "":
        return _order_lost(order, facts)
    return late(order, facts, "Order", f"state {order.status.state}")


def of_challenge(challenge: kinds.Challenge, facts: Facts) -> Link | None:
    """Why a name is not proven; None while it is being proven."""
    status = challenge.status
    waiting = status.reason.startswith("Waiting for") or not status.reason
    if status.state in ("valid", "ready"):
        return None
    if (
        status.state not in ("invalid", "errored", "expired")
        and waiting
        and not older(challenge, facts.now, PROVE_SECONDS)
    ):
        return None
    failed = status.state in ("invalid", "errored", "expired")
    said = status.reason or f"it is {status.state or 'without a state'} and says nothing"
    found = words.explain(said)
    name = challenge.spec.dns_name
    return Link(
        code="CHALLENGE_FAILED" if failed else "CHALLENGE_STUCK",
        subject=f"Challenge {challenge.namespace}/{challenge.name}",
        summary=f"The {challenge.spec.type} proof of {name} "
        f"{'failed' if failed else 'does not come about'}: {short(said)}",
        evidence=(shown(said, "challenge", challenge),),
        cause=found.cause if found else said,
        next=found.next.replace("NAME", name)
        if found
        else "mend what the reason says; it is tried again by itself",
    )


def _order_errored(order: kinds.Order) -> Link:
    said = order.status.reason or f"it is {order.status.state} and gives no reason"
    found = words.explain(said)
    limited, rejected = "rateLimited" in said, "rejectedIdentifier" in said
    code = "RATE_LIMITED" if limited else "NAME_REJECTED" if rejected else "ORDER_ERRORED"
    names = ", ".join(order.spec.dns_names or [])
    return Link(
        code=code,
        subject=f"Order {order.namespace}/{order.name}",
        summary=f"The CA refuses the order for {names}: {short(said)}",
        evidence=(shown(said, "order", order),),
        cause=found.cause if found else said,
        next=found.next if found else "mend what the CA says",
    )


def _order_invalid(order: kinds.Order, facts: Facts) -> Link:
    """An invalid order has no reason of its own, and its challenges may be deleted: events remain an hour."""
    told = [
        each.message
        for each in known(facts.events, [])
        if each.involved_object.kind == "Challenge" and each.involved_object.name.startswith(f"{order.name}-")
    ]
    said = told[-1] if told else "its challenges are gone, and no event about them is left"
    found = words.explain(said)
    return Link(
        code="CHALLENGE_FAILED" if told else "ORDER_INVALID",
        subject=f"Order {order.namespace}/{order.name}",
        summary=f"A proof for {', '.join(order.spec.dns_names or [])} failed: {short(said)}",
        evidence=(shown(said, "order", order),),
        cause=found.cause if found else said,
        next=found.next if found else "have it tried again, and look at its Challenge while it is there",
    )


def _logged(log: str, order: kinds.Order) -> str:
    """What the log says of the order; failing that, of any order since it was made."""
    named = controller_log.said_of(log, order.namespace or "", order.name)
    made = order.metadata.creation_timestamp
    return named or (controller_log.order_refused(log, since=made) if made else "")


def _order_lost(order: kinds.Order, facts: Facts) -> Link | None:
    """No object says anything: only the controller's log does."""
    log = facts.log
    about = f"-e {order.name} -e 'creating new order'"
    command = f"kubectl -n {facts.namespace} logs -l {facts.controller} --since=6h | grep {about}"
    told = "" if isinstance(log, Unread) else _logged(log, order)
    subject, names = f"Order {order.namespace}/{order.name}", ", ".join(order.spec.dns_names or [])
    if told:
        found = words.explain(told)
        return Link(
            code="ACME_SERVER_ERROR",
            subject=subject,
            summary=f"The ACME server does not take the order for {names}: {short(told)}",
            evidence=(Evidence(text=f"the controller's log: {told}", command=command),),
            cause=found.cause if found else f"The ACME server fails; no object says so, only the log: {told}",
            next=found.next if found else "look at the ACME server; cert-manager goes on trying by itself",
        )
    if not older(order, facts.now, SEEN_SECONDS):
        return None
    why = log.reason if isinstance(log, Unread) else "the log of the last six hours does not name it"
    return Link(
        code="ORDER_WITHOUT_STATE",
        subject=subject,
        summary=f"The order for {names} did not get to the ACME server, and no object says why",
        evidence=(Evidence(text=f"status.state is empty; {why}", command=command),),
        cause="The ACME server fails or is out of reach: in this state only the controller's log tells.",
        next=f"read the log: `{command}`",
    )
