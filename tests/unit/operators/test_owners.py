"""Owners up to the root: metadata in, a walk out; and what is held from going."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from opskit.core.cluster import Cluster
from opskit.core.errors import NotFound
from opskit.core.reads import Answer, GetMetadata, GetPath, Read
from opskit.systems.operators import checks, owners, views
from opskit.systems.operators.held import Held
from tests.unit.operators.scenes import EMPTY, NOW

APPS = [
    {"name": "deployments", "kind": "Deployment", "namespaced": True},
    {"name": "deployments/scale", "kind": "Scale", "namespaced": True},
    {"name": "replicasets", "kind": "ReplicaSet", "namespaced": True},
]
CORE = [
    {"name": "pods", "kind": "Pod", "namespaced": True},
    {"name": "nodes", "kind": "Node", "namespaced": False},
]
PATHS: dict[str, Any] = {
    "/apis/apps": {"preferredVersion": {"groupVersion": "apps/v1"}},
    "/apis/apps/v1": {"resources": APPS},
    "/api/v1": {"resources": CORE},
}
RS = ("ReplicaSet", "web-1", "uid-rs", "apps/v1")
DEPLOYMENT = ("Deployment", "web", "uid-d", "apps/v1")


def meta(name: str, uid: str, *above: tuple[str, str, str, str], **more: Any) -> dict[str, Any]:
    references = [
        {"kind": kind, "name": owner, "uid": theirs, "apiVersion": version, "controller": not number}
        for number, (kind, owner, theirs, version) in enumerate(above)
    ]
    return {"name": name, "namespace": "shop", "uid": uid, "ownerReferences": references, **more}


class Told:
    """A reader of metadata alone."""

    def __init__(self, *objects: tuple[str, dict[str, Any]]) -> None:
        self.objects = {(plural, each["name"]): each for plural, each in objects}

    def answer(self, read: Read, *, deadline: float) -> Answer:
        if isinstance(read, GetPath) and read.path in PATHS:
            return Answer(body=msgspec.json.encode(PATHS[read.path]))
        found = self.objects.get((read.plural, read.name)) if isinstance(read, GetMetadata) else None
        if found is None:
            raise NotFound(f"There is no {read}.")
        return Answer(body=msgspec.json.encode({"metadata": found}))


def walked(*objects: tuple[str, dict[str, Any]]) -> list[owners.Owner]:
    return owners.walk(Cluster(Told(*objects)), "pods", "web-1-a", namespace="shop")  # type: ignore[arg-type]


POD = ("pods", meta("web-1-a", "uid-p", RS))


@pytest.mark.parametrize(
    ("objects", "told"),
    [
        (
            [("replicasets", meta("web-1", "uid-rs", DEPLOYMENT)), ("deployments", meta("web", "uid-d"))],
            [(0, "Pod", "there"), (1, "ReplicaSet", "there"), (2, "Deployment", "there")],
        ),
        ([], [(0, "Pod", "there"), (1, "ReplicaSet", "gone")]),
        (
            [("replicasets", meta("web-1", "uid-other", DEPLOYMENT))],
            [(0, "Pod", "there"), (1, "ReplicaSet", "another")],
        ),
        (
            [("replicasets", meta("web-1", "uid-rs", ("Rollout", "web", "u", "argoproj.io/v1alpha1")))],
            [(0, "Pod", "there"), (1, "ReplicaSet", "there"), (2, "Rollout", "not served")],
        ),
        (
            [("replicasets", meta("web-1", "uid-rs", ("Pod", "web-1-a", "uid-p", "v1")))],
            [(0, "Pod", "there"), (1, "ReplicaSet", "there")],
        ),
        (
            [("replicasets", meta("web-1", "uid-rs", ("Node", "a", "u", "v1"), DEPLOYMENT))],
            [(0, "Pod", "there"), (1, "ReplicaSet", "there"), (2, "Node", "gone"), (2, "Deployment", "gone")],
        ),
    ],
)
def test_the_walk_ends_at_the_root_or_where_nobody_is(objects: Any, told: Any) -> None:
    assert [(each.depth, each.kind, each.state) for each in walked(POD, *objects)] == told


def test_what_dangles_is_said() -> None:
    frame = views.owners(walked(POD))
    assert frame.iloc[1]["what"].startswith("dangling: ")
    assert list(frame["manages"]) == [False, True]


def test_an_object_without_namespace_is_owned_by_none_that_has_one() -> None:
    node = ("nodes", {**meta("a", "uid-n", DEPLOYMENT), "namespace": None})
    cluster = Cluster(Told(node, ("deployments", meta("web", "uid-d"))))  # type: ignore[arg-type]
    assert [each.state for each in owners.walk(cluster, "nodes", "a")] == ["there", "gone"]


LEFT = "NamespaceFinalizersRemaining: reporting.example.com/cleanup in 1 resource instances"


@pytest.mark.parametrize(
    ("kind", "finalizer", "said", "minutes", "cause"),
    [
        ("Namespace", "kubernetes", (LEFT,), 10, "reporting.example.com/cleanup"),
        ("PersistentVolumeClaim", "kubernetes.io/pvc-protection", (), 10, "no pod uses the claim"),
        ("PersistentVolume", "example.com/own", (), 10, "the controller of example.com"),
        ("Namespace", "kubernetes", (), 0, None),
    ],
)
def test_what_is_to_go_and_does_not(
    kind: str, finalizer: str, said: tuple[str, ...], minutes: int, cause: str | None
) -> None:
    since = NOW - timedelta(minutes=minutes)
    one = Held(kind=kind, name="x", namespace=None, since=since, finalizers=(finalizer,), said=said)
    found = checks.check(msgspec.structs.replace(EMPTY, held={kind: [one]}))
    assert [each.code for each in found] == (["operators/DELETION_HELD"] if cause else [])
    assert all(str(cause) in each.cause and finalizer in each.summary for each in found)
