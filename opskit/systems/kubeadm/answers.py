"""What kubeadm and etcdctl answer, as far as it is used.

kubeadm: https://kubernetes.io/docs/reference/setup-tools/kubeadm/kubeadm-certs/;
etcdctl: https://etcd.io/docs/latest/op-guide/maintenance/.
"""

from datetime import datetime

import msgspec

from opskit.core.findings import Data


class Certificate(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One certificate or kubeconfig of `kubeadm certs check-expiration`."""

    name: str
    """`apiserver`, `admin.conf`, `etcd-ca` …"""
    expiration_date: datetime | None = None
    ca_name: str = ""
    externally_managed: bool = False
    missing: bool = False


class CertificateReport(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """`kubeadm certs check-expiration -o json`."""

    certificates: list[Certificate] = []
    certificate_authorities: list[Certificate] = []


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Who answered, and at which point."""

    cluster_id: int = 0
    member_id: int = 0
    revision: int = 0
    raft_term: int = 0


class MemberState(msgspec.Struct, frozen=True, kw_only=True):
    """The `Status` of one endpoint."""

    header: Header = Header()
    version: str = ""
    db_size: int = msgspec.field(name="dbSize", default=0)
    """Bytes of the database's file."""
    db_size_in_use: int = msgspec.field(name="dbSizeInUse", default=0)
    """Bytes of it that hold data; the rest a defragmentation gives back."""
    db_size_quota: int = msgspec.field(name="dbSizeQuota", default=0)
    """Bytes at which etcd stops taking writes; 0 before etcd 3.6."""
    leader: int = 0
    """Member ID of the leader; 0 is none."""
    raft_index: int = msgspec.field(name="raftIndex", default=0)
    raft_applied_index: int = msgspec.field(name="raftAppliedIndex", default=0)
    is_learner: bool = msgspec.field(name="isLearner", default=False)
    errors: list[str] | None = None


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `etcdctl endpoint status -w json`."""

    endpoint: str = msgspec.field(name="Endpoint", default="")
    status: MemberState = msgspec.field(name="Status", default=MemberState())


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `etcdctl endpoint health -w json`."""

    endpoint: str = ""
    health: bool = False
    took: str = ""
    error: str = ""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One member of `etcdctl member list -w json`."""

    id: int = msgspec.field(name="ID", default=0)
    name: str = ""
    """Empty for one that was added and never started."""
    peer_urls: list[str] = msgspec.field(name="peerURLs", default=[])
    client_urls: list[str] | None = msgspec.field(name="clientURLs", default=None)
    is_learner: bool = msgspec.field(name="isLearner", default=False)


class Members(msgspec.Struct, frozen=True, kw_only=True):
    """`etcdctl member list -w json`."""

    members: list[Member] = []


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm: 1 is NOSPACE, 2 is CORRUPT."""

    member_id: int = msgspec.field(name="memberID", default=0)
    alarm: int = 0

    @property
    def name(self) -> str:
        """As `etcdctl alarm list` writes it."""
        return {1: "NOSPACE", 2: "CORRUPT"}.get(self.alarm, f"alarm {self.alarm}")


class Alarms(msgspec.Struct, frozen=True, kw_only=True):
    """`etcdctl alarm list -w json`."""

    alarms: list[Alarm] | None = None


class BootstrapToken(Data, frozen=True):
    """A bootstrap token without its secret."""

    id: str
    """The public half, before the dot."""
    expires: datetime | None
    """None: never."""


class DeprecatedApi(Data, frozen=True):
    """An API that was asked for since the API server started, and that a coming release removes."""

    group: str
    version: str
    resource: str
    removed_release: str
    """Minor release, `1.40`; empty where none is set."""
