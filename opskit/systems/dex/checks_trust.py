"""Whether the API servers believe Dex, by what they are configured with: issuer, audience, prefixes."""

from opskit.core.findings import Evidence, Finding, Severity
from opskit.core.parts import Unread, known
from opskit.systems.dex.facts import Facts, Trust
from opskit.systems.dex.judging import KUBERNETES, finding


def _issuers(facts: Facts) -> list[str]:
    """What Dex calls itself: as it is served, else as it is configured."""
    served = "" if isinstance(facts.discovery, Unread) else facts.discovery.issuer
    configured = "" if isinstance(facts.config, Unread) else facts.config.issuer
    return [each for each in (served, configured) if each]


def served_otherwise(facts: Facts) -> list[Finding]:
    """Dex serves another issuer than its configuration says: the configuration has not been taken yet."""
    if isinstance(facts.discovery, Unread) or isinstance(facts.config, Unread):
        return []
    served, configured = facts.discovery.issuer, facts.config.issuer
    if served == configured:
        return []
    return [
        finding(
            "ISSUER_STALE",
            Severity.ERROR,
            "Dex",
            f"Dex serves the issuer {served}, but is configured as {configured}.",
            evidence=[
                Evidence(text=f"issuer: {served}", command="curl ISSUER/.well-known/openid-configuration")
            ],
            cause="Dex was not restarted since its configuration was changed.",
            remedy=f"kubectl -n {facts.namespace} rollout restart deployment dex",
        )
    ]


def issuer_mismatch(facts: Facts) -> list[Finding]:
    """API servers that trust another issuer than Dex: the texts must be equal to the letter."""
    own, trusts = _issuers(facts)[:1], known(facts.trusts, [])
    if not own or not trusts:
        return []
    found: list[Finding] = []
    for node in sorted({each.node for each in trusts}):
        theirs = [each.issuer for each in trusts if each.node == node]
        if own[0] in theirs:
            continue
        near = next((each for each in theirs if each.rstrip("/") == own[0].rstrip("/")), theirs[0])
        slash = " They differ by a slash at the end only." if near.rstrip("/") == own[0].rstrip("/") else ""
        found.append(
            finding(
                "ISSUER_MISMATCH",
                Severity.CRITICAL,
                f"kube-apiserver on {node}",
                f"The API server on {node} trusts {near}, and Dex calls itself {own[0]}: "
                f"every login is refused there.{slash}",
                evidence=[
                    Evidence(text=f"issuer {near}", command=f"grep -A3 issuer {file_of(facts, node)}"),
                    Evidence(
                        text=f"issuer {own[0]}", command=f"curl {own[0]}/.well-known/openid-configuration"
                    ),
                ],
                cause="The API server compares the token's `iss` with its own setting letter by letter. The "
                "person sees only `Unauthorized`, and the log of the API server only `invalid bearer token`.",
                remedy="write Dex' issuer into the API server's configuration as Dex itself tells it",
                source=KUBERNETES,
            )
        )
    return found


def file_of(facts: Facts, node: str) -> str:
    """Where the API server on a node is told whom to trust."""
    found = next((each.file for each in known(facts.apiservers, []) if each.node == node and each.file), "")
    return found or "/etc/kubernetes/manifests/kube-apiserver.yaml"


def trusts_differ(facts: Facts) -> list[Finding]:
    """API servers that do not all authenticate alike: it depends on the load balancer who gets in."""
    trusts = known(facts.trusts, [])
    servers = known(facts.apiservers, [])
    alike = {
        tuple(sorted((each.issuer, each.audiences) for each in trusts if each.node == server.node))
        for server in servers
    }
    if len(alike) < 2:
        return []
    return [
        finding(
            "APISERVERS_DIFFER",
            Severity.ERROR,
            "kube-apiserver",
            "The API servers do not all trust the same issuers and audiences.",
            evidence=[
                Evidence(text=f"{each.node}: {each.issuer} for {', '.join(each.audiences)}")
                for each in trusts
            ],
            cause="A change reached some of the control plane's nodes only.",
            remedy="bring the file or the flags of all control plane nodes to the same text",
            source=KUBERNETES,
        )
    ]


def audience_unknown(facts: Facts) -> list[Finding]:
    """Audiences of which Dex has no client: no token can be for them."""
    if isinstance(facts.config, Unread) or not facts.config.clients:
        return []
    clients = {each.id for each in facts.config.clients}
    found: list[Finding] = []
    for trust in _of_dex(facts):
        if clients & set(trust.audiences):
            continue
        found.append(
            finding(
                "AUDIENCE_UNKNOWN",
                Severity.ERROR,
                f"kube-apiserver on {trust.node}",
                f"The API server wants tokens for {', '.join(trust.audiences)}; Dex' clients are "
                f"{', '.join(sorted(clients))}.",
                evidence=[
                    Evidence(
                        text=f"audiences {list(trust.audiences)}", command=f"cat {file_of(facts, trust.node)}"
                    )
                ],
                cause="A token's audience is its client's id. Clients that gRPC made are not seen here.",
                remedy="name the client's id as an audience, or add the client to Dex",
                source=KUBERNETES,
            )
        )
    return found


def _of_dex(facts: Facts) -> list[Trust]:
    own = _issuers(facts)
    return [each for each in known(facts.trusts, []) if each.issuer in own]


def no_prefix(facts: Facts) -> list[Finding]:
    """Names that come from the directory as they are: a group `system:masters` there is the cluster's own."""
    found: list[Finding] = []
    for trust in _of_dex(facts):
        bare = [
            name
            for name, claim in (("username", trust.username), ("groups", trust.groups))
            if claim.claim and not claim.prefix
        ]
        if bare:
            found.append(
                finding(
                    "CLAIM_WITHOUT_PREFIX",
                    Severity.WARNING,
                    f"kube-apiserver on {trust.node}",
                    f"The claim mapping of {' and '.join(bare)} has no prefix: a name in the "
                    "directory can be one of the cluster's own.",
                    evidence=[
                        Evidence(
                            text=f"prefix of {each} is empty", command=f"cat {file_of(facts, trust.node)}"
                        )
                        for each in bare
                    ],
                    cause="Without a prefix the directory's groups and Kubernetes' own share one name space.",
                    remedy="set a prefix as `oidc:`, and change the bindings with it",
                    source=KUBERNETES,
                )
            )
    return found
