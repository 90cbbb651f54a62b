"""In place of an etcd operator: makes a real etcd have the members that its EtcdCluster asks for."""

from opskit.core.errors import ToolFailed
from opskit.sandbox.kube import Json, KubeApi, covers
from opskit.sandbox.kubelet.podstatus import Container, pod_status
from opskit.sandbox.kwok_config import DAEMON
from opskit.sandbox.nodes import NODES, timestamp
from opskit.sandbox.platform.clusters import EtcdFlavour
from opskit.sandbox.platform_standin.etcd_members import ADDRESS, Etcd, Listed, peer_url
from opskit.sandbox.site import Site

HOLDS = "platform-holds"
"""The folder of members that a fault keeps from being started: one file each."""


class EtcdOperator:
    """Reconciles all EtcdClusters of one API group.

    Args:
        site: the sandbox.
        api: as the operator.
        flavour: the group, and how its operator names things.

    """

    def __init__(self, site: Site, api: KubeApi, flavour: EtcdFlavour) -> None:
        self._site = site
        self._api = api
        self._flavour = flavour
        self._containers: dict[str, Container] = {}

    def reconcile(self) -> None:
        """One pass over all its resources."""
        running = self._runs()
        for resource in self._api.items(f"/apis/{self._flavour.api_version}/etcdclusters"):
            self._run_members(resource)
            if running and not resource["metadata"].get("deletionTimestamp"):
                self._reconcile(resource)

    def _runs(self) -> bool:
        """Whether the operator's deployment wants a replica: scaled to 0, nothing is reconciled."""
        path = f"/apis/apps/v1/namespaces/{self._flavour.operator_namespace}/deployments"
        found = self._api.find(f"{path}/{self._flavour.operator}")
        return found is not None and bool(found["spec"].get("replicas"))

    def _pods(self, resource: Json) -> list[Json]:
        meta = resource["metadata"]
        selector = ",".join(f"{key}={value}" for key, value in self._flavour.labels(meta["name"]).items())
        path = f"/api/v1/namespaces/{meta['namespace']}/pods?labelSelector={selector.replace('=', '%3D')}"
        found = self._api.get(path).get("items") or []
        return sorted(found, key=lambda pod: _ordinal(pod["metadata"]["name"]))

    def _run_members(self, resource: Json) -> None:
        """Behind each pod runs its member, unless a fault holds it; the pod tells its true state."""
        etcd, pods = Etcd(self._site, resource["metadata"]["namespace"]), self._pods(resource)
        names = [pod["metadata"]["name"] for pod in pods]
        for pod in pods:
            name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
            container = self._containers.setdefault(uid, Container(uid=uid))
            alive = etcd.alive(name)
            if not alive and not (self._site.folder(HOLDS) / name).exists():
                etcd.stop(name)
                etcd.start(name, peers=names, new=len(pods) == 1, version=_image(pod).rpartition(":v")[2])
                container.begins(now=0.0)
                alive = True
            elif alive and not container.started:
                container.begins(now=0.0)
            container.running = alive
            self._report(pod, container, running=alive, ready=alive and etcd.healthy(name))

    def _report(self, pod: Json, container: Container, *, running: bool, ready: bool) -> None:
        wanted = pod_status(pod, container, running=running, ready=ready, address=ADDRESS)
        if not covers(pod.get("status", {}), wanted):
            meta = pod["metadata"]
            path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/status"
            self._api.patch(path, {"status": wanted})

    def _reconcile(self, resource: Json) -> None:
        etcd, pods = Etcd(self._site, resource["metadata"]["namespace"]), self._pods(resource)
        if not pods:
            self._add_pod(resource, 0)
            return
        names = [pod["metadata"]["name"] for pod in pods]
        try:
            members = etcd.members([name for name in names if etcd.alive(name)] or names)
        except ToolFailed as error:
            self._tell(resource, names, [], fault=str(error.what))
            return
        ill = [name for name in names if not etcd.healthy(name)]
        old = [pod for pod in pods if _image(pod) != _wanted_image(resource)]
        fault = f"{', '.join(ill)} is not healthy" if ill else ""
        self._tell(resource, names, members, fault=fault, rolling=bool(old))
        if not ill:
            self._step(resource, etcd, names, members, old)

    def _step(
        self, resource: Json, etcd: Etcd, names: list[str], members: list[Listed], old: list[Json]
    ) -> None:
        """One change at a time: promote, add, remove or upgrade a member."""
        wanted, learner = (
            int(resource["spec"]["size"]),
            next((each for each in members if each.learner), None),
        )
        if learner is not None:
            etcd.ask(names, "member", "promote", f"{learner.id:x}")
        elif len(members) < wanted:
            name = f"{resource['metadata']['name']}-{len(members)}"
            self._add_member(etcd, names, name)
            self._add_pod(resource, len(members))
        elif len(members) > wanted:
            last = max(members, key=lambda each: _ordinal(each.name))
            etcd.ask([name for name in names if name != last.name], "member", "remove", f"{last.id:x}")
            self._drop(resource, etcd, last.name)
        elif old:
            self._upgrade(resource, etcd, old[0]["metadata"]["name"])

    def _upgrade(self, resource: Json, etcd: Etcd, name: str) -> None:
        """Another pod runs the member, with the image that is wanted and the data that is there."""
        self._api.delete(f"/api/v1/namespaces/{resource['metadata']['namespace']}/pods/{name}", grace=0)
        etcd.stop(name)
        self._add_pod(resource, _ordinal(name))

    def _add_member(self, etcd: Etcd, names: list[str], name: str) -> None:
        etcd.erase(name)
        peer = peer_url(self._site, etcd.namespace, name)
        etcd.ask(names, "member", "add", name, "--learner", f"--peer-urls={peer}")

    def _drop(self, resource: Json, etcd: Etcd, name: str) -> None:
        path = f"/api/v1/namespaces/{resource['metadata']['namespace']}/pods/{name}"
        self._api.delete(path, grace=0)
        etcd.stop(name)
        etcd.erase(name)

    def _add_pod(self, resource: Json, ordinal: int) -> None:
        meta = resource["metadata"]
        name = f"{meta['name']}-{ordinal}"
        owner = {
            "apiVersion": self._flavour.api_version,
            "kind": "EtcdCluster",
            "name": meta["name"],
            "uid": meta["uid"],
            "controller": True,
        }
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name,
                "labels": self._flavour.labels(meta["name"]),
                "annotations": {DAEMON: f"etcd.{name}"},
                "ownerReferences": [owner],
            },
            "spec": {
                "nodeName": NODES[ordinal % len(NODES)],
                "containers": [{"name": "etcd", "image": _wanted_image(resource)}],
            },
        }
        self._api.create(f"/api/v1/namespaces/{meta['namespace']}/pods", pod)

    def _tell(
        self, resource: Json, names: list[str], members: list[Listed], *, fault: str, rolling: bool = False
    ) -> None:
        wanted, version = int(resource["spec"]["size"]), resource["spec"].get("version", "")
        growing = bool(members) and (len(members) != wanted or any(each.learner for each in members))
        busy = growing or rolling
        status = self._flavour.status(names, members, version=version, fault=fault, busy=busy)
        meta = resource["metadata"]
        path = f"/apis/{self._flavour.api_version}/namespaces/{meta['namespace']}/etcdclusters/{meta['name']}"
        old = resource.get("status", {})
        for each in status.get("conditions", []):
            same = [one for one in old.get("conditions", []) if one["type"] == each["type"]]
            kept = same[0] if same and same[0]["status"] == each["status"] else None
            each["lastTransitionTime"] = kept["lastTransitionTime"] if kept else timestamp()
            each["observedGeneration"] = meta["generation"]
        if not covers(old, status):
            self._api.put_status(path, resource, status)


def _wanted_image(resource: Json) -> str:
    return f"quay.io/coreos/etcd:v{resource['spec'].get('version', '').removeprefix('v')}"


def _image(pod: Json) -> str:
    return pod["spec"]["containers"][0]["image"]


def _ordinal(name: str) -> int:
    tail = name.rpartition("-")[2]
    return int(tail) if tail.isdecimal() else 0
