"""Transit keys and PKI issuers: their ages and ends. Keys themselves are never asked for."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from opskit.core.cluster import Cluster
from opskit.core.findings import Data
from opskit.core.parts import Unread, settle
from opskit.systems.vault import client
from opskit.systems.vault.answers import Certificate, Mount, TransitKey

MOST = 100
"""Keys, and issuers, that are looked at."""


class Transit(Data, frozen=True):
    """A transit key."""

    mount: str
    key: TransitKey

    @property
    def rotated(self) -> datetime | None:
        """When its latest version was made."""
        made = (self.key.keys or {}).get(str(self.key.latest_version))
        if isinstance(made, int):
            return datetime.fromtimestamp(made, UTC)
        text = made.get("creation_time", "") if made else ""
        try:
            return datetime.fromisoformat(text) if text else None
        except ValueError:
            return None

    @property
    def rotates(self) -> bool:
        """Whether it is rotated by itself."""
        return self.key.auto_rotate_period not in (0, "0", "0s", "")


class Authority(Data, frozen=True):
    """A certificate of a PKI mount that signs."""

    mount: str
    issuer: str
    subject: str
    not_before: datetime
    not_after: datetime
    serial: str


def read(cluster: Cluster, mounts: dict[str, Mount], *, server: str) -> dict[str, Any]:
    """`transit`: keys; `pki`: authorities. A mount that can't be read is an `Unread` among them."""
    transit = [path for path, each in mounts.items() if each.type == "transit"]
    pki = [path for path, each in mounts.items() if each.type == "pki"]
    jobs: dict[str, Callable[[], Any]] = {path: _keys_of(cluster, path, server) for path in transit}
    jobs |= {path: _authorities_of(cluster, path, server) for path in pki}
    found = settle(jobs)
    return {"transit": _flat(found, transit), "pki": _flat(found, pki)}


def _flat(found: dict[str, Any], paths: list[str]) -> list[Any]:
    flat: list[Any] = []
    for path in paths:
        each = found[path]
        flat += [each] if isinstance(each, Unread) else each
    return flat


def _keys_of(cluster: Cluster, path: str, server: str) -> Callable[[], list[Transit]]:
    def read() -> list[Transit]:
        names = client.keys(cluster, f"{path}keys", server=server)[:MOST]
        return [
            Transit(mount=path, key=client.data(cluster, f"{path}keys/{name}", TransitKey, server=server))
            for name in names
        ]

    return read


def _authorities_of(cluster: Cluster, path: str, server: str) -> Callable[[], list[Authority]]:
    def read() -> list[Authority]:
        names = client.keys(cluster, f"{path}issuers", server=server)[:MOST]
        asked = [
            (name, client.data(cluster, f"{path}issuer/{name}", Certificate, server=server)) for name in names
        ]
        found = [authority(path, name, each.certificate) for name, each in asked]
        return [each for each in found if each is not None]

    return read


def authority(mount: str, issuer: str, pem: str) -> Authority | None:
    """A certificate that signs; None when it can't be read."""
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        return None
    return Authority(
        mount=mount,
        issuer=issuer,
        subject=found.subject.rfc4514_string(),
        not_before=found.not_valid_before_utc,
        not_after=found.not_valid_after_utc,
        serial=f"{found.serial_number:X}",
    )
