"""What Vault and OpenBao answer, projected to the fields in use. None of it is a secret."""

from datetime import datetime

import msgspec


class Answered(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base: snake_case on the wire, unknown fields ignored."""


class SealStatus(Answered, frozen=True):
    """`sys/seal-status`, which answers without a token and when sealed."""

    sealed: bool
    type: str = ""
    initialized: bool = False
    t: int = 0
    """Shares that are needed."""
    n: int = 0
    progress: int = 0
    """Shares that were given since."""
    recovery_seal: bool = False
    version: str = ""
    cluster_name: str = ""
    cluster_id: str = ""
    storage_type: str = ""


class Health(Answered, frozen=True):
    """`sys/health`."""

    standby: bool
    initialized: bool = False
    sealed: bool = False
    server_time_utc: int = 0
    version: str = ""


class Leader(Answered, frozen=True):
    """`sys/leader`."""

    ha_enabled: bool
    is_self: bool = False
    leader_address: str = ""
    raft_committed_index: int = 0
    raft_applied_index: int = 0


class HaNode(Answered, frozen=True):
    """A node that the active one hears."""

    hostname: str = ""
    api_address: str = ""
    active_node: bool = False
    last_echo: datetime | None = None
    version: str = ""


class HaStatus(Answered, frozen=True):
    """`sys/ha-status`."""

    nodes: list[HaNode] = []


class Peer(Answered, frozen=True):
    """A member of the raft configuration."""

    node_id: str = ""
    address: str = ""
    leader: bool = False
    voter: bool = False


class RaftServers(Answered, frozen=True):
    """Members."""

    servers: list[Peer] = []


class RaftConfiguration(Answered, frozen=True):
    """`sys/storage/raft/configuration`."""

    config: RaftServers = RaftServers()


class AutopilotServer(Answered, frozen=True):
    """A member as autopilot sees it."""

    id: str = ""
    address: str = ""
    node_status: str = ""
    last_contact: str = ""
    last_index: int = 0
    healthy: bool = False
    status: str = ""
    version: str = ""


class Autopilot(Answered, frozen=True):
    """`sys/storage/raft/autopilot/state`."""

    healthy: bool = False
    failure_tolerance: int = 0
    leader: str = ""
    voters: list[str] | None = None
    servers: dict[str, AutopilotServer] | None = None


class MountConfig(Answered, frozen=True):
    """Lifetimes in seconds; 0 is the system's default."""

    default_lease_ttl: int = 0
    max_lease_ttl: int = 0


class Mount(Answered, frozen=True):
    """A secrets engine or auth method."""

    type: str = ""
    accessor: str = ""
    description: str = ""
    deprecation_status: str = ""
    running_plugin_version: str = ""
    config: MountConfig = MountConfig()


class AuditDevice(Answered, frozen=True):
    """Where requests are logged."""

    type: str = ""
    description: str = ""


class Policy(Answered, frozen=True):
    """An ACL policy's text."""

    policy: str = ""


class Lease(Answered, frozen=True):
    """`sys/leases/lookup`: when a lease was given and ends; what was leased is not told."""

    id: str = ""
    issue_time: datetime | None = None
    expire_time: datetime | None = None
    ttl: int = 0
    renewable: bool = False


class LeaseCount(Answered, frozen=True):
    """`sys/leases/count`."""

    lease_count: int = 0
    counts: dict[str, int] | None = None


class Token(Answered, frozen=True):
    """A token by its accessor; its value is neither asked for nor told."""

    accessor: str = ""
    display_name: str = ""
    path: str = ""
    policies: list[str] | None = None
    creation_time: int = 0
    """Seconds since 1970."""
    expire_time: datetime | None = None
    """None: it never ends."""
    explicit_max_ttl: int = 0
    period: int = 0
    """Seconds; a token with a period can be renewed for ever."""
    orphan: bool = False
    type: str = ""


class TransitKey(Answered, frozen=True):
    """A transit key's versions; the values are moments, or public keys beside one."""

    name: str = ""
    type: str = ""
    latest_version: int = 0
    min_decryption_version: int = 0
    auto_rotate_period: int | str = 0
    deletion_allowed: bool = False
    exportable: bool = False
    keys: dict[str, int | dict[str, str]] | None = None


class Certificate(Answered, frozen=True):
    """A PKI issuer's certificate, PEM."""

    certificate: str = ""


class KeyStatus(Answered, frozen=True):
    """`sys/key-status`: the key that encrypts the storage."""

    term: int = 0
    install_time: datetime | None = None
    encryptions: int = 0
