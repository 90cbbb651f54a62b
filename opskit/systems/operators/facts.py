"""What operators have brought into a cluster, and how it does, from the Kubernetes API and from etcdctl."""

from datetime import datetime

import msgspec

from opskit.core.cluster import Cluster
from opskit.core.findings import Data
from opskit.core.kinds_workloads import Deployment
from opskit.core.parts import Job, Unread, known, listed, settle
from opskit.systems.operators import held, kinds, members, resources
from opskit.systems.operators.held import Held
from opskit.systems.operators.quorum import SORTS, Quorum, Sort


class Facts(Data, frozen=True):
    """Everything that the checks judge. A part that could not be read is an `Unread`; the rest stands."""

    now: datetime
    crds: list[kinds.Crd] | Unread
    resources: dict[str, resources.OfCrd | Unread]
    """CRD → its custom resources."""
    conversions: dict[str, str]
    """CRD with a webhook → why its objects can't be read in another version; "" where they can."""
    deployments: list[Deployment] | Unread
    slices: list[kinds.EndpointSlice] | Unread
    """Endpoints of services; read only where a conversion webhook is a service."""
    csvs: list[kinds.Csv] | Unread
    install_plans: list[kinds.InstallPlan] | Unread
    subscriptions: list[kinds.Subscription] | Unread
    catalog_sources: list[kinds.CatalogSource] | Unread
    extensions: list[kinds.ClusterObject] | Unread
    catalogs: list[kinds.ClusterObject] | Unread
    quorums: list[Quorum] | Unread
    """Systems that vote."""
    held: dict[str, list[Held] | Unread | None] = msgspec.field(
        default_factory=dict[str, list[Held] | Unread | None]
    )
    """Kind → what of it is to go; None where a snapshot did not ask."""

    def quorum(self, resource: str, namespace: str, name: str) -> Quorum | None:
        """One system that votes; None where there is none of that name."""
        found = known(self.quorums, [])
        return next(
            (
                each
                for each in found
                if (each.sort.resource, each.namespace, each.name) == (resource, namespace, name)
            ),
            None,
        )

    def deployment(self, manager: str) -> Deployment | None:
        """The deployment of a field manager's name; None where none is named so."""
        same = [each for each in known(self.deployments, []) if each.name == manager]
        return same[0] if len(same) == 1 else None


def read(cluster: Cluster) -> Facts:
    """Read CRDs, all custom resources within `resources.SECONDS`, OLM's objects and what votes."""
    first = settle({"crds": lambda: cluster.list(kinds.CRD), **_objects(cluster)})
    crds: list[kinds.Crd] = known(first["crds"], [])
    rest = settle({**_of_crds(cluster, crds), "held": lambda: held.read(cluster)})
    return Facts(now=cluster.now(), **first, **rest)


def _objects(cluster: Cluster) -> dict[str, Job]:
    return {
        "deployments": lambda: cluster.list(kinds.DEPLOYMENT),
        "csvs": lambda: listed(cluster, kinds.CSV),
        "install_plans": lambda: listed(cluster, kinds.INSTALL_PLAN),
        "subscriptions": lambda: listed(cluster, kinds.SUBSCRIPTION),
        "catalog_sources": lambda: listed(cluster, kinds.CATALOG_SOURCE),
        "extensions": lambda: listed(cluster, kinds.CLUSTER_EXTENSION),
        "catalogs": lambda: listed(cluster, kinds.CLUSTER_CATALOG),
    }


def _of_crds(cluster: Cluster, crds: list[kinds.Crd]) -> dict[str, Job]:
    by_service = any(each.webhook and each.webhook.service for each in crds)
    return {
        "resources": lambda: resources.read(cluster, crds),
        "conversions": lambda: resources.conversions(cluster, crds),
        "slices": lambda: cluster.list(kinds.ENDPOINT_SLICE) if by_service else [],
        "quorums": lambda: _quorums(cluster, {each.name for each in crds}),
    }


def _quorums(cluster: Cluster, crds: set[str]) -> list[Quorum]:
    there = [sort for sort in SORTS if sort.resource in crds]
    return [each for sort in there for each in _of_sort(cluster, sort)]


def _of_sort(cluster: Cluster, sort: Sort) -> list[Quorum]:
    found = listed(cluster, sort.model)
    return [members.of_object(cluster, sort, each) for each in found]
