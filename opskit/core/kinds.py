"""A kind names a Kubernetes resource and the struct that projects the fields in use.

Projections ignore unknown fields, so a newer server's objects decode; what a field means is
documented by the Kubernetes API reference (https://kubernetes.io/docs/reference/kubernetes-api/).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import msgspec


class Wire(msgspec.Struct, rename="camel", frozen=True, kw_only=True, gc=False):
    """Base of everything decoded from the Kubernetes API: camelCase on the wire, snake_case here."""


class OwnerReference(Wire, frozen=True):
    """The owner of an object, as garbage collection sees it."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None


class Metadata(Wire, frozen=True):
    """ObjectMeta, as far as it is used."""

    name: str = ""
    namespace: str | None = None
    uid: str = ""
    resource_version: str = ""
    generation: int | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    finalizers: list[str] | None = None
    owner_references: list[OwnerReference] | None = None


class Object(Wire, frozen=True):
    """Base of every projection."""

    metadata: Metadata = msgspec.field(default_factory=Metadata)

    @property
    def name(self) -> str:
        """`metadata.name`."""
        return self.metadata.name

    @property
    def namespace(self) -> str | None:
        """`metadata.namespace`; None for cluster-scoped objects."""
        return self.metadata.namespace

    @property
    def labels(self) -> dict[str, str]:
        """`metadata.labels`, never None."""
        return self.metadata.labels or {}

    @property
    def annotations(self) -> dict[str, str]:
        """`metadata.annotations`, never None."""
        return self.metadata.annotations or {}


class WireCondition(Wire, frozen=True):
    """The conditions that most statuses carry."""

    type: str = ""
    status: str = ""
    reason: str | None = None
    message: str | None = None
    last_transition_time: datetime | None = None


def condition_holds(conditions: Sequence[WireCondition] | None, name: str) -> bool:
    """Whether the condition of that type has status True."""
    return any(each.type == name and each.status == "True" for each in conditions or ())


Quantities = dict[str, str | int | float]
"""Resource quantities by name: text such as `500m` or `16Gi`, rarely a bare number."""


class LabelSelectorRequirement(Wire, frozen=True):
    """One expression of a LabelSelector."""

    key: str = ""
    operator: str = ""
    """`In`, `NotIn`, `Exists` or `DoesNotExist`."""
    values: list[str] | None = None


class LabelSelector(Wire, frozen=True):
    """A selector inside an object."""

    match_labels: dict[str, str] | None = None
    match_expressions: list[LabelSelectorRequirement] | None = None

    def text(self) -> str:
        """The same as a selector string, for `Cluster.list`."""
        equal = [f"{key}={value}" for key, value in (self.match_labels or {}).items()]
        return ",".join([*equal, *(_expression(each) for each in self.match_expressions or [])])


def _expression(term: LabelSelectorRequirement) -> str:
    match term.operator:
        case "Exists":
            return term.key
        case "DoesNotExist":
            return f"!{term.key}"
        case operator:
            return f"{term.key} {operator.lower()} ({','.join(term.values or [])})"


ObjectT = TypeVar("ObjectT", bound=Object, covariant=True)


@dataclass(frozen=True)
class Kind(Generic[ObjectT]):
    """A Kubernetes resource and its projection. A custom resource is one line."""

    group: str
    """API group; "" is the core group."""
    version: str
    kind: str
    plural: str
    model: type[ObjectT]
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """`group/version`, or `version` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, *, namespace: str | None = None, name: str | None = None) -> str:
        """The URL path of the collection or object."""
        return resource_path(self.group, self.version, self.plural, namespace=namespace, name=name)


def resource_path(
    group: str, version: str, plural: str, *, namespace: str | None = None, name: str | None = None
) -> str:
    """The URL path of a resource collection, or of one object when `name` is given."""
    root = f"/apis/{group}/{version}" if group else f"/api/{version}"
    scope = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{scope}/{plural}" + (f"/{name}" if name else "")
