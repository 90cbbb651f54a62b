"""What can be broken in the part; each is seen by kubectl or etcdctl."""

import signal

from opskit.core.errors import OpsError, UnknownName
from opskit.sandbox.control_plane import api
from opskit.sandbox.faults import Broken, Fault
from opskit.sandbox.kube import Json, KubeApi
from opskit.sandbox.nodes import timestamp
from opskit.sandbox.platform import olm, openshift_faults
from opskit.sandbox.platform.clusters import FLAVOURS, EtcdFlavour
from opskit.sandbox.platform.databases import OPERATORS
from opskit.sandbox.platform.health import etcd_is_whole
from opskit.sandbox.platform.making import collection, create, made, set_status
from opskit.sandbox.platform.webhook import WEBHOOK, webhook_command
from opskit.sandbox.platform_standin.etcd_members import Etcd, process_name
from opskit.sandbox.platform_standin.etcd_operator import HOLDS
from opskit.sandbox.waiting import wait_until

_GADGETS_OLD = "/apis/sandbox.opskit.dev/v1alpha1/gadgets"


def _etcd_kill(sandbox: Broken, member: str = "orders-1") -> Json:
    flavour, site = _flavour(member), sandbox.site
    (site.folder(HOLDS) / member).touch()
    site.processes.signal(process_name(flavour.namespace, member), signal.SIGKILL)
    path = f"/api/v1/namespaces/{flavour.namespace}/pods/{member}"
    etcd = Etcd(site, flavour.namespace)
    wait_until(
        lambda: not etcd.healthy(member) and not _ready(api(site).get(path)),
        what=f"{member} is dead and its pod says so",
        deadline=30,
    )
    return {"member": member}


def _etcd_back(sandbox: Broken, member: str = "orders-1") -> None:
    (sandbox.site.folder(HOLDS) / member).unlink(missing_ok=True)
    flavour = _flavour(member)
    wait_until(lambda: etcd_is_whole(sandbox.site, flavour), what=f"{member} is back", deadline=60)


_EVEN, _ODD = 4, 3


def _grow_even(sandbox: Broken) -> Json:
    _size(sandbox, _EVEN)
    return {}


def _shrink_odd(sandbox: Broken) -> None:
    _size(sandbox, _ODD)


def _size(sandbox: Broken, size: int) -> None:
    flavour = FLAVOURS[0]
    path = f"{collection(flavour.api_version, 'etcdclusters', flavour.namespace)}/{flavour.name}"
    api(sandbox.site).patch(path, {"spec": {"size": size}})
    wait_until(
        lambda: etcd_is_whole(sandbox.site, flavour),
        what=f"{flavour.name} has {size} members",
        deadline=120,
    )


def _flavour(member: str) -> EtcdFlavour:
    known = {each.name: each for each in FLAVOURS}
    name = member.rpartition("-")[0]
    if name not in known:
        raise UnknownName.among("etcd member", member, [f"{each}-0" for each in known])
    return known[name]


def _ready(pod: Json) -> bool:
    return any(
        each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions", [])
    )


def _operator_stop(sandbox: Broken, operator: str = "mysql-operator") -> Json:
    if operator not in OPERATORS:
        raise UnknownName.among("operator", operator, OPERATORS)
    _scale(api(sandbox.site), operator, 0)
    if operator == "mysql-operator":
        _say(sandbox, "innodbclusters", "mysql.oracle.com/v2", "catalog", "OFFLINE")
    return {"operator": operator}


def _operator_start(sandbox: Broken, operator: str = "mysql-operator") -> None:
    _scale(api(sandbox.site), operator, 1)
    if operator == "mysql-operator":
        _say(sandbox, "innodbclusters", "mysql.oracle.com/v2", "catalog", "ONLINE")


def _scale(client: KubeApi, operator: str, replicas: int) -> None:
    path = f"{collection('apps/v1', 'deployments', OPERATORS[operator])}/{operator}"
    client.patch(path, {"spec": {"replicas": replicas}})
    wait_until(
        lambda: (client.get(path)["status"].get("availableReplicas") or 0) == replicas,
        what=f"{operator} has {replicas} replicas",
        deadline=60,
    )


def _say(sandbox: Broken, plural: str, api_version: str, name: str, phase: str) -> None:
    client = api(sandbox.site, manager="mysql-operator")
    path = f"{collection(api_version, plural, 'shop')}/{name}"
    set_status(client, path, {"cluster": {"status": phase}})


def _finalizer_stuck(sandbox: Broken) -> Json:
    client = api(sandbox.site, manager="reporting-operator")
    body = made(
        "Gadget",
        "sandbox.opskit.dev/v1",
        "leftover",
        {"power": 2},
        namespace="shop",
        finalizers=["reporting.example.com/cleanup"],
    )
    create(client, "gadgets", body, {"phase": "Active"})
    path = f"{collection('sandbox.opskit.dev/v1', 'gadgets', 'shop')}/leftover"
    client.delete(path)
    wait_until(
        lambda: bool(client.get(path)["metadata"].get("deletionTimestamp")), what="it is to go", deadline=10
    )
    return {}


def _finalizer_free(sandbox: Broken) -> None:
    client = api(sandbox.site)
    path = f"{collection('sandbox.opskit.dev/v1', 'gadgets', 'shop')}/leftover"
    if client.find(path) is not None:
        client.patch(path, {"metadata": {"finalizers": None}})


