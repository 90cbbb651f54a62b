"""In place of OpenShift's router and of OLM: routes are admitted, approved install plans are carried out."""

from opskit.sandbox.kube import Json, KubeApi
from opskit.sandbox.nodes import timestamp

_ROUTES = "/apis/route.openshift.io/v1"
_OLM = "/apis/operators.coreos.com/v1alpha1"


def admit_routes(api: KubeApi) -> None:
    """Admit each route, the oldest of each host; a later one of another namespace is told so."""
    routes = api.items(f"{_ROUTES}/routes")
    owners: dict[tuple[str, str], Json] = {}
    for route in sorted(
        routes, key=lambda each: (each["metadata"]["creationTimestamp"], each["metadata"]["uid"])
    ):
        claim = (route["spec"].get("host", ""), route["spec"].get("path", ""))
        _admit(api, route, owners.setdefault(claim, route))


def _admit(api: KubeApi, route: Json, owner: Json) -> None:
    meta, theirs = route["metadata"], owner["metadata"]
    mine = meta["uid"] == theirs["uid"]
    condition = {"type": "Admitted", "status": "True" if mine else "False"}
    if not mine:
        condition["reason"] = "HostAlreadyClaimed"
        condition["message"] = (
            f"route {theirs['name']} already exposes {route['spec'].get('host')} and is older"
        )
    said = route.get("status", {}).get("ingress") or []
    if said and _core(said[0]["conditions"][0]) == condition:
        return
    ingress = {
        "host": route["spec"].get("host", ""),
        "routerName": "default",
        "conditions": [{**condition, "lastTransitionTime": timestamp()}],
    }
    path = f"{_ROUTES}/namespaces/{meta['namespace']}/routes/{meta['name']}"
    api.put_status(path, route, {"ingress": [ingress]})


def _core(condition: Json) -> Json:
    return {key: value for key, value in condition.items() if key != "lastTransitionTime"}


def carry_out_plans(api: KubeApi) -> None:
    """An install plan that was approved is complete, and its operators are installed."""
    for plan in api.items(f"{_OLM}/installplans"):
        status, meta = plan.get("status", {}), plan["metadata"]
        if plan["spec"].get("approved") and status.get("phase") == "RequiresApproval":
            path = f"{_OLM}/namespaces/{meta['namespace']}/installplans/{meta['name']}"
            api.put_status(path, plan, {**status, "phase": "Complete"})
