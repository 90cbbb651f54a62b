"""What keeps certificates from being issued or renewed."""

import base64
import secrets
from typing import Any

from opskit.core.errors import BadValue
from opskit.sandbox.control_plane import api
from opskit.sandbox.faults import Broken, Fault
from opskit.sandbox.keeper.commands import command_of
from opskit.sandbox.kubelet import holds
from opskit.sandbox.pki import Authority
from opskit.sandbox.processes import Command
from opskit.sandbox.trust import certmanager, dns, issuers
from opskit.sandbox.trust.acme_injector import Trouble, inject
from opskit.sandbox.trust.bao_engines import ZONE
from opskit.sandbox.trust.faults.asked import ASKED_FOR, VICTIM, ask, drop, of_victim, request_says
from opskit.sandbox.trust.faults.common import condition, healed, roll_out, seen
from opskit.sandbox.trust.objects import path_of

_LIBFAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1:libc.so.6"
"""Before libfaketime is set up, BIND's jemalloc would ask it for the time, for ever: let libc allocate."""
_TROUBLES = {
    "503": Trouble(path="/order-plz", status=503, kind="serverInternal", detail="Service busy; retry later."),
    "429": Trouble(
        path="/order-plz",
        status=429,
        kind="rateLimited",
        detail="too many certificates (5) already issued for this exact set of identifiers in the last 168h",
        retry_after=3600,
    ),
}
"""What a public CA answers to a new order when it is overloaded, and when its rate limit is reached."""


def _challenge_says(sandbox: Broken, text: str) -> bool:
    challenges = of_victim(sandbox, "acme.cert-manager.io", "challenges")
    return any(text in each.get("status", {}).get("reason", "") for each in challenges)


def _wrong_key(sandbox: Broken) -> dict[str, Any]:
    wrong = issuers.tsig_secret(sandbox.site, key=base64.b64encode(secrets.token_bytes(32)).decode())
    api(sandbox.site).apply(path_of(wrong), wrong)
    ask(sandbox, "acme")
    seen(lambda: _challenge_says(sandbox, "bad authentication"), what="the challenge tells of the key")
    return {}


def _right_key(sandbox: Broken) -> None:
    right = issuers.tsig_secret(sandbox.site)
    api(sandbox.site).apply(path_of(right), right)
    drop(sandbox)


WRONG_TSIG_KEY = Fault(
    name="acme-wrong-tsig-key",
    summary="The Secret with the DNS server's TSIG key gets a key that the server does not know; the "
    "certificate `storefront` is asked for.",
    seen="Only the Challenge says it: `DNS update failed: dns: bad authentication`. Order and "
    "CertificateRequest are pending, the Certificate is Issuing.",
    inject=_wrong_key,
    heal=_right_key,
    victims=(ASKED_FOR,),
)


def _missing(sandbox: Broken) -> dict[str, Any]:
    ask(sandbox, "letsencrypt")
    seen(lambda: "not found" in request_says(sandbox), what="the request says that there is no issuer")
    return {}


ISSUER_MISSING = Fault(
    name="issuer-missing",
    summary="A certificate is asked of the ClusterIssuer `letsencrypt`, which nobody has made.",
    seen='CertificateRequest Ready=False Pending: `Referenced "ClusterIssuer" not found`. The Certificate '
    "only says DoesNotExist and Issuing, for ever.",
    inject=_missing,
    heal=drop,
    victims=(ASKED_FOR,),
)


def _trouble(sandbox: Broken, *, status: Any = "503") -> dict[str, Any]:
    if str(status) not in _TROUBLES:
        raise BadValue(f"{status!r} can't be had.", where="status", hint=f"use {' or '.join(_TROUBLES)}.")
    inject(sandbox.site, _TROUBLES[str(status)])
    ask(sandbox, "acme")
    log = sandbox.site.processes.log("acme-fault-injector")
    seen(lambda: f'" {status} -' in log.read_text(), what=f"a new order is answered with {status}")
    return {"status": str(status)}


