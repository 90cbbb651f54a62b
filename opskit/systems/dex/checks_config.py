"""What Dex' configuration says, judged before anybody has trouble with it."""

from urllib.parse import urlsplit

from opskit.core.findings import Evidence, Finding, Severity
from opskit.core.parts import Unread
from opskit.systems.dex.facts import Facts
from opskit.systems.dex.judging import DOCS, finding
from opskit.systems.dex.kinds import Connector, DexConfig


def _config(facts: Facts) -> DexConfig | None:
    return None if isinstance(facts.config, Unread) else facts.config


def _command(facts: Facts) -> str:
    return f"kubectl -n {facts.namespace} get configmap dex -o yaml"


def storage(facts: Facts) -> list[Finding]:
    """Keys and sessions that a restart forgets."""
    config = _config(facts)
    if config is None or config.storage.type != "memory":
        return []
    return [
        finding(
            "STORAGE_IN_MEMORY",
            Severity.WARNING,
            "Dex",
            "Dex keeps its keys in memory: after a restart the API server refuses new logins, for up to "
            f"{config.expiry.signing_keys}.",
            evidence=[Evidence(text="storage.type: memory", command=_command(facts))],
            cause="The API server keeps Dex' keys until their next rotation, and a restart makes others.",
            remedy="use the storage `kubernetes`, or a database",
            source=f"{DOCS}/configuration/storage/",
        )
    ]


def connectors(facts: Facts) -> list[Finding]:
    """Connectors that let too many in, or nobody, or that speak without protection."""
    config = _config(facts)
    if config is None:
        return []
    found: list[Finding] = []
    for each in config.connectors:
        for code, severity, said, remedy in _complaints(each, config):
            found.append(
                finding(
                    code,
                    severity,
                    f"connector {each.id}",
                    f"The connector {each.id} ({each.type}) {said}.",
                    evidence=[Evidence(text=f"connectors: {each.id}", command=_command(facts))],
                    cause="It is configured so.",
                    remedy=remedy,
                    source=f"{DOCS}/connectors/{each.type}/",
                )
            )
    return found


_Complaint = tuple[str, Severity, str, str]


def _complaints(connector: Connector, config: DexConfig) -> list[_Complaint]:
    judge = {"ldap": _ldap, "github": _github, "microsoft": _microsoft, "saml": _saml}.get(connector.type)
    found = judge(connector) if judge else []
    callback = f"{config.issuer.rstrip('/')}/callback"
    if connector.config.redirect and connector.config.redirect != callback:
        found.append(
            (
                "CONNECTOR_CALLBACK",
                Severity.ERROR,
                f"is sent back to {connector.config.redirect}, where Dex does not listen",
                f"set redirectURI to {callback}",
            )
        )
    return found


def _ldap(connector: Connector) -> list[_Complaint]:
    config, found = connector.config, list[_Complaint]()
    if config.insecure_no_tls:
        found.append(
            ("LDAP_WITHOUT_TLS", Severity.ERROR, "sends passwords without TLS", "use LDAPS or startTLS")
        )
    if config.insecure_skip_verify:
        found.append(
            (
                "LDAP_NOT_VERIFIED",
                Severity.WARNING,
                "does not verify the directory's certificate",
                "set rootCA, and remove insecureSkipVerify",
            )
        )
    if config.group_search is None:
        found.append(
            (
                "LDAP_WITHOUT_GROUPS",
                Severity.INFO,
                "searches no groups: rights can be given to single persons only",
                "add groupSearch",
            )
        )
    return found


def _github(connector: Connector) -> list[_Complaint]:
    if connector.config.orgs or connector.config.org:
        return []
    text = "lets everybody in who has an account at GitHub"
    return [("GITHUB_OPEN", Severity.ERROR, text, "name the organizations in orgs")]


def _microsoft(connector: Connector) -> list[_Complaint]:
    if connector.config.tenant not in ("", "common", "organizations", "consumers"):
        return []
    text = "lets everybody in who has an account at Microsoft"
    return [("MICROSOFT_OPEN", Severity.ERROR, text, "name the tenant's ID in tenant")]


def _saml(connector: Connector) -> list[_Complaint]:
    config, found = connector.config, list[_Complaint]()
    if config.skip_signatures:
        found.append(
            (
                "SAML_NOT_VERIFIED",
                Severity.CRITICAL,
                "takes assertions that nobody signed: anybody can be anybody",
                "remove insecureSkipSignatureValidation, and set ca",
            )
        )
    missing = [
        name
        for name, value in (
            ("ssoURL", config.sso_url),
            ("usernameAttr", config.username_attribute),
            ("emailAttr", config.email_attribute),
        )
        if not value
    ]
    if missing:
        found.append(
            ("SAML_INCOMPLETE", Severity.ERROR, f"lacks {', '.join(missing)}", "add what is missing")
        )
    return found


def nobody(facts: Facts) -> list[Finding]:
    """No connector at all."""
    config = _config(facts)
    if config is None or config.connectors:
        return []
    return [
        finding(
            "NO_CONNECTOR",
            Severity.WARNING,
            "Dex",
            "Dex' configuration has no connector: nobody can log in, but for connectors that its API made.",
            evidence=[Evidence(text="connectors is empty", command=_command(facts))],
            remedy="add a connector",
        )
    ]


def redirects(facts: Facts) -> list[Finding]:
    """Codes that are sent in the clear to another machine."""
    config = _config(facts)
    found: list[Finding] = []
    for client in config.clients if config else []:
        open_ones = [each for each in client.redirects if _in_the_clear(each)]
        if open_ones:
            found.append(
                finding(
                    "REDIRECT_INSECURE",
                    Severity.WARNING,
                    f"client {client.id}",
                    f"The client {client.id} gets its codes without TLS: {', '.join(open_ones)}.",
                    evidence=[Evidence(text=f"redirectURIs {open_ones}", command=_command(facts))],
                    cause="A code that somebody else reads is a login of somebody else.",
                    remedy="use https, or the person's own localhost",
                )
            )
    return found


def _in_the_clear(uri: str) -> bool:
    parts = urlsplit(uri)
    return parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1")
