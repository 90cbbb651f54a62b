"""CRDs of a file that are to be applied, compared with those of the cluster."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from opskit.core.cluster import Cluster
from opskit.core.errors import BadValue, NotFound
from opskit.core.findings import Data
from opskit.systems.operators.crd_upgrade import Difference, crd_upgrade
from opskit.systems.operators.kinds import CRD


class Candidate(Data, frozen=True):
    """One CRD that is to be applied."""

    crd: str
    installed: bool
    differences: tuple[Difference, ...] = ()


def compare(cluster: Cluster, file: str) -> list[Candidate]:
    """Each CRD of a file, against the one of that name in the cluster.

    Args:
        cluster: live or a snapshot.
        file: a YAML file of one or more CRDs, or a folder of such files; other objects in it are passed over.

    Raises:
        BadValue: it can't be read, or holds no CRD.
        ReadError: the cluster does not answer.

    """
    return [_compare(cluster, each) for each in crds_of(file)]


def crds_of(file: str) -> list[dict[str, Any]]:
    """The CRDs of a YAML file, or of a folder of them.

    Raises:
        BadValue: it can't be read, or holds no CRD.

    """
    path = Path(file).expanduser()
    files = sorted(path.glob("*.y*ml")) if path.is_dir() else [path]
    found = [
        each for one in files for each in _documents(one) if each.get("kind") == "CustomResourceDefinition"
    ]
    if not found:
        raise BadValue(
            "There is no CustomResourceDefinition in it.",
            where=str(path),
            hint="name the file that holds the new CRDs",
        )
    return found


def _documents(path: Path) -> Iterator[dict[str, Any]]:
    try:
        every: list[Any] = list(YAML(typ="safe", pure=False).load_all(path.read_text()))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise BadValue(
            f"It can't be read as YAML: {error}.", where=str(path), hint="check the path"
        ) from error
    for each in every:
        if isinstance(each, dict):
            document = cast("dict[str, Any]", each)
            yield from document.get("items") or [] if document.get("kind") == "List" else [document]


def _compare(cluster: Cluster, new: dict[str, Any]) -> Candidate:
    name = str(new.get("metadata", {}).get("name", ""))
    try:
        old = cluster.raw(CRD, name)
    except NotFound:
        return Candidate(crd=name, installed=False)
    return Candidate(crd=name, installed=True, differences=tuple(crd_upgrade(old, new)))