def _no_trouble(sandbox: Broken, **_: Any) -> None:
    inject(sandbox.site, None)
    drop(sandbox)


ACME_ERRORS = Fault(
    name="acme-errors",
    summary="New orders are answered with 503 or 429 by the fault injector in front of the ACME server; the "
    "certificate `storefront` is asked for.",
    seen="503: nothing in any object or event, only cert-manager's log and its ACME client metrics. 429: the "
    "Order is errored, and the Certificate is tried again after the ordinary back-off.",
    inject=_trouble,
    heal=_no_trouble,
    victims=(ASKED_FOR,),
    arguments={"status": "503 or 429 (503)"},
)


def _lose_ca(sandbox: Broken) -> dict[str, Any]:
    api(sandbox.site).delete(path_of(issuers.ca_secret(sandbox.site)))
    issuer = "/apis/cert-manager.io/v1/clusterissuers/ca"
    seen(lambda: condition(sandbox, issuer).get("status") == "False", what="the issuer is not ready")
    return {}


def _bring_ca(sandbox: Broken) -> None:
    secret = issuers.ca_secret(sandbox.site)
    api(sandbox.site).apply(path_of(secret), secret)
    issuer = "/apis/cert-manager.io/v1/clusterissuers/ca"
    healed(lambda: condition(sandbox, issuer).get("status") == "True", what="the issuer is ready")


CA_DELETED = Fault(
    name="ca-secret-deleted",
    summary="The Secret that holds the key pair of the ClusterIssuer `ca` is deleted.",
    seen="ClusterIssuer ca Ready=False ErrGetKeyPair; certificates are valid and are not renewed any more.",
    inject=_lose_ca,
    heal=_bring_ca,
    victims=("the issuer ca",),
)


def _expire(sandbox: Broken) -> dict[str, Any]:
    """The CA is gone, and so nothing renewed the shop's certificate before it ended."""
    _lose_ca(sandbox)
    folder = sandbox.site.folder("expired")
    authority = Authority(folder, name="Sandbox Issuing CA")
    authority.issue("shop", subject=f"shop.{ZONE}", hosts=(f"shop.{ZONE}",), ended=True)
    pair = {"tls.crt": folder / "shop.crt", "tls.key": folder / "shop.key"}
    data = {key: base64.b64encode(file.read_bytes()).decode() for key, file in pair.items()}
    api(sandbox.site).patch(f"/api/v1/namespaces/{issuers.SHOP}/secrets/shop-tls", {"data": data})
    seen(
        lambda: condition(sandbox, _shop()).get("status") == "False",
        what="the certificate is no longer ready",
    )
    return {}


def _shop() -> str:
    return path_of(issuers.certificate("shop", issuer="ca", names=()))


def _renew(sandbox: Broken) -> None:
    _bring_ca(sandbox)
    healed(lambda: condition(sandbox, _shop()).get("status") == "True", what="the certificate is renewed")


EXPIRED = Fault(
    name="certificate-expired",
    summary="The CA's Secret is deleted, and the certificate in Secret shop-tls is one that ended yesterday.",
    seen="Certificate shop Ready=False, notAfter in the past; its request waits for the issuer.",
    inject=_expire,
    heal=_renew,
    victims=("the issuer ca",),
)


def _skew(sandbox: Broken, *, seconds: Any = 900) -> dict[str, Any]:
    """A signed update is only taken within five minutes of the server's own clock."""
    before = sandbox.site.processes.log(dns.PROCESS).stat().st_size
    holds.write_hold(
        sandbox.site,
        holds.Hold(
            subject=dns.PROCESS,
            env={
                "LD_PRELOAD": _LIBFAKETIME,
                "FAKETIME": f"+{int(seconds)}s",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "DONT_FAKE_MONOTONIC": "1",
            },
        ),
    )
    roll_out(sandbox, dns.PROCESS)
    seen(lambda: dns.answers(sandbox.site), what="the DNS server answers")
    ask(sandbox, "acme")
    seen(
        lambda: b"BADTIME" in sandbox.site.processes.log(dns.PROCESS).read_bytes()[before:],
        what="the DNS server refuses the time of an update",
    )
    seen(lambda: _challenge_says(sandbox, "bad authentication"), what="the challenge tells of it")
    return {"seconds": int(seconds)}


