"""Kubernetes resources around Vault: the operator's Vault, and what syncs secrets into the cluster.

Fields follow the released CRDs of bank-vaults (`vault.banzaicloud.com/v1alpha1`) and of the Vault Secrets
Operator (`secrets.hashicorp.com/v1beta1`). The Secrets that they write are not read.
"""

import msgspec

from opskit.core.kinds import Kind, Object, Wire, WireCondition

SECRETS = "secrets.hashicorp.com"


class VaultCondition(Wire, frozen=True):
    """A condition of bank-vaults, which carries an error."""

    type: str = ""
    status: str = ""
    message: str = ""
    error: str = ""


class VaultStatus(Wire, frozen=True):
    """What the operator last saw."""

    nodes: list[str] | None = None
    leader: str = ""
    conditions: list[VaultCondition] | None = None


class VaultSpec(Wire, frozen=True):
    """The wanted Vault."""

    size: int = 1
    image: str = ""


class Vault(Object, frozen=True):
    """A Vault that bank-vaults runs."""

    spec: VaultSpec = msgspec.field(default_factory=VaultSpec)
    status: VaultStatus = msgspec.field(default_factory=VaultStatus)


class SyncStatus(Wire, frozen=True):
    """What the Vault Secrets Operator says of a resource."""

    valid: bool | None = None
    error: str = ""
    conditions: list[WireCondition] | None = None


class Sync(Object, frozen=True):
    """A resource of the Vault Secrets Operator."""

    status: SyncStatus = msgspec.field(default_factory=SyncStatus)


VAULT = Kind("vault.banzaicloud.com", "v1alpha1", "Vault", "vaults", Vault)
SYNCS: tuple[Kind[Sync], ...] = tuple(
    Kind(SECRETS, "v1beta1", kind, plural, Sync)
    for kind, plural in (
        ("VaultConnection", "vaultconnections"),
        ("VaultAuth", "vaultauths"),
        ("VaultStaticSecret", "vaultstaticsecrets"),
        ("VaultDynamicSecret", "vaultdynamicsecrets"),
        ("VaultPKISecret", "vaultpkisecrets"),
    )
)
