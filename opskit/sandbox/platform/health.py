"""Whether the part is well, asked of kubectl and etcdctl."""

from collections.abc import Iterator

import msgspec

from opskit.core.errors import OpsError
from opskit.sandbox.control_plane import api
from opskit.sandbox.faults import Broken
from opskit.sandbox.kube import Json
from opskit.sandbox.platform.clusters import FLAVOURS, EtcdFlavour
from opskit.sandbox.platform_standin.etcd_members import Etcd
from opskit.sandbox.site import Site


def ailments(sandbox: Broken) -> list[str]:
    """What is wrong, in words; nothing when all is well."""
    try:
        return [
            *(said for flavour in FLAVOURS for said in _etcd(sandbox.site, flavour)),
            *_objects(sandbox.site),
        ]
    except OpsError as error:
        return [str(error)]


def etcd_is_whole(site: Site, flavour: EtcdFlavour) -> bool:
    """Whether all wanted members vote and answer."""
    return not list(_etcd(site, flavour))


def _etcd(site: Site, flavour: EtcdFlavour) -> Iterator[str]:
    path = f"/apis/{flavour.api_version}/namespaces/{flavour.namespace}/etcdclusters/{flavour.name}"
    wanted = int(api(site).get(path)["spec"]["size"])
    names = [f"{flavour.name}-{number}" for number in range(wanted)]
    etcd = Etcd(site, flavour.namespace)
    members = etcd.members([name for name in names if etcd.alive(name)] or names)
    if len(members) != wanted or any(each.learner for each in members):
        yield f"etcd {flavour.name} has {len(members)} members, not {wanted} that vote"
    answers = msgspec.json.decode(etcd.ask(names, "endpoint", "health"), type=list[Json])
    yield from (f"{each['endpoint']} is not healthy" for each in answers if not each["health"])


def _objects(site: Site) -> Iterator[str]:
    client = api(site)
    for each in client.items("/apis/apps/v1/deployments"):
        if not each["status"].get("availableReplicas"):
            yield f"deployment {each['metadata']['name']} is not available"
    for each in client.items("/apis/config.openshift.io/v1/clusteroperators"):
        if _says(each, "Degraded") or not _says(each, "Available"):
            yield f"cluster operator {each['metadata']['name']} is not well"
    for each in client.items("/apis/route.openshift.io/v1/routes"):
        if not any(
            one["conditions"][0]["status"] == "True" for one in each.get("status", {}).get("ingress") or []
        ):
            yield f"route {each['metadata']['name']} is not admitted"


def _says(found: Json, kind: str) -> bool:
    return any(
        one["type"] == kind and one["status"] == "True"
        for one in found.get("status", {}).get("conditions", [])
    )
