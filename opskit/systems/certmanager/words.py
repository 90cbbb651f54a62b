"""What cert-manager's and its servers' messages mean, for somebody who has to mend it."""

import re
from typing import NamedTuple


class Meaning(NamedTuple):
    """A cause in words, and what mends it."""

    cause: str
    next: str


_TABLE: tuple[tuple[str, str, str], ...] = (
    (
        r"bad authentication|bad time|BADKEY|BADSIG|BADTIME|NOTAUTH",
        "The DNS server refuses the key that signs the update: the TSIG secret, its name or its algorithm "
        "is wrong, or the two clocks differ by more than five minutes, which reads the same here.",
        "look for BADKEY, BADSIG or BADTIME in the DNS server's log; compare the solver's tsigKeyName, "
        "tsigAlgorithm and Secret with its key, and `date -u` on both machines",
    ),
    (
        r"REFUSED",
        "The DNS server refuses updates of this zone for this key: the zone is static or the key may not "
        "change it.",
        "allow the key in the zone's update policy (bind: allow-update or update-policy)",
    ),
    (
        r"rejectedIdentifier",
        "The CA does not issue for this name: its policy forbids it.",
        "take the name out of the Certificate, or ask another issuer for it",
    ),
    (
        r"rateLimited|\b429\b",
        "The CA's rate limit is reached. cert-manager does not keep its Retry-After, and goes on by its "
        "own back-off.",
        "wait until the limit's window has passed; use the CA's staging server for tries",
    ),
    (
        r"retrieving TXT|DNS problem|NXDOMAIN|SERVFAIL",
        "The CA could not read the DNS record: its resolvers do not reach the zone's name servers, or see "
        "another zone.",
        "ask the record from outside: `dig TXT _acme-challenge.NAME @PUBLIC_RESOLVER`",
    ),
    (
        r"Invalid response from http|wrong status code|Connection reset|Timeout during connect",
        "The CA could not fetch the HTTP-01 answer: the name does not lead to the solver's Ingress, or a "
        "firewall is between.",
        "fetch http://NAME/.well-known/acme-challenge/TOKEN from outside",
    ),
    (
        r"Waiting for DNS-01 challenge propagation",
        "The record was written, but the name servers that cert-manager asks do not show it.",
        "ask each name server of the zone for the record; with split DNS set --dns01-recursive-nameservers",
    ),
    (
        r"Waiting for HTTP-01 challenge propagation",
        "The solver's Ingress does not answer cert-manager's own check.",
        "fetch the challenge's URL from inside the cluster; look at the Ingress class and at the solver's "
        "pod",
    ),
    (
        r"certificate signed by unknown authority|x509|tls: failed to verify",
        "The server's TLS certificate is not trusted: its CA is not the one that the issuer was given.",
        "put the right CA into the issuer's caBundle",
    ),
    (
        r"connection refused",
        "Nothing listens at the server's address: the server is down, or the address is wrong.",
        "start the server, or mend the issuer's server address",
    ),
    (
        r"no such host|server misbehaving",
        "The server's name does not resolve inside the cluster.",
        "mend the name in the issuer, or the cluster's DNS",
    ),
    (
        r"i/o timeout|deadline exceeded|Client\.Timeout",
        "The server does not answer in time: a firewall, a NetworkPolicy or the server itself.",
        "reach the server from the controller's pod; look at NetworkPolicies of its namespace",
    ),
    (
        r"invalid audience",
        "Vault's role wants another audience than the token of the service account carries.",
        "set `audience` of the Vault role to vault://NAMESPACE/ISSUER (ClusterIssuer: vault://NAME), or "
        "`audiences` of the issuer",
    ),
    (
        r"service account name not authorized|namespace not authorized",
        "Vault's role is not bound to the service account that the issuer logs in with.",
        "add the service account to bound_service_account_names and -namespaces of the role",
    ),
    (
        r"invalid role name",
        "Vault's Kubernetes auth method has no role of that name.",
        "mend auth.kubernetes.role of the issuer, or create the role",
    ),
    (
        r"not allowed by this role",
        "The role of Vault's PKI does not allow this name.",
        "add the domain to allowed_domains of the PKI role (and allow_subdomains), or ask for another name",
    ),
    (
        r"Vault is sealed",
        "Vault is sealed and signs nothing.",
        "unseal it; see the findings of the system vault",
    ),
    (
        r"local node not active",
        "Vault has no leader: it lost its quorum.",
        "see the findings of the system vault",
    ),
    (
        r"secrets? \"[^\"]+\" not found|failed to get secret",
        "A Secret that the issuer names does not exist in the namespace where cert-manager looks for it "
        "(a ClusterIssuer's: the controller's own namespace, --cluster-resource-namespace).",
        "create that Secret there, or mend its name in the issuer; the issuer heals by itself within a "
        "second",
    ),
)


def explain(message: str) -> Meaning | None:
    """What a message means; None where it speaks for itself."""
    for pattern, cause, then in _TABLE:
        if re.search(pattern, message):
            return Meaning(cause, then)
    return None


def vault_refused(message: str, *, by_token: bool) -> Meaning | None:
    """A bare `permission denied` of Vault when it was asked to sign; at most a login was tried before."""
    if "permission denied" not in message and "Code: 403" not in message:
        return None
    path = re.search(r"/v1/(\S+)", message)
    named = f" {path[1]}" if path else ""
    if by_token:
        cause = (
            f"Vault refuses the issuer's token for{named}: it is wrong, expired or revoked, or its policy "
            "lacks the path. The issuer is Ready all the same, because a token is never tried."
        )
        return Meaning(
            cause, "renew the token in the Secret of auth.tokenSecretRef; see `vault token lookup`"
        )
    cause = (
        f"Vault lets the issuer log in and refuses{named}: the policy of its role lacks `update` on this "
        f"path, or "
        "the PKI role in the path does not exist. The issuer is Ready all the same, because only the login "
        "is tried."
    )
    return Meaning(cause, "compare spec.vault.path with the PKI roles, and the policy with that path")
