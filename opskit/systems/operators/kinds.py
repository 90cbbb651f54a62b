"""What operators bring and what installs them, with the fields in use.

Follows https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/custom-resource-definition-v1/,
https://olm.operatorframework.io/docs/ and https://operator-framework.github.io/operator-controller/.
"""

from datetime import datetime

import msgspec

from opskit.core.kinds import Kind, Metadata, Object, Wire, WireCondition
from opskit.core.kinds_core import DEPLOYMENT, ObjectReference


class CrdNames(Wire, frozen=True):
    """What the objects of a CRD are called."""

    kind: str = ""
    plural: str = ""


class CrdVersion(Wire, frozen=True):
    """One version of a CRD, without its schema."""

    name: str = ""
    served: bool = False
    storage: bool = False
    deprecated: bool = False


class ServiceReference(Wire, frozen=True):
    """The service that a webhook is reached by."""

    namespace: str = ""
    name: str = ""
    port: int | None = None


class WebhookClient(Wire, frozen=True):
    """Where the API server finds a webhook: a service, or a URL."""

    url: str = ""
    service: ServiceReference | None = None


class ConversionWebhook(Wire, frozen=True):
    """`CustomResourceDefinition.spec.conversion.webhook`."""

    client_config: WebhookClient = WebhookClient()


class Conversion(Wire, frozen=True):
    """How objects of one version become those of another."""

    strategy: str = ""
    webhook: ConversionWebhook | None = None


class CrdSpec(Wire, frozen=True):
    """`CustomResourceDefinition.spec`."""

    group: str = ""
    scope: str = ""
    names: CrdNames = CrdNames()
    versions: list[CrdVersion] | None = None
    conversion: Conversion = Conversion()


class CrdStatus(Wire, frozen=True):
    """`CustomResourceDefinition.status`."""

    conditions: list[WireCondition] | None = None
    stored_versions: list[str] | None = None


class Crd(Object, frozen=True):
    """A resource that an operator brings."""

    spec: CrdSpec = CrdSpec()
    status: CrdStatus = CrdStatus()

    @property
    def versions(self) -> list[CrdVersion]:
        """Its versions, never None."""
        return self.spec.versions or []

    @property
    def read_version(self) -> str:
        """The version to read objects in: the stored one where it is served, for no conversion is needed."""
        served = [each for each in self.versions if each.served]
        return next((each.name for each in served if each.storage), served[0].name if served else "")

    @property
    def webhook(self) -> WebhookClient | None:
        """Where its conversion webhook is; None where none converts."""
        conversion = self.spec.conversion
        converts = conversion.strategy == "Webhook" and conversion.webhook is not None
        return conversion.webhook.client_config if converts and conversion.webhook else None


class ManagedEntry(Wire, frozen=True):
    """Who wrote fields of an object, and when."""

    manager: str = ""
    operation: str = ""
    subresource: str = ""
    time: datetime | None = None


class ManagedMetadata(Metadata, frozen=True):
    """ObjectMeta with its writers."""

    managed_fields: list[ManagedEntry] | None = None


class CustomResource(Object, frozen=True):
    """Any custom resource: its metadata, and a status of whatever shape."""

    metadata: ManagedMetadata = msgspec.field(default_factory=ManagedMetadata)
    status: msgspec.Raw = msgspec.Raw(b"null")


class ServiceSlicePort(Wire, frozen=True):
    """Whether an endpoint takes requests."""

    ready: bool | None = None


class Endpoint(Wire, frozen=True):
    """One endpoint of a service."""

    conditions: ServiceSlicePort = ServiceSlicePort()


class EndpointSlice(Object, frozen=True):
    """Some endpoints of a service; label `kubernetes.io/service-name` names it."""

    endpoints: list[Endpoint] | None = None

    @property
    def ready(self) -> int:
        """Endpoints that take requests; an unknown state counts, as the API says."""
        return sum(each.conditions.ready is not False for each in self.endpoints or [])


