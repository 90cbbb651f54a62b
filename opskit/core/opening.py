"""From a name to a cluster: a snapshot, a must-gather, one of `opskit.toml`, or a kubeconfig context."""

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from opskit.core import demo
from opskit.core.cluster import Cluster
from opskit.core.errors import DeadlineExceeded, UnknownName, Unreachable, WrongCluster
from opskit.core.snapshot_format import SUFFIX


def open_cluster(
    name: str, *, system: str = "", expect_uid: str | None = None, unanswered: bool = False
) -> Cluster:
    """Open a cluster by name; see `Cluster.open`."""
    cluster = _opened(name, system)
    try:
        for expected in (_configured_uid(name), expect_uid):
            _check_uid(cluster, name, expected)
    except (Unreachable, DeadlineExceeded):
        if not unanswered or expect_uid is not None:
            cluster.close()
            raise
    except BaseException:
        cluster.close()
        raise
    return cluster


def cluster_names() -> list[str]:
    """All names that `Cluster.open` knows: demo states, clusters of `opskit.toml`, contexts.

    Raises:
        ConfigError: opskit.toml or the kubeconfig can't be used.

    """
    from opskit.core.config import load
    from opskit.core.live_config import contexts

    return list(dict.fromkeys([*demo.names(), *load().clusters, *contexts()]))


def _opened(name: str, system: str) -> Cluster:
    if parts := demo.parts(name):
        path = parts.get(system) or next(iter(parts.values()))
        return _snapshot(path, name=name, parts=parts)
    if path := _snapshot_path(name):
        return _snapshot(path)
    if path := _bundle_path(name):
        from opskit.core.must_gather import MustGatherReader

        return Cluster(MustGatherReader(path, name=name))
    return _live(name)


def _snapshot(path: Path, *, name: str | None = None, parts: Mapping[str, Path] | None = None) -> Cluster:
    from opskit.core.snapshot import SnapshotReader

    reader = SnapshotReader(path, name=name)
    others = {
        system: partial(_snapshot, part, name=name) for system, part in (parts or {}).items() if part != path
    }
    return Cluster(reader, settings=reader.manifest.settings, parts=others)


def _live(name: str) -> Cluster:
    from opskit.core import config
    from opskit.core.live import LiveReader
    from opskit.core.live_api import ApiServer
    from opskit.core.live_config import credentials

    found = config.load().clusters.get(name)
    if found is None and name not in cluster_names():
        raise UnknownName.among("cluster", name, cluster_names(), where=_looked_in())
    wanted = found or config.ClusterConfig()
    source = credentials(wanted.context or name, kubeconfig=wanted.kubeconfig or None)
    reader = LiveReader(ApiServer(source), name=name, servers=wanted.servers, nodes=wanted.nodes)
    return Cluster(reader, settings=wanted.settings())


def _configured_uid(name: str) -> str | None:
    """The UID that opskit.toml says the cluster of that name has; None where it says none."""
    from opskit.core.config import load

    if demo.parts(name) or _snapshot_path(name) or _bundle_path(name):
        return None
    found = load().clusters.get(name)
    return (found.uid or None) if found else None


def _looked_in() -> str:
    from opskit.core.config import FILE, find
    from opskit.core.live_config import default_kubeconfig

    return f"{find() or f'no {FILE}'}, kubeconfig {default_kubeconfig()}, snapshots of opskit"


def _snapshot_path(name: str) -> Path | None:
    looks_like_one = name.endswith(SUFFIX) or os.sep in name
    path = Path(name).expanduser()
    return path if looks_like_one and path.is_file() else None


def _bundle_path(name: str) -> Path | None:
    """A must-gather bundle is a folder; a bare name is never taken for one."""
    path = Path(name).expanduser()
    return path if os.sep in name and path.is_dir() else None


def _check_uid(cluster: Cluster, name: str, expected: str | None) -> None:
    found = cluster.info
    if expected is not None and found.uid != expected:
        raise WrongCluster(
            f"{name!r} leads to the cluster with UID {found.uid or '(unreadable)'}, not to {expected}.",
            where=found.server,
            hint="check the context of your kubeconfig; a plan is only good for the cluster it was made for",
        )
