"""An action as a request to the API server, bound to the object that was read.

Follows https://kubernetes.io/docs/reference/using-api/api-concepts/ (dry run, resource versions)
and https://kubernetes.io/docs/reference/using-api/server-side-apply/ (field managers).
"""

from datetime import UTC, datetime
from typing import Any

from opskit.core.findings import Data
from opskit.core.kinds import resource_path
from opskit.core.plan import NOW, Action, Apply, Delete, Evict, Json, Patch, Scale, Target

MANAGER = "opskit"
"""Our field manager."""

APPLY, MERGE, JSON = "application/apply-patch+yaml", "application/merge-patch+json", "application/json"


class Seen(Data, frozen=True):
    """The object that a write was prepared against."""

    uid: str
    resource_version: str
    generation: int | None = None


class Request(Data, frozen=True):
    """One write to the API server."""

    method: str
    path: str
    body: Json
    content_type: str = JSON
    force: bool = False

    def query(self, *, dry_run: bool) -> dict[str, str]:
        """The query's parameters."""
        found = {} if self.method == "DELETE" else {"fieldManager": MANAGER}
        if self.force:
            found["force"] = "true"
        return found | ({"dryRun": "All"} if dry_run else {})

    def content(self, *, dry_run: bool) -> Json:
        """The body. Of a DELETE with a body, the server ignores the query's `dryRun`: it stands here too."""
        return self.body | {"dryRun": ["All"]} if dry_run and self.method == "DELETE" else self.body


def object_path(target: Target) -> str:
    """The URL path of the target."""
    return resource_path(
        target.group, target.version, target.plural, namespace=target.namespace, name=target.name
    )


def request_for(action: Action, target: Target, seen: Seen | None, *, force: bool = False) -> Request | None:
    """The request of an action, bound to the object that was seen; None when it is no Kubernetes write."""
    path = object_path(target) if target.plural else ""
    match action:
        case Apply():
            return Request(
                method="PATCH",
                path=path,
                body=_bound(_complete(action.manifest, target), seen),
                content_type=APPLY,
                force=force,
            )
        case Patch():
            at = f"{path}/{action.subresource}" if action.subresource else path
            return Request(
                method="PATCH", path=at, body=_bound(_stamped(action.patch), seen), content_type=MERGE
            )
        case Scale():
            body = _bound({"spec": {"replicas": action.replicas}}, seen)
            return Request(method="PATCH", path=f"{path}/scale", body=body, content_type=MERGE)
        case Delete():
            body = _options(seen) | {"propagationPolicy": action.propagation}
            return Request(method="DELETE", path=path, body=body)
        case Evict():
            return Request(method="POST", path=f"{path}/eviction", body=_eviction(action, target, seen))
        case _:
            return None


def _complete(manifest: Json, target: Target) -> Json:
    version = f"{target.group}/{target.version}" if target.group else target.version
    metadata = {"name": target.name} | ({"namespace": target.namespace} if target.namespace else {})
    identity = {
        "apiVersion": version,
        "kind": target.kind,
        "metadata": manifest.get("metadata", {}) | metadata,
    }
    return manifest | identity


def _bound(body: Json, seen: Seen | None) -> Json:
    if seen is None:
        return body
    bound = {"uid": seen.uid, "resourceVersion": seen.resource_version}
    return body | {"metadata": {**body.get("metadata", {}), **bound}}


def _stamped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stamped(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_stamped(each) for each in value]
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}" if value == NOW else value


def _options(seen: Seen | None) -> Json:
    options: Json = {"apiVersion": "v1", "kind": "DeleteOptions"}
    if seen is not None:
        options["preconditions"] = {"uid": seen.uid, "resourceVersion": seen.resource_version}
    return options


def _eviction(action: Evict, target: Target, seen: Seen | None) -> Json:
    grace = {} if action.grace_seconds is None else {"gracePeriodSeconds": action.grace_seconds}
    return {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": target.name, "namespace": target.namespace},
        "deleteOptions": _options(seen) | grace,
    }