class CsvStatus(Wire, frozen=True):
    """`ClusterServiceVersion.status`."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None


class CsvSpec(Wire, frozen=True):
    """`ClusterServiceVersion.spec`."""

    display_name: str = ""
    version: str = ""
    replaces: str = ""


class Csv(Object, frozen=True):
    """One version of an operator that OLM installs."""

    spec: CsvSpec = CsvSpec()
    status: CsvStatus = CsvStatus()

    @property
    def copied(self) -> bool:
        """Whether OLM only shows it here because the operator watches this namespace."""
        return self.status.reason == "Copied" or "olm.copiedFrom" in self.labels


class PlanSpec(Wire, frozen=True):
    """`InstallPlan.spec`."""

    approval: str = ""
    approved: bool = False
    cluster_service_version_names: list[str] | None = None


class PlanStatus(Wire, frozen=True):
    """`InstallPlan.status`."""

    phase: str = ""
    message: str = ""
    conditions: list[WireCondition] | None = None


class InstallPlan(Object, frozen=True):
    """What OLM is about to install."""

    spec: PlanSpec = PlanSpec()
    status: PlanStatus = PlanStatus()


class SubscriptionSpec(Wire, frozen=True):
    """`Subscription.spec`."""

    name: str = ""
    source: str = ""
    source_namespace: str = ""
    channel: str = ""
    install_plan_approval: str = ""


class SubscriptionStatus(Wire, frozen=True):
    """`Subscription.status`."""

    state: str = ""
    current_csv: str = msgspec.field(name="currentCSV", default="")
    installed_csv: str = msgspec.field(name="installedCSV", default="")
    install_plan_ref: ObjectReference | None = None
    conditions: list[WireCondition] | None = None


class Subscription(Object, frozen=True):
    """The wish for an operator of a catalogue, kept up to date."""

    spec: SubscriptionSpec = SubscriptionSpec()
    status: SubscriptionStatus = SubscriptionStatus()


class ConnectionState(Wire, frozen=True):
    """How OLM reaches a catalogue."""

    address: str = ""
    last_observed_state: str = ""
    last_connect: datetime | None = None


class CatalogStatus(Wire, frozen=True):
    """`CatalogSource.status`."""

    message: str = ""
    reason: str = ""
    connection_state: ConnectionState | None = None


class CatalogSource(Object, frozen=True):
    """A catalogue of operators, served by a registry pod."""

    status: CatalogStatus = CatalogStatus()


class Conditioned(Wire, frozen=True):
    """A status that is conditions."""

    conditions: list[WireCondition] | None = None


class ClusterObject(Object, frozen=True):
    """A resource of OLM v1."""

    status: Conditioned = Conditioned()


CRD = Kind(
    "apiextensions.k8s.io",
    "v1",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    Crd,
    namespaced=False,
)
ENDPOINT_SLICE = Kind("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", EndpointSlice)
CSV = Kind("operators.coreos.com", "v1alpha1", "ClusterServiceVersion", "clusterserviceversions", Csv)
INSTALL_PLAN = Kind("operators.coreos.com", "v1alpha1", "InstallPlan", "installplans", InstallPlan)
SUBSCRIPTION = Kind("operators.coreos.com", "v1alpha1", "Subscription", "subscriptions", Subscription)
CATALOG_SOURCE = Kind("operators.coreos.com", "v1alpha1", "CatalogSource", "catalogsources", CatalogSource)
CLUSTER_EXTENSION = Kind(
    "olm.operatorframework.io",
    "v1",
    "ClusterExtension",
    "clusterextensions",
    ClusterObject,
    namespaced=False,
)
CLUSTER_CATALOG = Kind(
    "olm.operatorframework.io", "v1", "ClusterCatalog", "clustercatalogs", ClusterObject, namespaced=False
)

__all__ = [
    "CATALOG_SOURCE",
    "CLUSTER_CATALOG",
    "CLUSTER_EXTENSION",
    "CRD",
    "CSV",
    "DEPLOYMENT",
    "ENDPOINT_SLICE",
    "INSTALL_PLAN",
    "SUBSCRIPTION",
]
