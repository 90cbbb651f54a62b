"""What is read of Dex and of the API server's authentication, projected to the fields in use.

Dex's configuration: https://dexidp.io/docs/configuration/. The API server's:
https://kubernetes.io/docs/reference/access-authn-authz/authentication/#using-authentication-configuration.
Neither passwords nor client secrets nor signing keys are projected.
"""

import msgspec

from opskit.core.kinds import Kind, Object

DEX = "dex.coreos.com"


class _Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a configuration file. Its own field names; unknown fields are left out."""


class Storage(_Section, frozen=True):
    """Where Dex keeps its keys and sessions."""

    type: str = ""


class Expiry(_Section, frozen=True, rename="camel"):
    """How long things live."""

    id_tokens: str = msgspec.field(name="idTokens", default="24h")
    signing_keys: str = msgspec.field(name="signingKeys", default="6h")


class Client(_Section, frozen=True):
    """Who may ask for tokens."""

    id: str = ""
    name: str = ""
    public: bool = False
    redirects: list[str] = msgspec.field(name="redirectURIs", default_factory=list[str])


class UserSearch(_Section, frozen=True):
    """How an LDAP connector finds a person."""

    base: str = msgspec.field(name="baseDN", default="")
    filter: str = ""
    scope: str = ""
    username: str = ""
    id_attribute: str = msgspec.field(name="idAttr", default="")
    mail_attribute: str = msgspec.field(name="emailAttr", default="")
    mail_suffix: str = msgspec.field(name="emailSuffix", default="")
    name_attribute: str = msgspec.field(name="nameAttr", default="")


class UserMatcher(_Section, frozen=True):
    """Which value of a person's entry stands in which attribute of the group's."""

    user_attribute: str = msgspec.field(name="userAttr", default="")
    group_attribute: str = msgspec.field(name="groupAttr", default="")


class GroupSearch(_Section, frozen=True):
    """How an LDAP connector finds a person's groups."""

    base: str = msgspec.field(name="baseDN", default="")
    filter: str = ""
    scope: str = ""
    name_attribute: str = msgspec.field(name="nameAttr", default="")
    matchers: list[UserMatcher] = msgspec.field(name="userMatchers", default_factory=list[UserMatcher])
    user_attribute: str = msgspec.field(name="userAttr", default="")
    group_attribute: str = msgspec.field(name="groupAttr", default="")

    @property
    def pairs(self) -> list[UserMatcher]:
        """The matchers, or the pair of older configurations."""
        old = UserMatcher(user_attribute=self.user_attribute, group_attribute=self.group_attribute)
        return self.matchers or ([old] if self.user_attribute and self.group_attribute else [])


class Org(_Section, frozen=True):
    """An organization that GitHub users must belong to."""

    name: str = ""


class ConnectorConfig(_Section, frozen=True):
    """The fields of all connectors that are judged."""

    host: str = ""
    bind_dn: str = msgspec.field(name="bindDN", default="")
    insecure_no_tls: bool = msgspec.field(name="insecureNoSSL", default=False)
    start_tls: bool = msgspec.field(name="startTLS", default=False)
    insecure_skip_verify: bool = msgspec.field(name="insecureSkipVerify", default=False)
    user_search: UserSearch | None = msgspec.field(name="userSearch", default=None)
    group_search: GroupSearch | None = msgspec.field(name="groupSearch", default=None)
    redirect: str = msgspec.field(name="redirectURI", default="")
    org: str = ""
    orgs: list[Org] = msgspec.field(default_factory=list[Org])
    tenant: str = ""
    sso_url: str = msgspec.field(name="ssoURL", default="")
    username_attribute: str = msgspec.field(name="usernameAttr", default="")
    email_attribute: str = msgspec.field(name="emailAttr", default="")
    skip_signatures: bool = msgspec.field(name="insecureSkipSignatureValidation", default=False)


class Connector(_Section, frozen=True):
    """One way to log in."""

    type: str = ""
    id: str = ""
    name: str = ""
    config: ConnectorConfig = msgspec.field(default_factory=ConnectorConfig)


class DexConfig(_Section, frozen=True):
    """Dex's own configuration file."""

    issuer: str = ""
    storage: Storage = msgspec.field(default_factory=Storage)
    expiry: Expiry = msgspec.field(default_factory=Expiry)
    clients: list[Client] = msgspec.field(name="staticClients", default_factory=list[Client])
    connectors: list[Connector] = msgspec.field(default_factory=list[Connector])


class Discovery(_Section, frozen=True):
    """`/.well-known/openid-configuration`."""

    issuer: str = ""
    jwks_uri: str = ""


class Key(_Section, frozen=True):
    """A public key that tokens are verified with."""

    kid: str = ""
    alg: str = ""


class KeySet(_Section, frozen=True):
    """`/keys`."""

    keys: list[Key] = msgspec.field(default_factory=list[Key])


class Claim(_Section, frozen=True):
    """Which claim becomes the user or the groups. An expression stands for claim and prefix."""

    claim: str = ""
    prefix: str = ""
    expression: str = ""


class ClaimMappings(_Section, frozen=True):
    """How a token becomes a user."""

    username: Claim = msgspec.field(default_factory=Claim)
    groups: Claim = msgspec.field(default_factory=Claim)


class TrustedIssuer(_Section, frozen=True):
    """Whose tokens are taken."""

    url: str = ""
    audiences: list[str] = msgspec.field(default_factory=list[str])
    authority: str = msgspec.field(name="certificateAuthority", default="")


class Jwt(_Section, frozen=True):
    """One issuer and how its claims are mapped."""

    issuer: TrustedIssuer = msgspec.field(default_factory=TrustedIssuer)
    mappings: ClaimMappings = msgspec.field(name="claimMappings", default_factory=ClaimMappings)


class AuthenticationConfiguration(_Section, frozen=True):
    """The file of `--authentication-config`."""

    jwt: list[Jwt] = msgspec.field(default_factory=list[Jwt])


class RefreshRef(_Section, frozen=True):
    """A refresh token of a session, without the token."""

    id: str = msgspec.field(name="ID", default="")
    client: str = msgspec.field(name="ClientID", default="")
    created: str = msgspec.field(name="CreatedAt", default="")
    used: str = msgspec.field(name="LastUsed", default="")


class OfflineSession(Object, frozen=True):
    """One person's refresh tokens through one connector."""

    user: str = msgspec.field(name="userID", default="")
    connector: str = msgspec.field(name="connID", default="")
    refresh: dict[str, RefreshRef] | None = None


OFFLINE_SESSION = Kind(DEX, "v1", "OfflineSessions", "offlinesessionses", OfflineSession)
REFRESH_TOKEN = Kind(DEX, "v1", "RefreshToken", "refreshtokens", Object)
"""Holds the token itself: only its metadata is ever asked for. Its name is the ID that sessions refer to."""
