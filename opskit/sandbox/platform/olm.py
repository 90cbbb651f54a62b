"""OLM's objects, with the statuses that its operators write: v0 and v1."""

from opskit.sandbox.control_plane import api
from opskit.sandbox.kube import Json
from opskit.sandbox.nodes import timestamp
from opskit.sandbox.platform.making import condition, create, made, namespace
from opskit.sandbox.site import Site

V0 = "operators.coreos.com/v1alpha1"
V1 = "olm.operatorframework.io/v1"
CATALOG = "operatorhubio-catalog"
CSV = "prometheusoperator.v0.86.0"


def populate(site: Site) -> None:
    """Create a catalogue, an operator that is installed from it, and the same in v1."""
    client = api(site, manager="catalog-operator")
    for name in ("olm", "operators"):
        namespace(client, name)
    connection = {
        "address": "operatorhubio-catalog.olm.svc:50051",
        "lastObservedState": "READY",
        "lastConnect": timestamp(),
    }
    source = {
        "sourceType": "grpc",
        "image": "quay.io/operatorhubio/catalog:latest",
        "displayName": "Community",
    }
    create(
        client,
        "catalogsources",
        made("CatalogSource", V0, CATALOG, source, namespace="olm"),
        {"connectionState": connection},
    )
    plan = {"approval": "Automatic", "approved": True, "clusterServiceVersionNames": [CSV]}
    create(
        client,
        "installplans",
        made("InstallPlan", V0, "install-abcde", plan, namespace="operators"),
        plan_status("Complete"),
    )
    wish = {"name": "prometheus", "source": CATALOG, "sourceNamespace": "olm", "channel": "beta"}
    create(
        client,
        "subscriptions",
        made("Subscription", V0, "prometheus", wish, namespace="operators"),
        {
            "state": "AtLatestKnown",
            "currentCSV": CSV,
            "installedCSV": CSV,
            "lastUpdated": timestamp(),
            "conditions": [condition("CatalogSourcesUnhealthy", "False", "AllCatalogSourcesHealthy")],
        },
    )
    create(
        client,
        "clusterserviceversions",
        csv(CSV),
        {
            "phase": "Succeeded",
            "reason": "InstallSucceeded",
            "message": "install strategy completed with no errors",
            "lastTransitionTime": timestamp(),
        },
    )
    _v1(site)


def plan_status(phase: str) -> Json:
    """The status of an install plan."""
    return {"phase": phase, "catalogSources": [CATALOG]}


def csv(name: str) -> Json:
    """A ClusterServiceVersion with one deployment."""
    labels = {"app": "prometheus-operator"}
    pod = {"containers": [{"name": "manager", "image": "sandbox.opskit.dev/stand-in"}]}
    template = {"metadata": {"labels": labels}, "spec": pod}
    deployment = {
        "name": "prometheus-operator",
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }
    spec = {
        "displayName": "Prometheus Operator",
        "version": name.partition(".v")[2],
        "installModes": [{"type": "AllNamespaces", "supported": True}],
        "install": {"strategy": "deployment", "spec": {"deployments": [deployment]}},
    }
    return made("ClusterServiceVersion", V0, name, spec, namespace="operators")


def _v1(site: Site) -> None:
    client = api(site, manager="operator-controller")
    catalog = made("ClusterCatalog", V1, "operatorhubio", {"source": {"type": "Image"}})
    serving = [condition("Serving", "True", "Available"), condition("Progressing", "True", "Succeeded")]
    create(client, "clustercatalogs", catalog, {"conditions": serving})
    extension = made("ClusterExtension", V1, "argocd", {"namespace": "argocd"})
    installed = [
        condition("Installed", "True", "Succeeded", "Installed bundle argocd-operator.v0.15.0 successfully"),
        condition("Progressing", "True", "Succeeded"),
        condition("Deprecated", "False", "NotDeprecated"),
    ]
    create(client, "clusterextensions", extension, {"conditions": installed})