def _unskew(sandbox: Broken, **_: Any) -> None:
    holds.release(sandbox.site, dns.PROCESS)
    roll_out(sandbox, dns.PROCESS)
    healed(lambda: dns.answers(sandbox.site), what="the DNS server answers")
    drop(sandbox)


DNS_CLOCK = Fault(
    name="dns-clock-skew",
    summary="The DNS server's clock is wrong (libfaketime); the certificate `storefront` is asked for.",
    seen="The Challenge says `DNS update failed: dns: bad authentication`, as with a wrong key; only the DNS "
    "server's log says `tsig verify failure (BADTIME)`. Order and request are pending.",
    inject=_skew,
    heal=_unskew,
    victims=(ASKED_FOR,),
    arguments={"seconds": "how far ahead (900)"},
)


def _deny(sandbox: Broken) -> dict[str, Any]:
    """Somebody's policy refuses what the approver of cert-manager would let through."""
    _with_approver(sandbox, approving=False)
    ask(sandbox, "ca")
    requests = "certificaterequests"
    seen(lambda: bool(of_victim(sandbox, "cert-manager.io", requests)), what="there is a request")
    found = of_victim(sandbox, "cert-manager.io", requests)[0]
    denied = {
        "type": "Denied",
        "status": "True",
        "reason": "policy.sandbox.test",
        "message": "No policy allows the name storefront.sandbox.test.",
    }
    api(sandbox.site).patch(f"{path_of(found)}/status", {"status": {"conditions": [denied]}})
    seen(
        lambda: condition(sandbox, _victim(), "Issuing").get("status") == "False",
        what="the certificate tells that it was denied",
    )
    return {}


def _victim() -> str:
    return path_of(issuers.certificate(VICTIM, issuer="ca", names=()))


_ONE_TRY = (
    "-certificate-request-maximum-backoff-duration=2h",
    "-certificate-request-minimum-backoff-duration=1h",
)
"""cert-manager's own back-off: a new request, which nobody denies, must not take the denied one's place."""


def _with_approver(sandbox: Broken, *, approving: bool) -> None:
    """Start cert-manager with or without its own approver, as for approver-policy."""
    known = command_of(sandbox.site, certmanager.PROCESS)
    if known is None:
        return
    argv = tuple(each for each in known.argv if not each.startswith("-controllers="))
    changed = () if approving else ("-controllers=*,-certificaterequests-approver", *_ONE_TRY)
    argv = tuple(each for each in argv if each not in _ONE_TRY)
    certmanager.remember(sandbox.site, Command(argv=(*argv, *changed), env=known.env))
    roll_out(sandbox, certmanager.PROCESS)


def _allow(sandbox: Broken) -> None:
    _with_approver(sandbox, approving=True)
    drop(sandbox)


DENIED = Fault(
    name="certificate-denied",
    summary="cert-manager's own approver is off, and the request of the certificate `storefront` is denied, "
    "as a policy engine does it.",
    seen="CertificateRequest Denied=True and Ready=False Denied; the Certificate Issuing=False with the "
    "denier's words; it is tried again after the back-off.",
    inject=_deny,
    heal=_allow,
    victims=(ASKED_FOR,),
)

FAULTS = (
    WRONG_TSIG_KEY,
    ISSUER_MISSING,
    ACME_ERRORS,
    CA_DELETED,
    EXPIRED,
    DENIED,
    DNS_CLOCK,
)
"""All of them."""
