"""The CRDs of the part: the released ones, and minimal ones where none is released or to be found."""

import base64

from opskit.sandbox.control_plane import api
from opskit.sandbox.crds import create_if_found
from opskit.sandbox.kube import Json
from opskit.sandbox.pki import Authority
from opskit.sandbox.platform.making import STAND_IN
from opskit.sandbox.platform_standin.webhook import PKI, PORT
from opskit.sandbox.site import Site

PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
PROJECTS = ("olm", "openshift", "etcd-operator", "zalando-postgres", "cloudnative-pg", "mysql")
"""Folders of released CRDs."""

GADGETS = "gadgets.sandbox.opskit.dev"

_FALLBACK = {
    "olm": (
        ("operators.coreos.com", "v1alpha1", "CatalogSource", "catalogsources", True),
        ("operators.coreos.com", "v1alpha1", "ClusterServiceVersion", "clusterserviceversions", True),
        ("operators.coreos.com", "v1alpha1", "InstallPlan", "installplans", True),
        ("operators.coreos.com", "v1alpha1", "Subscription", "subscriptions", True),
    ),
    "openshift": (
        ("config.openshift.io", "v1", "ClusterOperator", "clusteroperators", False),
        ("config.openshift.io", "v1", "ClusterVersion", "clusterversions", False),
        ("machineconfiguration.openshift.io", "v1", "MachineConfigPool", "machineconfigpools", False),
        ("route.openshift.io", "v1", "Route", "routes", True),
    ),
    "etcd-operator": (("operator.etcd.io", "v1alpha1", "EtcdCluster", "etcdclusters", True),),
    "zalando-postgres": (("acid.zalan.do", "v1", "postgresql", "postgresqls", True),),
    "cloudnative-pg": (("postgresql.cnpg.io", "v1", "Cluster", "clusters", True),),
    "mysql": (("mysql.oracle.com", "v2", "InnoDBCluster", "innodbclusters", True),),
}
"""What is made minimal where a project's released CRDs are not to be found."""

_UNRELEASED = (
    ("etcd.database.coreos.com", "v1beta2", "EtcdCluster", "etcdclusters", True),
    ("olm.operatorframework.io", "v1", "ClusterExtension", "clusterextensions", False),
    ("olm.operatorframework.io", "v1", "ClusterCatalog", "clustercatalogs", False),
)
"""CoreOS' operator made its CRD itself, without a schema; OLM v1's are not among the released files."""


def create(site: Site) -> None:
    """Create all CRDs, and the certificate of the webhook that converts gadgets."""
    client = api(site)
    wanted = [*_UNRELEASED]
    for project in PROJECTS:
        if not create_if_found(site, project):
            wanted += _FALLBACK[project]
    for group, version, kind, plural, namespaced in wanted:
        client.create(PATH, minimal(group, [version], kind, plural, namespaced=namespaced))
    _create_gadgets(site)


def served(site: Site) -> bool:
    """Whether the API server serves all of them."""
    client = api(site)
    every = (*_UNRELEASED, *(each for group in _FALLBACK.values() for each in group))
    paths = [f"/apis/{group}/{version}/{plural}" for group, version, _, plural, _ in every]
    paths.append("/apis/sandbox.opskit.dev/v1/gadgets")
    return all(client.find(path) is not None for path in paths)


def _create_gadgets(site: Site) -> None:
    """The CRD with a real conversion webhook: stored in v1, served in v1alpha1, too."""
    authority = Authority(site.folder(PKI), name="gadget webhook")
    authority.issue("webhook", subject="gadget-webhook", hosts=("localhost", "127.0.0.1"))
    crd = minimal("sandbox.opskit.dev", ["v1", "v1alpha1"], "Gadget", "gadgets", namespaced=True)
    bundle = base64.b64encode((site.folder(PKI) / "ca.crt").read_bytes()).decode()
    client = {"url": f"https://127.0.0.1:{site.port(PORT)}/convert", "caBundle": bundle}
    webhook = {"conversionReviewVersions": ["v1"], "clientConfig": client}
    crd["spec"]["conversion"] = {"strategy": "Webhook", "webhook": webhook}
    api(site).create(PATH, crd)


def minimal(group: str, versions: list[str], kind: str, plural: str, *, namespaced: bool) -> Json:
    """A CRD that takes every field and checks none; the first version is stored."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"spec": anything, "status": anything}}
    names = {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()}
    spec = {
        "group": group,
        "names": names,
        "scope": "Namespaced" if namespaced else "Cluster",
        "versions": [
            {
                "name": version,
                "served": True,
                "storage": version == versions[0],
                "schema": {"openAPIV3Schema": schema},
                "subresources": {"status": {}},
            }
            for version in versions
        ],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}", "annotations": {STAND_IN: "minimal-schema"}},
        "spec": spec,
    }
