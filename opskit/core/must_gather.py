"""A must-gather bundle, read as a snapshot: what it lacks is an error that names it, never an empty list.

The layout is that of `oc adm must-gather` and `oc adm inspect`
(https://github.com/openshift/must-gather): `cluster-scoped-resources/<group>/<plural>…` and
`namespaces/<namespace>/<group>/<plural>…`, a file a resource or a file an object; the core group is `core`.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from opskit.core.errors import NotFound, NotInSnapshot, NotInstalled, SnapshotDamaged
from opskit.core.reads import (
    Answer,
    Answers,
    ClusterInfo,
    GetObject,
    ListObjects,
    Place,
    Read,
    RunTool,
    Session,
)
from opskit.core.snapshot import describe

CLUSTER, NAMESPACES = "cluster-scoped-resources", "namespaces"
Json = dict[str, Any]


def root_of(path: Path) -> Path | None:
    """The folder of a bundle that holds its resources: itself, or the image's below it."""
    candidates = [path, *sorted(each for each in path.glob("*") if each.is_dir())] if path.is_dir() else []
    return next(
        (each for each in candidates if (each / CLUSTER).is_dir() or (each / NAMESPACES).is_dir()), None
    )


class MustGatherReader:
    """Answers from a must-gather bundle.

    Args:
        path: the bundle's folder.
        name: what the user calls it.

    Raises:
        SnapshotDamaged: it is no bundle.

    """

    def __init__(self, path: Path, *, name: str) -> None:
        root = root_of(path)
        if root is None:
            raise SnapshotDamaged(
                f"This folder is no must-gather bundle: neither {CLUSTER} nor {NAMESPACES} is in it.",
                where=str(path),
                hint="name the folder that `oc adm must-gather` made; unpack a .tar.gz first",
            )
        self.root = root
        self._name = name
        self._taken = _taken(root, path)

    def info(self) -> ClusterInfo:
        """What was gathered: the UID of kube-system, and the version of a node's kubelet."""
        space = next(iter(self._objects("", "namespaces", None, name="kube-system")), {})
        node = next(iter(self._objects("", "nodes", None)), {})
        version = node.get("status", {}).get("nodeInfo", {}).get("kubeletVersion", "")
        uid = space.get("metadata", {}).get("uid", "")
        return ClusterInfo(
            name=self._name, server=str(self.root), uid=uid, version=version, live=False, taken=self._taken
        )

    def now(self) -> datetime:
        """When it was gathered."""
        return self._taken

    def close(self) -> None:
        """Nothing to close."""

    def pages(self, read: ListObjects, *, deadline: float) -> Iterator[bytes]:  # noqa: ARG002 - no waiting here
        """The gathered objects, as one page."""
        files = self._files(read.group, read.plural, read.namespace)
        if not files:
            raise self._missing(read)
        found = [each for file in files for each in _objects(file)]
        yield msgspec.json.encode({"items": found}, enc_hook=str)

    def answer(self, read: Read, *, deadline: float) -> Answer:  # noqa: ARG002 - no waiting here
        """One gathered object."""
        if isinstance(read, GetObject):
            return Answer(body=msgspec.json.encode(self._object(read), enc_hook=str))
        raise self._missing(read)

    def answers(
        self,
        reads: Sequence[RunTool],
        session: Session,  # noqa: ARG002
        *,
        place: Place,  # noqa: ARG002
        deadline: float,  # noqa: ARG002
    ) -> Answers:
        """Nothing: a bundle holds no answers of tools."""
        return [None] * len(reads)

    def _object(self, read: GetObject) -> Json:
        found = self._objects(read.group, read.plural, read.namespace, name=read.name)
        if found:
            return found[0]
        if not self._files(read.group, read.plural, read.namespace):
            raise self._missing(read)
        raise NotFound(
            f"There is no {read.plural} {read.name!r} in the bundle.",
            where=str(self.root),
            hint="list what is there, and check the name and the namespace",
        )

    def _objects(self, group: str, plural: str, namespace: str | None, *, name: str = "") -> list[Json]:
        every = (each for file in self._files(group, plural, namespace) for each in _objects(file))
        return [each for each in every if name in ("", each.get("metadata", {}).get("name"))]

    def _files(self, group: str, plural: str, namespace: str | None) -> list[Path]:
        """The files that hold a resource, in the order of their paths."""
        places = (f"{group or 'core'}/{plural}.yaml", f"{group or 'core'}/{plural}/*.yaml")
        spaces = f"{NAMESPACES}/{namespace or '*'}"
        below = [CLUSTER, spaces] if namespace is None else [spaces]
        patterns = [f"{where}/{place}" for where in below for place in places]
        if (group, plural) == ("", "pods"):
            patterns.append(f"{spaces}/pods/*/*.yaml")
        if (group, plural, namespace) == ("", "namespaces", None):
            patterns.append(f"{NAMESPACES}/*/*.yaml")
        found = [file for pattern in patterns for file in sorted(self.root.glob(pattern))]
        return list({file.name + str(file.parent): file for file in found}.values())

    def _missing(self, read: Read) -> NotInSnapshot | NotInstalled:
        if isinstance(read, ListObjects | GetObject) and self._not_served(read):
            return NotInstalled(
                f"The cluster did not serve {read.plural}.{read.group}: its CRD was not gathered.",
                where=str(self.root),
            )
        looked = (
            self._looked(read) if isinstance(read, ListObjects | GetObject) else "no such answer is gathered"
        )
        return NotInSnapshot(
            f"The must-gather bundle does not hold {describe(read)} ({looked}). "
            "This says nothing about the cluster.",
            where=str(self.root),
            hint="gather it with `oc adm inspect`, into the same folder, or open the live cluster",
        )

    def _looked(self, read: ListObjects | GetObject) -> str:
        where = f"{NAMESPACES}/{read.namespace}" if read.namespace else f"{CLUSTER} or {NAMESPACES}/*"
        return f"looked for {where}/{read.group or 'core'}/{read.plural}"

    def _not_served(self, read: ListObjects | GetObject) -> bool:
        """Whether the CRDs were gathered, and this resource's is not among them."""
        crds = self._objects("apiextensions.k8s.io", "customresourcedefinitions", None)
        names = {each.get("metadata", {}).get("name") for each in crds}
        own = not read.group or read.group.endswith(".k8s.io") or "." not in read.group
        return bool(crds) and not own and f"{read.plural}.{read.group}" not in names


def _objects(file: Path) -> list[Json]:
    try:
        loaded: Any = YAML(typ="safe", pure=False).load(file.read_text())
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise SnapshotDamaged(
            f"A file of the must-gather bundle can't be read: {error}.",
            where=str(file),
            hint="copy the bundle again from its source",
        ) from error
    if not isinstance(loaded, dict):
        return []
    found = cast("Json", loaded)
    return list(found.get("items") or []) if str(found.get("kind", "")).endswith("List") else [found]


def _taken(root: Path, path: Path) -> datetime:
    """When it was gathered: the last time of the file `timestamp`, else that of the folder."""
    for file in (root / "timestamp", path / "timestamp"):
        if file.is_file():
            for line in reversed(file.read_text(errors="replace").splitlines()):
                try:
                    return datetime.fromisoformat(line[:19]).replace(tzinfo=UTC)
                except ValueError:
                    continue
    return datetime.fromtimestamp(root.stat().st_mtime, tz=UTC)
