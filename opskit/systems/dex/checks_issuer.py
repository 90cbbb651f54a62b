"""Whether the API servers can trust what Dex shows, and how long what it gives lives."""

from datetime import timedelta

from opskit.core.durations import seconds
from opskit.core.findings import Evidence, Finding, Severity
from opskit.core.parts import Unread, known
from opskit.core.wording import some, spoken
from opskit.systems.dex import certificates
from opskit.systems.dex.certificates import Shown
from opskit.systems.dex.facts import Facts, Trust
from opskit.systems.dex.judging import DOCS, KUBERNETES, finding

SOON = timedelta(days=14)
"""A certificate that is not renewed by then is not renewed by itself."""
LONG_ID_TOKENS, LONG_KEYS = timedelta(days=1), timedelta(days=7)
"""What Dex gives by default is a day and six hours."""


def certificate_ends(facts: Facts) -> list[Finding]:
    """Dex' own certificate has ended, or does soon."""
    shown = facts.shown
    if shown is None or shown.until > facts.now + SOON:
        return []
    over = shown.until <= facts.now
    when = f"{shown.until:%Y-%m-%d %H:%M} UTC"
    return [
        finding(
            "CERTIFICATE_EXPIRED" if over else "CERTIFICATE_ENDS",
            Severity.CRITICAL if over else Severity.WARNING,
            "Dex",
            f"Dex' certificate {'ended' if over else 'ends'} at {when}"
            + (": no browser and no API server trusts it any more." if over else "."),
            evidence=[Evidence(text=f"notAfter {when}", command=_look(facts))],
            cause="It was not renewed, or Dex was not restarted since: it reads the file at its start only.",
            remedy=f"renew it, then kubectl -n {facts.namespace} rollout restart deployment dex",
            source=f"{DOCS}/configuration/",
        )
    ]


def authority_wrong(facts: Facts) -> list[Finding]:
    """API servers whose CA for the issuer did not sign what Dex shows."""
    if facts.shown is None or isinstance(facts.discovery, Unread):
        return []
    found: list[Finding] = []
    for trust in known(facts.trusts, []):
        ours = trust.issuer == facts.discovery.issuer and trust.authority
        verdict = certificates.signed(facts.shown, trust.authority) if ours else True
        if verdict is not True:
            found.append(_untrusted(facts, facts.shown, trust, certain=verdict is False))
    return found


def _untrusted(facts: Facts, shown: Shown, trust: Trust, *, certain: bool) -> Finding:
    held = some(certificates.subjects(trust.authority)) or "no certificate"
    return finding(
        "ISSUER_CA_WRONG" if certain else "ISSUER_CA_UNKNOWN",
        Severity.CRITICAL if certain else Severity.ERROR,
        f"kube-apiserver on {trust.node}",
        f"The CA that the API server on {trust.node} is given for Dex did not sign Dex' certificate: "
        "it reads no keys, and after its next start, or another change of the file, refuses every login.",
        evidence=[
            Evidence(text=f"certificateAuthority holds {held}", command="openssl x509 -noout -subject"),
            Evidence(text=f"Dex' certificate is signed by {shown.issuer}", command=_look(facts)),
        ],
        cause="The CA was renewed with another key under the same name."
        if certain
        else "Dex' certificate is another CA's since, or comes by one in between that Dex must send.",
        remedy="put the CA that signed Dex' certificate into certificateAuthority, beside the old one",
        source=KUBERNETES,
    )


def _look(facts: Facts) -> str:
    return (
        f"kubectl -n {facts.namespace} port-forward deploy/dex 5556 & openssl s_client -connect "
        "127.0.0.1:5556 </dev/null | openssl x509 -noout -issuer -enddate"
    )


def lifetimes(facts: Facts) -> list[Finding]:
    """ID tokens and signing keys that live long: neither can be taken back."""
    if isinstance(facts.config, Unread):
        return []
    expiry = facts.config.expiry
    found: list[Finding] = []
    for code, name, text, most, why in (
        ("ID_TOKENS_LONG", "idTokens", expiry.id_tokens, LONG_ID_TOKENS, _TOKENS),
        ("SIGNING_KEYS_LONG", "signingKeys", expiry.signing_keys, LONG_KEYS, _KEYS),
    ):
        span = timedelta(seconds=seconds(text))
        if span > most:
            found.append(
                finding(
                    code,
                    Severity.WARNING,
                    "Dex",
                    f"expiry.{name} is {text} ({spoken(span)}): {why}",
                    evidence=[
                        Evidence(
                            text=f"expiry.{name}: {text}",
                            command=f"kubectl -n {facts.namespace} get configmap dex -o yaml",
                        )
                    ],
                    cause="It is configured so.",
                    remedy=f"set expiry.{name} to at most {most // timedelta(hours=1)}h",
                    source=f"{DOCS}/configuration/tokens/",
                )
            )
    return found


_TOKENS = "an ID token can't be revoked, and so long is in who has been put out."
_KEYS = "whoever got hold of a signing key can be anybody for so long."
