"""The operator's part of the stand-in: it makes what is missing and writes what is true.

While the Deployment `rook-ceph-operator` has no replica it does nothing at all.
"""

import shutil
import uuid
from pathlib import Path

import msgspec

from opskit.sandbox.files import private_folder, write_private
from opskit.sandbox.kube import Json, KubeApi
from opskit.sandbox.light import ceph_files
from opskit.sandbox.light.ceph import POOL
from opskit.sandbox.light.ceph_files import Disk
from opskit.sandbox.light.options import LightOptions
from opskit.sandbox.nodes import NODES
from opskit.sandbox.rados import Rados
from opskit.sandbox.rook_standin import objects
from opskit.sandbox.rook_standin.cephstatus import ceph_version, cluster_status, same_but_for_time
from opskit.sandbox.rook_standin.disruption import Disruption
from opskit.sandbox.rook_standin.objects import NAMESPACE
from opskit.sandbox.site import Site

_DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
_ROOK = f"/apis/ceph.rook.io/v1/namespaces/{NAMESPACE}"
_CLUSTER = f"{_ROOK}/cephclusters/{NAMESPACE}"


def ceph_image(version: str) -> str:
    """The image that the real daemons would come from."""
    return f"quay.io/ceph/ceph:v{version}"


class Operator:
    """Reconciles one Rook cluster.

    Args:
        site: the sandbox.
        api: its API server.
        rados: its Ceph cluster.
        options: of the sandbox.

    """

    def __init__(self, site: Site, api: KubeApi, rados: Rados, options: LightOptions) -> None:
        self._site = site
        self._api = api
        self._rados = rados
        self._options = options
        self._disruption = Disruption(api, rados)

    def reconcile(self) -> None:
        """One pass."""
        deployments = {each["metadata"]["name"]: each for each in self._api.items(_DEPLOYMENTS)}
        if not _is_on(deployments.get("rook-ceph-operator")):
            return
        status, versions = self._rados.mon("status"), self._rados.mon("versions")
        dump = self._rados.mon("osd dump")
        self._replace_disks(dump, deployments)
        self._make_deployments(deployments, ceph_version(versions))
        self._write_status(status, versions)
        self._disruption.reconcile(status, deployments)

    def _replace_disks(self, dump: Json, deployments: dict[str, Json]) -> None:
        """Swap the disk of an OSD that was purged and whose Deployment is gone, and make a new OSD on it."""
        known = {each["osd"]: each["uuid"] for each in dump["osds"]}
        for disk in ceph_files.disks(self._site):
            if known.get(disk.osd) != disk.uuid and f"rook-ceph-osd-{disk.osd}" not in deployments:
                self._new_osd(disk)

    def _new_osd(self, old: Disk) -> None:
        folder = ceph_files.ceph_folder(self._site)
        fresh = str(uuid.uuid4())
        number = int(self._rados.mon("osd new", uuid=fresh)["osdid"])
        disk = msgspec.structs.replace(old, osd=number, uuid=fresh)
        data = folder / f"osd-{number}"
        _empty(folder / f"osd-{old.osd}")
        _empty(data)
        key = self._rados.mon("auth get-or-create", entity=f"osd.{number}", caps=_flat(ceph_files.OSD_CAPS))
        entry = ceph_files.keyring_entry(f"osd.{number}", ceph_files.OSD_CAPS, key=key[0]["key"])
        write_private(private_folder(data) / "keyring", entry)
        ceph_files.make_osd_store(self._site, disk)
        table = [disk if each.osd == old.osd else each for each in ceph_files.disks(self._site)]
        ceph_files.write_disks(self._site, table)

    def _make_deployments(self, deployments: dict[str, Json], version: str) -> None:
        for sort, name, node in self._daemons():
            if f"rook-ceph-{sort}-{name}" not in deployments:
                self._api.create(_DEPLOYMENTS, self._deployment((sort, name, node), version))

    def _daemons(self) -> list[tuple[str, str, str]]:
        """Each daemon that should be: sort, name, node."""
        options = self._options
        mons = [("mon", mon, ceph_files.mon_node(mon)) for mon in "abc"[: options.mons]]
        osds = [("osd", str(disk.osd), disk.node) for disk in ceph_files.disks(self._site)]
        mds = [("mds", "myfs-a", NODES[1])] if options.mds else []
        rgw = [("rgw", "my-store-a", NODES[2])] if options.rgw else []
        return [*mons, ("mgr", "a", NODES[0]), *osds, *mds, *rgw]

    def _deployment(self, daemon: tuple[str, str, str], version: str) -> Json:
        sort, name, node = daemon
        labels = objects.labels(
            f"rook-ceph-{sort}", name, sort=sort, ceph_version=f"{version}-0", **_own_labels(sort, name, node)
        )
        return objects.daemon_deployment(
            f"rook-ceph-{sort}-{name}",
            daemon=f"{sort}.{name}",
            node=node,
            image=ceph_image(version),
            container=sort,
            labels=labels,
            owner=self._owner(),
        )

    def _owner(self) -> Json:
        uid = self._api.get(_CLUSTER)["metadata"]["uid"]
        return {
            "apiVersion": "ceph.rook.io/v1",
            "kind": "CephCluster",
            "name": NAMESPACE,
            "uid": uid,
            "controller": True,
            "blockOwnerDeletion": True,
        }

    def _write_status(self, status: Json, versions: Json) -> None:
        current = self._api.get(_CLUSTER)
        wanted = cluster_status(
            status,
            versions=versions,
            metadata=self._rados.mon("osd count-metadata", property="osd_objectstore"),
            old=current.get("status") or {},
            image=ceph_image(ceph_version(versions)),
            generation=current["metadata"]["generation"],
        )
        if not same_but_for_time(wanted, current.get("status") or {}):
            self._api.put_status(_CLUSTER, current, wanted)
        for path in self._others():
            other = self._api.get(path)
            if (other.get("status") or {}).get("phase") != "Ready":
                self._api.put_status(path, other, {"phase": "Ready", "observedGeneration": 1})

    def _others(self) -> list[str]:
        filesystem = [f"{_ROOK}/cephfilesystems/myfs"] if self._options.mds else []
        store = [f"{_ROOK}/cephobjectstores/my-store"] if self._options.rgw else []
        return [f"{_ROOK}/cephblockpools/{POOL}", *filesystem, *store]


def _own_labels(sort: str, name: str, node: str) -> dict[str, str]:
    if sort == "osd":
        return {
            "ceph-osd-id": name,
            "osd": name,
            "device-class": "hdd",
            "encrypted": "false",
            "failure-domain": node,
            "osd-store": "memstore",
            "portable": "false",
            "topology-location-host": node,
            "topology-location-root": "default",
        }
    own = {"mon": {"mon": name, "mon_cluster": NAMESPACE}, "mgr": {"instance": name, "mgr_role": "active"}}
    return own.get(sort) or (
        {"rook_file_system": "myfs"} if sort == "mds" else {"rook_object_store": "my-store"}
    )


def _is_on(deployment: Json | None) -> bool:
    return deployment is not None and bool((deployment.get("status") or {}).get("readyReplicas"))


def _flat(caps: dict[str, str]) -> list[str]:
    return [part for pair in caps.items() for part in pair]


def _empty(folder: Path) -> None:
    """Swap a disk: nothing of the old one is left."""
    shutil.rmtree(folder, ignore_errors=True)
