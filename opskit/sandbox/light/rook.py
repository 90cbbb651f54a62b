"""What makes the Ceph cluster look as if Rook ran it: CRDs, custom resources, deployments, the stand-in."""

import sys
from functools import partial

from opskit.core.errors import BadAnswer
from opskit.sandbox.binaries import find
from opskit.sandbox.component import Component
from opskit.sandbox.control_plane import api
from opskit.sandbox.crds import create_if_found
from opskit.sandbox.kube import Json, KubeApi
from opskit.sandbox.kwok_config import exec_in, forward_to
from opskit.sandbox.light import ceph_files
from opskit.sandbox.light.ceph import POOL, served
from opskit.sandbox.light.options import LightOptions
from opskit.sandbox.nodes import NODES
from opskit.sandbox.processes import Command
from opskit.sandbox.rook_standin import objects
from opskit.sandbox.rook_standin.objects import NAMESPACE
from opskit.sandbox.rook_standin.operator import ceph_image
from opskit.sandbox.site import Site

STAND_IN = "rook-operator-stand-in"
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_KINDS = {
    "CephCluster": "cephclusters",
    "CephBlockPool": "cephblockpools",
    "CephFilesystem": "cephfilesystems",
    "CephObjectStore": "cephobjectstores",
}


def components(options: LightOptions) -> list[Component]:
    """Rook's part of the profile."""
    return [
        Component(
            name="rook-crds",
            welcome_crds=("rook",),
            needs=("kube-apiserver",),
            prepare=_create_crds,
            ready=_crds_are_served,
        ),
        Component(
            name="rook-objects",
            needs=("rook-crds", "ceph-files"),
            settle=partial(_create_objects, options=options),
        ),
        Component(
            name=STAND_IN,
            needs=("rook-objects", "nodes", "kwok", "kube-scheduler", "ceph-mgr.a", *served(options)),
            command=_stand_in,
            ready=partial(_all_is_reported, options=options),
            deadline=300.0,
        ),
    ]


def _stand_in(site: Site) -> Command:
    return Command(argv=(sys.executable, "-m", "opskit.sandbox.rook_standin", site.name))


def pods(site: Site) -> list[Json]:
    """Where exec and port-forward of Rook's pods lead."""
    selector = {"matchNamespaces": [NAMESPACE]}
    real = {9283: ("127.0.0.1", site.port("mgr-metrics")), 8080: ("127.0.0.1", site.port("radosgw"))}
    return [
        exec_in("rook", site, selector=selector, env={"CEPH_CONF": str(ceph_files.conf(site))}),
        forward_to("rook", selector=selector, ports=real),
    ]


def _create_crds(site: Site) -> None:
    if not create_if_found(site, "rook"):
        for kind, plural in _KINDS.items():
            api(site).create(_CRDS, minimal_crd(kind, plural))


def minimal_crd(kind: str, plural: str) -> Json:
    """A CRD in place of Rook's released one: it takes every field and checks none."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"spec": anything, "status": anything}}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
        "additionalPrinterColumns": [{"name": "Phase", "type": "string", "jsonPath": ".status.phase"}],
    }
    names = {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()}
    spec = {"group": "ceph.rook.io", "names": names, "scope": "Namespaced", "versions": [version]}
    metadata = {"name": f"{plural}.ceph.rook.io", "annotations": {objects.STAND_IN: "minimal-schema"}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": spec,
    }


def _crds_are_served(site: Site) -> bool:
    client = api(site)
    return all(client.find(f"/apis/ceph.rook.io/v1/{plural}") is not None for plural in _KINDS.values())


def _create_objects(site: Site, *, options: LightOptions) -> None:
    client = api(site, user="rook", manager="rook")
    client.create(
        "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    )
    image = ceph_image(find("ceph-mon").version)
    core, apps, rook = (
        f"{base}/namespaces/{NAMESPACE}" for base in ("/api/v1", "/apis/apps/v1", "/apis/ceph.rook.io/v1")
    )
    client.create(f"{rook}/cephclusters", _cluster(site, options, image))
    client.create(f"{rook}/cephblockpools", objects.block_pool(POOL))
    if options.mds:
        client.create(f"{rook}/cephfilesystems", objects.filesystem())
    if options.rgw:
        client.create(f"{rook}/cephobjectstores", objects.object_store())
    client.create(f"{core}/configmaps", objects.mon_endpoints(ceph_files.mon_addresses(site, options)))
    client.create(f"{core}/secrets", _mon_secret(site))
    _create_services(client, f"{core}/services", options)
    client.create(f"{apps}/deployments", objects.operator_deployment())
    client.create(f"{apps}/deployments", objects.tools_deployment(image))


def _cluster(site: Site, options: LightOptions, image: str) -> Json:
    table = ceph_files.disks(site)
    devices = {node: [disk.device for disk in table if disk.node == node] for node in NODES}
    return objects.cluster(image=image, mons=options.mons, nodes=devices)


def _mon_secret(site: Site) -> Json:
    keys = ceph_files.keys(ceph_files.ceph_folder(site) / "initial.keyring")
    return objects.mon_secret(
        fsid=ceph_files.fsid(site), admin_key=keys["client.admin"], mon_key=keys["mon."]
    )


def _create_services(client: KubeApi, path: str, options: LightOptions) -> None:
    mgr = {"app": "rook-ceph-mgr"}
    made = [
        objects.service(
            "rook-ceph-mgr", labels=mgr, selector={**mgr, "mgr_role": "active"}, ports={"http-metrics": 9283}
        )
    ]
    for mon in "abc"[: options.mons]:
        own = {"app": "rook-ceph-mon", "mon": mon}
        made.append(
            objects.service(f"rook-ceph-mon-{mon}", labels=own, selector=own, ports={"tcp-msgr2": 3300})
        )
    if options.rgw:
        own = {"app": "rook-ceph-rgw"}
        made.append(objects.service("rook-ceph-rgw-my-store", labels=own, selector=own, ports={"http": 8080}))
    for each in made:
        client.create(path, each)


def _all_is_reported(site: Site, *, options: LightOptions) -> bool:
    """Whether every deployment is available and the CephCluster tells of a healthy cluster."""
    client = api(site)
    deployments = client.items(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments")
    wanted = 2 + options.mons + 1 + options.osds + options.mds + options.rgw
    ready = sum(bool(each["status"].get("readyReplicas")) for each in deployments)
    cluster = client.get(f"/apis/ceph.rook.io/v1/namespaces/{NAMESPACE}/cephclusters/{NAMESPACE}")
    health = cluster.get("status", {}).get("ceph", {}).get("health")
    if len(deployments) > wanted:
        raise BadAnswer("There are more deployments than daemons.", where=NAMESPACE)
    return ready == wanted and health == "HEALTH_OK"
