"""Every frame that can be made of cert-manager's facts. Pure: facts in, frame out.

Every frame has its columns also when it is empty; times are UTC.
"""

from typing import TYPE_CHECKING, Any

from opskit.core.aspects import Aspect
from opskit.core.parts import Unread, known
from opskit.systems.certmanager import chain, checks_budget
from opskit.systems.certmanager.facts import Facts
from opskit.systems.certmanager.kinds import Certificate, condition, holds

if TYPE_CHECKING:
    import pandas as pd

_TIME = "datetime64[us, UTC]"


def certificates(facts: Facts) -> "pd.DataFrame":
    """One row a certificate, the one that ends first on top.

    Returns:
        namespace, certificate, issuer (str); ready (bool); state (str: `valid`, `renewing`, `failing`,
        `expired`, `never issued`); not_before, not_after, renewal (datetime64[us, UTC], NaT where never
        issued); days_left (float, days); revision (int64); now (datetime64[us, UTC]); why (str).

    """
    rows = [_certificate(each, facts) for each in known(facts.certificates, [])]
    frame = _frame(
        rows,
        {
            "namespace": "str",
            "certificate": "str",
            "issuer": "str",
            "ready": "bool",
            "state": "str",
            "not_before": _TIME,
            "not_after": _TIME,
            "renewal": _TIME,
            "days_left": "float64",
            "revision": "int64",
            "now": _TIME,
            "why": "str",
        },
    )
    return frame.sort_values("not_after", na_position="first", kind="stable", ignore_index=True)


def _certificate(each: Certificate, facts: Facts) -> tuple[Any, ...]:
    link, until = chain.broken(each, facts), each.status.not_after
    left = (until - facts.now).total_seconds() / 86400 if until else float("nan")
    ref = each.spec.issuer_ref
    return (
        each.namespace or "",
        each.name,
        f"{ref.kind} {ref.name}",
        holds(each.status.conditions, "Ready"),
        _state(each, facts, failing=link is not None),
        each.status.not_before,
        until,
        each.status.renewal_time,
        left,
        each.status.revision,
        facts.now,
        link.summary if link else "",
    )


def _state(each: Certificate, facts: Facts, *, failing: bool) -> str:
    until = each.status.not_after
    if until and until <= facts.now:
        return "expired"
    if failing:
        return "failing" if until else "never issued"
    if holds(each.status.conditions, "Issuing"):
        return "renewing"
    return "valid" if until else "never issued"


def issuers(facts: Facts) -> "pd.DataFrame":
    """One row an issuer.

    Returns:
        issuer, sort, server (str); ready (bool); message (str); certificates (int64) that name it.

    """
    used = [
        chain.issuer_of(each.spec.issuer_ref, each.namespace, facts) for each in known(facts.certificates, [])
    ]
    rows: list[tuple[Any, ...]] = []
    for each in facts.issuer_of.values():
        spec, said = each.spec, condition(each.status.conditions, "Ready")
        server = spec.acme.server if spec.acme else spec.vault.server if spec.vault else ""
        ready, message = holds(each.status.conditions, "Ready"), (said.message if said else "") or ""
        rows.append((each.subject, spec.sort, server, ready, message, sum(one is each for one in used)))
    columns = {"issuer": "str", "sort": "str", "server": "str", "ready": "bool", "message": "str"}
    return _frame(rows, {**columns, "certificates": "int64"})


def chains(facts: Facts) -> "pd.DataFrame":
    """How far each certificate that is not valid got, link by link.

    Returns:
        certificate, request, order, challenge (str: state of the link, "" where there is none);
        fails_at, why (str).

    """
    rows: list[tuple[Any, ...]] = []
    for each in known(facts.certificates, []):
        request, link = chain.pending_request(each, facts), chain.broken(each, facts)
        if request is None and link is None:
            continue
        orders = facts.owned_orders.get(request.metadata.uid, []) if request else []
        proofs = facts.owned_challenges.get(orders[-1].metadata.uid, []) if orders else []
        said = condition(request.status.conditions, "Ready") if request else None
        rows.append(
            (
                each.subject,
                f"{request.name}: {(said.reason if said else '') or 'waiting'}" if request else "",
                f"{orders[-1].name}: {orders[-1].status.state or 'no state'}" if orders else "",
                "; ".join(f"{one.spec.dns_name}: {one.status.state}" for one in proofs),
                link.subject if link else "",
                link.summary if link else "under way",
            )
        )
    return _frame(
        rows, dict.fromkeys(("certificate", "request", "order", "challenge", "fails_at", "why"), "str")
    )


def served(facts: Facts) -> "pd.DataFrame":
    """What endpoints show against what was issued.

    Returns:
        endpoint, certificate, shown, issued (str, serials); same (bool); not_after (datetime64[us, UTC]);
        unread (str).

    """
    by_name = {(each.namespace, each.name): each for each in known(facts.certificates, [])}
    rows: list[tuple[Any, ...]] = []
    for name, each in facts.served.items():
        if isinstance(each, Unread):
            rows.append((name, "", "", "", False, None, each.reason))
            continue
        kept = by_name.get((each.endpoint.namespace, each.endpoint.certificate))
        issued = facts.issued(kept) if kept else None
        serial = issued.serial if issued else ""
        place = f"{each.endpoint.namespace}/{each.endpoint.certificate}"
        rows.append(
            (name, place, each.shown.serial, serial, serial == each.shown.serial, each.shown.not_after, "")
        )
    columns = {"endpoint": "str", "certificate": "str", "shown": "str", "issued": "str", "same": "bool"}
    return _frame(rows, {**columns, "not_after": _TIME, "unread": "str"})


def budget(facts: Facts) -> "pd.DataFrame":
    """Let's Encrypt's limits against the orders of the last seven days that are still there.

    Returns:
        issuer, limit, what (str); used, allowed (int64).

    """
    columns = {"issuer": "str", "limit": "str", "what": "str", "used": "int64", "allowed": "int64"}
    return _frame(list(checks_budget.uses(facts)), columns)


def _frame(rows: list[Any], columns: dict[str, str]) -> "pd.DataFrame":
    import pandas as pd

    made = pd.DataFrame(rows, columns=list(columns))
    for name, dtype in columns.items():
        made[name] = (
            pd.to_datetime(made[name], utc=True).astype(dtype) if dtype == _TIME else made[name].astype(dtype)
        )
    return made


COMPARED = (
    Aspect(
        "certificate",
        certificates,
        ("namespace", "certificate"),
        ("state", "issuer", "ready", "revision", "not_after"),
    ),
    Aspect("issuer", issuers, ("issuer",), ("ready", "sort", "server", "message")),
)
"""What two looks are compared by."""
