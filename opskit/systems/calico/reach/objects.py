"""What reachability is judged from: decoded objects, one tuple a kind."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, cast

import msgspec

from opskit.core.answers import converted
from opskit.core.errors import BadValue, UnknownName
from opskit.core.kinds import Kind, Object
from opskit.systems.calico import kinds
from opskit.systems.calico.kubernetes_policies import (
    AdminNetworkPolicy,
    BaselineAdminNetworkPolicy,
    ClusterNetworkPolicy,
    NetworkPolicy,
)
from opskit.systems.calico.workloads import EndpointSlice, Namespace, Node, Pod, Service, ServiceAccount


@dataclass(frozen=True)
class Objects:
    """Objects of a cluster. A kind that is not installed is an empty tuple."""

    pods: tuple[Pod, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    nodes: tuple[Node, ...] = ()
    service_accounts: tuple[ServiceAccount, ...] = ()
    services: tuple[Service, ...] = ()
    endpoint_slices: tuple[EndpointSlice, ...] = ()
    network_policies: tuple[NetworkPolicy, ...] = ()
    admin_network_policies: tuple[AdminNetworkPolicy, ...] = ()
    baseline_admin_network_policies: tuple[BaselineAdminNetworkPolicy, ...] = ()
    cluster_network_policies: tuple[ClusterNetworkPolicy, ...] = ()
    tiers: tuple[kinds.Tier, ...] = ()
    calico_network_policies: tuple[kinds.CalicoNetworkPolicy, ...] = ()
    global_network_policies: tuple[kinds.GlobalNetworkPolicy, ...] = ()
    network_sets: tuple[kinds.NetworkSet, ...] = ()
    global_network_sets: tuple[kinds.GlobalNetworkSet, ...] = ()
    host_endpoints: tuple[kinds.HostEndpoint, ...] = ()
    staged_network_policies: tuple[kinds.StagedNetworkPolicy, ...] = ()
    staged_global_network_policies: tuple[kinds.StagedGlobalNetworkPolicy, ...] = ()
    staged_kubernetes_network_policies: tuple[kinds.StagedKubernetesNetworkPolicy, ...] = ()

    @classmethod
    def of_manifests(cls, manifests: Iterable[Mapping[str, Any]]) -> "Objects":
        """Decode raw objects, such as the documents of a YAML file; lists are opened.

        Kinds that have no bearing on reachability are left out.

        Raises:
            BadValue: an object does not have the shape of its kind.

        """
        found: dict[str, list[Object]] = {}
        for manifest in _opened(manifests):
            named = _FIELDS.get((str(manifest.get("apiVersion")), str(manifest.get("kind"))))
            if named is not None:
                found.setdefault(named[0], []).append(_decoded(manifest, named[1]))
        return cls(**{name: tuple(objects) for name, objects in found.items()})  # type: ignore[arg-type]

    def with_changed(self, *changed: Object) -> "Objects":
        """The same cluster with these objects added, or put in place of those of the same name.

        Raises:
            UnknownName: an object is of no kind that bears on reachability.

        """
        result = self
        for each in changed:
            name = field_of(each)
            kept = [old for old in _tuple(result, name) if _key(old) != _key(each)]
            result = replace(result, **{name: (*kept, each)})
        return result

    def without(self, *removed: Object) -> "Objects":
        """The same cluster without the objects of these names.

        Raises:
            UnknownName: the cluster holds no such object.

        """
        result = self
        for each in removed:
            name = field_of(each)
            kept = tuple(old for old in _tuple(result, name) if _key(old) != _key(each))
            if len(kept) == len(_tuple(result, name)):
                known = ["/".join(_key(old)).lstrip("/") for old in kept]
                raise UnknownName.among(type(each).__name__, "/".join(_key(each)).lstrip("/"), known)
            result = replace(result, **{name: kept})
        return result


def field_of(value: Object) -> str:
    """The field of `Objects` that holds objects of this type.

    Raises:
        UnknownName: it is of no kind that bears on reachability.

    """
    for name, kind in _FIELDS.values():
        if type(value) is kind.model:
            return name
    raise UnknownName.among("kind with a bearing on reachability", type(value).__name__, _MODELS)


def model_of(manifest: Mapping[str, Any]) -> type[Object] | None:
    """The projection for a raw object; None when its kind has no bearing on reachability."""
    named = _FIELDS.get((str(manifest.get("apiVersion")), str(manifest.get("kind"))))
    return None if named is None else named[1].model


def _tuple(objects: Objects, name: str) -> tuple[Object, ...]:
    return cast(tuple[Object, ...], getattr(objects, name))


def _key(value: Object) -> tuple[str, str]:
    return value.namespace or "", value.name


def _opened(manifests: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    for manifest in manifests:
        if str(manifest.get("kind", "")).endswith("List") and "items" in manifest:
            yield from _opened(_item(manifest, each) for each in manifest["items"] or ())
        else:
            yield manifest


def _item(parent: Mapping[str, Any], item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Items of a typed list carry no kind of their own."""
    inherited = {"apiVersion": parent.get("apiVersion"), "kind": str(parent["kind"]).removesuffix("List")}
    return {**inherited, **item}


def _decoded(manifest: Mapping[str, Any], kind: Kind[Any]) -> Object:
    try:
        return cast(Object, converted(manifest, kind.model))
    except msgspec.ValidationError as wrong:
        metadata: Any = manifest.get("metadata")
        name: Any = metadata.get("name", "") if isinstance(metadata, dict) else ""
        raise BadValue(
            f"{kind.kind} {name!r} does not have the shape of {kind.api_version}: {wrong}",
            where=f"{kind.kind} {name}",
            hint="correct the field that the path names and try again",
        ) from wrong


BY_FIELD: dict[str, Kind[Any]] = {
    "pods": kinds.POD,
    "namespaces": kinds.NAMESPACE,
    "nodes": kinds.NODE,
    "service_accounts": kinds.SERVICE_ACCOUNT,
    "services": kinds.SERVICE,
    "endpoint_slices": kinds.ENDPOINT_SLICE,
    "network_policies": kinds.NETWORK_POLICY,
    "admin_network_policies": kinds.ADMIN_NETWORK_POLICY,
    "baseline_admin_network_policies": kinds.BASELINE_ADMIN_NETWORK_POLICY,
    "cluster_network_policies": kinds.CLUSTER_NETWORK_POLICY,
    "tiers": kinds.TIER,
    "calico_network_policies": kinds.CALICO_NETWORK_POLICY,
    "global_network_policies": kinds.GLOBAL_NETWORK_POLICY,
    "network_sets": kinds.NETWORK_SET,
    "global_network_sets": kinds.GLOBAL_NETWORK_SET,
    "host_endpoints": kinds.HOST_ENDPOINT,
    "staged_network_policies": kinds.STAGED_NETWORK_POLICY,
    "staged_global_network_policies": kinds.STAGED_GLOBAL_NETWORK_POLICY,
    "staged_kubernetes_network_policies": kinds.STAGED_KUBERNETES_NETWORK_POLICY,
}
_FIELDS = {(kind.api_version, kind.kind): (name, kind) for name, kind in BY_FIELD.items()}
_MODELS = tuple(kind.model.__name__ for kind in BY_FIELD.values())

FIELDS = tuple(field.name for field in fields(Objects))
"""Names of the fields, in order."""