def _webhook_dead(sandbox: Broken) -> Json:
    sandbox.site.processes.stop(WEBHOOK)
    # What the server has converted already it still serves: a new state shows that it can't convert any more.
    client = api(sandbox.site)
    client.patch(f"{collection('sandbox.opskit.dev/v1', 'gadgets', 'shop')}/flux", {"spec": {"power": 3}})
    status = lambda: _status_of(api(sandbox.site), _GADGETS_OLD)  # noqa: E731
    wait_until(lambda: status() >= 500, what="reading gadgets in v1alpha1 fails", deadline=60)
    return {}


def _status_of(client: KubeApi, path: str) -> int:
    try:
        client.get(path)
    except OpsError:
        return 500
    return 200


def _webhook_back(sandbox: Broken) -> None:
    sandbox.site.processes.start(WEBHOOK, webhook_command(sandbox.site))
    wait_until(
        lambda: _status_of(api(sandbox.site), _GADGETS_OLD) == 200, what="the webhook converts", deadline=60
    )


def _csv_failed(sandbox: Broken) -> Json:
    missing = 'deployment "prometheus-operator" not available: Deployment does not have minimum availability.'
    message = f"installing: waiting for deployment prometheus-operator to become ready: {missing}"
    _csv_status(sandbox, "Failed", "ComponentUnhealthy", message)
    return {}


def _csv_status(sandbox: Broken, phase: str, reason: str, message: str) -> None:
    client = api(sandbox.site, manager="olm")
    path = f"{collection(olm.V0, 'clusterserviceversions', 'operators')}/{olm.CSV}"
    set_status(
        client,
        path,
        {"phase": phase, "reason": reason, "message": message, "lastTransitionTime": timestamp()},
    )


def _csv_mended(sandbox: Broken) -> None:
    _csv_status(sandbox, "Succeeded", "InstallSucceeded", "install strategy completed with no errors")


def _plan_waits(sandbox: Broken) -> Json:
    client = api(sandbox.site, manager="catalog-operator")
    spec = {
        "approval": "Manual",
        "approved": False,
        "clusterServiceVersionNames": ["prometheusoperator.v0.87.0"],
    }
    body = made("InstallPlan", olm.V0, "install-fghij", spec, namespace="operators")
    create(client, "installplans", body, olm.plan_status("RequiresApproval"))
    return {}


def _plan_gone(sandbox: Broken) -> None:
    api(sandbox.site).delete(f"{collection(olm.V0, 'installplans', 'operators')}/install-fghij")


def _catalog_down(sandbox: Broken) -> Json:
    _catalog(sandbox, "TRANSIENT_FAILURE")
    return {}


def _catalog_up(sandbox: Broken) -> None:
    _catalog(sandbox, "READY")


def _catalog(sandbox: Broken, state: str) -> None:
    client = api(sandbox.site, manager="catalog-operator")
    path = f"{collection(olm.V0, 'catalogsources', 'olm')}/{olm.CATALOG}"
    set_status(client, path, {"connectionState": {"lastObservedState": state}})


FAULTS = (
    Fault(
        name="etcd-member-killed",
        summary="kill -9 of a member of a real etcd, which is not started again.",
        seen="`kubectl -n shop exec orders-0 -- etcdctl endpoint health --cluster` calls it unhealthy.",
        inject=_etcd_kill,
        heal=_etcd_back,
        arguments={"member": "orders-0 … or example-0 …; orders-1 by default"},
    ),
    Fault(
        name="etcd-even",
        summary="Somebody raises a real etcd to four members, which bear no more losses than three.",
        seen="`kubectl -n shop exec orders-0 -- etcdctl member list` shows four.",
        inject=_grow_even,
        heal=_shrink_odd,
    ),
    Fault(
        name="operator-stopped",
        summary="An operator's deployment is scaled to 0.",
        seen="`kubectl get deployments -A` shows 0/0; what it looks after changes no more.",
        inject=_operator_stop,
        heal=_operator_start,
        arguments={"operator": "the deployment; mysql-operator by default"},
    ),
    Fault(
        name="finalizer-stuck",
        summary="A resource is deleted whose finalizer belongs to an operator that is gone.",
        seen="`kubectl -n shop get gadgets leftover -o yaml` has a deletionTimestamp and a finalizer.",
        inject=_finalizer_stuck,
        heal=_finalizer_free,
    ),
    Fault(
        name="conversion-webhook-dead",
        summary="The real conversion webhook of gadgets is ended.",
        seen="`kubectl get gadgets.v1alpha1.sandbox.opskit.dev -A` fails: conversion webhook … failed.",
        inject=_webhook_dead,
        heal=_webhook_back,
    ),
    Fault(
        name="csv-failed",
        summary="OLM says that an operator that it installed has failed.",
        seen="`kubectl -n operators get csv` shows Failed.",
        inject=_csv_failed,
        heal=_csv_mended,
    ),
    Fault(
        name="install-plan-waiting",
        summary="An install plan waits for a person to approve it.",
        seen="`kubectl -n operators get installplan` shows APPROVED false.",
        inject=_plan_waits,
        heal=_plan_gone,
    ),
    Fault(
        name="catalog-down",
        summary="OLM can't reach its catalogue.",
        seen="`kubectl -n olm get catalogsource -o yaml` shows TRANSIENT_FAILURE.",
        inject=_catalog_down,
        heal=_catalog_up,
    ),
    *openshift_faults.FAULTS,
)
"""All of them."""
