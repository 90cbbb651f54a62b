"""Whether opskit is right about an update, an owner or a CRD: what the API server itself says and does."""

import json
from collections.abc import Iterator
from contextlib import suppress

from opskit.core.errors import DeadlineExceeded, ToolFailed
from opskit.sandbox.rehearsing.admin import kubectl
from opskit.sandbox.rehearsing.scene import Scene
from opskit.sandbox.rehearsing.witness import Answers, Json, Parameters, Witness
from opskit.sandbox.rehearsing.witnesses import condition, name
from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.site import Site
from opskit.sandbox.waiting import wait_until

_ASKED = 60.0
_UPDATE = "clusterversions,clusteroperators,machineconfigpools,poddisruptionbudgets"


def update_is_told_as_it_is(answers: Answers) -> Iterator[str]:
    """Each guard says what the objects say, by OpenShift's own rules for an update."""
    told = {each["guard"]: each["answer"] for each in answers.shown.rows("guard", "answer", "why")}
    for guard, against in _guards(answers.items).items():
        wanted = "no" if against else "yes"
        if told.get(guard) != wanted:
            why = f": {', '.join(against)}" if against else ""
            yield f"opskit says {told.get(guard, 'nothing')} of {guard!r}, and it is {wanted}{why}"


def _guards(items: list[Json]) -> dict[str, list[str]]:
    """Guard → what stands against it: https://docs.redhat.com/en/documentation/openshift_container_platform/."""
    by: dict[str, list[Json]] = {}
    for each in items:
        by.setdefault(each["kind"], []).append(each)
    (version,) = by["ClusterVersion"]
    return {
        "target offered": [] if version["status"].get("availableUpdates") else ["none is offered"],
        "no update under way": [
            kind for kind in ("Progressing", "Failing") if condition(version, kind) == "True"
        ],
        "operators available": [
            name(each)
            for each in by["ClusterOperator"]
            if condition(each, "Available") != "True" or condition(each, "Degraded") == "True"
        ],
        "pools updated, unpaused": [
            name(each)
            for each in by["MachineConfigPool"]
            if each["spec"].get("paused") or condition(each, "Updated") != "True"
        ],
        "nodes drain": [
            name(each)
            for each in by.get("PodDisruptionBudget", ())
            if each["status"].get("expectedPods") and not each["status"].get("disruptionsAllowed")
        ],
    }


def _hire_a_worker(sandbox: Sandbox) -> None:
    """A StatefulSet that belongs to an EtcdCluster, and its pod: three generations."""
    root = json.loads(sandbox.kubectl("-n", "shop", "get", f"{_ETCDS}/orders", "-o", "json"))
    owner = {key: root[key] for key in ("apiVersion", "kind")}
    owner |= {key: root["metadata"][key] for key in ("name", "uid")}
    labels = {"app": _WORKER}
    wanted = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": _WORKER, "namespace": "shop", "ownerReferences": [owner]},
        "spec": {
            "serviceName": _WORKER,
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": "sandbox.opskit.dev/stand-in"}]},
            },
        },
    }
    sandbox.kubectl("apply", "-f", "-", text=json.dumps(wanted))
    sandbox.kubectl("-n", "shop", "rollout", "status", f"statefulset/{_WORKER}", "--timeout=60s", deadline=70)


def _dismiss_the_worker(sandbox: Sandbox) -> None:
    sandbox.kubectl("-n", "shop", "delete", "statefulset", _WORKER, "--ignore-not-found")


_WORKER, _ETCDS = "kept", "etcdclusters.operator.etcd.io"


def climb_and_delete(site: Site, parameters: Parameters) -> str:
    """The object and its owners as kubectl shows them, and whether it comes back once it is deleted."""
    space, resource = str(parameters["namespace"]), f"{parameters['resource']}/{parameters['name']}"
    found = _get(site, space, resource)
    chain, at = [_called(found)], found
    while owners := at["metadata"].get("ownerReferences"):
        group = owners[0]["apiVersion"].rpartition("/")[0]
        kind = f"{owners[0]['kind']}.{group}" if group else owners[0]["kind"]
        at = _get(site, space, f"{kind}/{owners[0]['name']}")
        chain.append(_called(at))
    kubectl(site, "-n", space, "delete", resource, "--wait=false")
    return json.dumps({"chain": chain, "back": _comes_back(site, space, resource, found["metadata"]["uid"])})


def _comes_back(site: Site, space: str, resource: str, uid: str) -> bool:
    def another() -> bool:
        with suppress(ToolFailed):
            return _get(site, space, resource)["metadata"]["uid"] != uid
        return False

    with suppress(DeadlineExceeded):
        wait_until(another, what="it is made anew", deadline=_ASKED, every=1.0)
        return True
    return False


def _called(found: Json) -> str:
    return f"{found['kind']} {name(found)}"


def _get(site: Site, space: str, resource: str) -> Json:
    return json.loads(kubectl(site, "-n", space, "get", resource, "-o", "json"))


def owners_are_told_as_they_are(answers: Answers) -> Iterator[str]:
    """The chain that was shown is the one that kubectl climbs, and what is said to be managed comes back."""
    rows = answers.shown.rows("depth", "object", "state", "manages")
    shown, chain = [each["object"] for each in rows], answers.json["chain"]
    if shown != chain:
        yield f"kubectl climbs {' → '.join(chain)}; opskit shows {' → '.join(shown) or 'nothing'}"
    managed = any(each["manages"] == "True" for each in rows if each["depth"] == "1")
    if managed != answers.json["back"]:
        came = "came back" if answers.json["back"] else "did not come back"
        yield f"deleted, it {came}, and opskit says that its owner {'manages' if managed else 'leaves'} it"
    yield from (f"opskit calls {each['object']} {each['state']}" for each in rows if each["state"] != "there")


SCENES = {
    "openshift/upgrade-readiness": Scene(
        profile="platform",
        fault="pool-paused",
        answer=(Witness(command=f"kubectl get {_UPDATE} -A -o json", judge=update_is_told_as_it_is),),
    ),
    "operators/who-owns": Scene(
        profile="platform",
        enter=_hire_a_worker,
        mend=_dismiss_the_worker,
        parameters={"resource": "pods", "namespace": "shop", "name": f"{_WORKER}-0"},
        answer=(
            Witness(
                command="kubectl -n {namespace} delete {resource}/{name}   # and its ownerReferences before",
                asked=climb_and_delete,
                judge=owners_are_told_as_they_are,
            ),
        ),
    ),
}
"""By runbook."""
