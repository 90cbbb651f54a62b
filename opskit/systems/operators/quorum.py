"""Systems that vote, behind one custom resource: etcd, PostgreSQL and MySQL under their operators.

Field names follow each operator's released CRD: operator.etcd.io/v1alpha1 and
etcd.database.coreos.com/v1beta2 EtcdCluster, acid.zalan.do/v1 postgresql, postgresql.cnpg.io/v1 Cluster,
mysql.oracle.com/v2 InnoDBCluster.
"""

from typing import Any

import msgspec

from opskit.core.findings import Data
from opskit.core.kinds import Kind, Object
from opskit.core.parts import Unread
from opskit.core.wording import count


class QuorumObject(Object, frozen=True):
    """The custom resource of a system that votes."""

    spec: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    status: dict[str, Any] | None = None


class Sort(Data, frozen=True):
    """One sort of such a system."""

    kind: str
    group: str
    version: str
    plural: str
    software: str
    """`etcd`, `PostgreSQL` or `MySQL`."""
    size_field: str
    """Of the spec."""
    selector: str
    """Of its members' pods; `{name}` is the resource's."""
    version_field: str = ""
    """Of the spec, where a plain version stands there."""
    phase_path: tuple[str, ...] = ()
    """Of the status."""
    good_phases: tuple[str, ...] = ()
    role_label: tuple[str, ...] = ()
    """Label and values of the pod that leads."""
    largest: int = 7

    @property
    def resource(self) -> str:
        """As kubectl names it: `etcdclusters.operator.etcd.io`."""
        return f"{self.plural}.{self.group}"

    @property
    def model(self) -> Kind[QuorumObject]:
        """Its kind."""
        return Kind(self.group, self.version, self.kind, self.plural, QuorumObject)


SORTS = (
    Sort(
        kind="EtcdCluster",
        group="operator.etcd.io",
        version="v1alpha1",
        plural="etcdclusters",
        software="etcd",
        size_field="size",
        version_field="version",
        selector="app={name},controller={name}",
    ),
    Sort(
        kind="EtcdCluster",
        group="etcd.database.coreos.com",
        version="v1beta2",
        plural="etcdclusters",
        software="etcd",
        size_field="size",
        version_field="version",
        selector="app=etcd,etcd_cluster={name}",
        phase_path=("phase",),
        good_phases=("Running",),
    ),
    Sort(
        kind="postgresql",
        group="acid.zalan.do",
        version="v1",
        plural="postgresqls",
        software="PostgreSQL",
        size_field="numberOfInstances",
        selector="application=spilo,cluster-name={name}",
        phase_path=("PostgresClusterStatus",),
        good_phases=("Running",),
        role_label=("spilo-role", "master"),
    ),
    Sort(
        kind="Cluster",
        group="postgresql.cnpg.io",
        version="v1",
        plural="clusters",
        software="PostgreSQL",
        size_field="instances",
        selector="cnpg.io/cluster={name},cnpg.io/podRole=instance",
        phase_path=("phase",),
        good_phases=("Cluster in healthy state",),
        role_label=("cnpg.io/instanceRole", "primary"),
    ),
    Sort(
        kind="InnoDBCluster",
        group="mysql.oracle.com",
        version="v2",
        plural="innodbclusters",
        software="MySQL",
        size_field="instances",
        version_field="version",
        selector="component=mysqld,mysql.oracle.com/cluster={name}",
        phase_path=("cluster", "status"),
        good_phases=("ONLINE",),
        role_label=("mysql.oracle.com/cluster-role", "PRIMARY"),
        largest=9,
    ),
)
"""Every sort that is known."""


def sort_of(resource: str) -> Sort | None:
    """The sort that kubectl calls so; None where there is none."""
    return next((each for each in SORTS if each.resource == resource), None)


class Member(Data, frozen=True):
    """One member, as the system itself or its pod shows it."""

    name: str
    id: str = ""
    healthy: bool = False
    learner: bool = False
    """Follows, and does not vote yet."""
    leader: bool = False
    version: str = ""
    error: str = ""
    db_bytes: int = 0

    @property
    def text(self) -> str:
        """`etcd-1 is not healthy: context deadline exceeded`."""
        role = " (learner)" if self.learner else " (leader)" if self.leader else ""
        state = "healthy" if self.healthy else f"not healthy{': ' + self.error if self.error else ''}"
        return f"{self.name}{role} is {state}"


class Quorum(Data, frozen=True):
    """A system that votes, now."""

    sort: Sort
    namespace: str
    name: str
    uid: str
    wanted: int
    """Members that its spec asks for."""
    version: str = ""
    """That its spec asks for."""
    phase: str = ""
    """What its operator says."""
    deleting: bool = False
    members: tuple[Member, ...] | Unread = ()

    @property
    def known(self) -> tuple[Member, ...]:
        """Its members; none where they could not be read."""
        return () if isinstance(self.members, Unread) else self.members

    @property
    def voters(self) -> list[Member]:
        """Members that vote."""
        return [each for each in self.known if not each.learner]

    @property
    def ill(self) -> list[Member]:
        """Voters that are not healthy."""
        return [each for each in self.voters if not each.healthy]

    @property
    def needed(self) -> int:
        """Votes that make a majority."""
        return len(self.voters) // 2 + 1

    @property
    def spare(self) -> int:
        """Further healthy voters that may be lost before the majority is; negative: it is lost."""
        return len(self.voters) - len(self.ill) - self.needed

    @property
    def phase_good(self) -> bool:
        """Whether its operator calls it well, or says nothing."""
        return not self.phase or not self.sort.good_phases or self.phase in self.sort.good_phases

    @property
    def subject(self) -> str:
        """`EtcdCluster shop/etcd`."""
        return f"{self.sort.kind} {self.namespace}/{self.name}"

    @property
    def state(self) -> str:
        """What was read, in a sentence."""
        if isinstance(self.members, Unread):
            return f"the members of {self.subject} could not be read: {self.members.reason}"
        learners = len(self.known) - len(self.voters)
        tail = f", {count(learners, 'learner')}" if learners else ""
        told = f"{len(self.voters) - len(self.ill)} of {len(self.voters)} voters are healthy{tail}"
        ill = "; ".join(each.text for each in self.ill)
        phase = f"; its operator says {self.phase!r}" if not self.phase_good else ""
        return f"{told}{': ' + ill if ill else ''}{phase}"
