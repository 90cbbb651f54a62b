"""Operators and their resources: etcd in both API groups, PostgreSQL, MySQL, and gadgets."""

from opskit.sandbox.control_plane import api
from opskit.sandbox.kube import Json, KubeApi
from opskit.sandbox.pins import versions
from opskit.sandbox.platform.clusters import FLAVOURS
from opskit.sandbox.platform.making import condition, create, deployment, made, namespace
from opskit.sandbox.site import Site

OPERATORS = {
    **{each.operator: each.operator_namespace for each in FLAVOURS},
    "cnpg-controller-manager": "cnpg-system",
    "mysql-operator": "mysql-operator",
    "postgres-operator": "postgres-operator",
}
"""Deployment of an operator → its namespace. Each is a stand-in."""


def populate(site: Site) -> None:
    """Create operators, custom resources and their pods."""
    client = api(site)
    for name in dict.fromkeys((*OPERATORS.values(), "shop", "legacy")):
        namespace(client, name)
    for name, place in OPERATORS.items():
        deployment(client, name, place)
    version = versions()["etcd"]
    for flavour in FLAVOURS:
        wanted = version if flavour.old else f"v{version}"
        spec = {"size": 3, "version": wanted}
        create(
            client,
            "etcdclusters",
            made("EtcdCluster", flavour.api_version, flavour.name, spec, namespace=flavour.namespace),
        )
    _postgres(site)
    _mysql(site)
    create(client, "gadgets", made("Gadget", "sandbox.opskit.dev/v1", "flux", {"power": 1}, namespace="shop"))


def _postgres(site: Site) -> None:
    cnpg = made(
        "Cluster",
        "postgresql.cnpg.io/v1",
        "users",
        {"instances": 3, "storage": {"size": "1Gi"}},
        namespace="shop",
    )
    ready = condition("Ready", "True", "ClusterIsReady", "Cluster is Ready")
    status = {
        "phase": "Cluster in healthy state",
        "instances": 3,
        "readyInstances": 3,
        "currentPrimary": "users-1",
        "conditions": [ready],
    }
    create(api(site, manager="cnpg-controller-manager"), "clusters", cnpg, status)
    for number in (1, 2, 3):
        role = "primary" if number == 1 else "replica"
        labels = {"cnpg.io/cluster": "users", "cnpg.io/podRole": "instance", "cnpg.io/instanceRole": role}
        _pod(api(site), f"users-{number}", labels, "postgres")
    zalando = made(
        "postgresql",
        "acid.zalan.do/v1",
        "acid-ledger",
        {
            "teamId": "acid",
            "numberOfInstances": 3,
            "volume": {"size": "1Gi"},
            "postgresql": {"version": "17"},
        },
        namespace="shop",
    )
    create(
        api(site, manager="postgres-operator"), "postgresqls", zalando, {"PostgresClusterStatus": "Running"}
    )
    for number in (0, 1, 2):
        role = "master" if number == 0 else "replica"
        labels = {"application": "spilo", "cluster-name": "acid-ledger", "spilo-role": role}
        _pod(api(site), f"acid-ledger-{number}", labels, "postgres")


def _mysql(site: Site) -> None:
    spec = {
        "instances": 3,
        "secretName": "catalog-root",
        "tlsUseSelfSigned": True,
        "router": {"instances": 1},
    }
    body = made("InnoDBCluster", "mysql.oracle.com/v2", "catalog", spec, namespace="shop")
    status = {"cluster": {"status": "ONLINE", "onlineInstances": 3}}
    create(api(site, manager="mysql-operator"), "innodbclusters", body, status)
    for number in (0, 1, 2):
        role = "PRIMARY" if number == 0 else "SECONDARY"
        labels = {
            "component": "mysqld",
            "mysql.oracle.com/cluster": "catalog",
            "mysql.oracle.com/cluster-role": role,
        }
        _pod(api(site), f"catalog-{number}", labels, "mysql")


def _pod(client: KubeApi, name: str, labels: Json, image: str) -> None:
    """A pod of a database that is not there: kwok calls it ready."""
    spec = {"containers": [{"name": image, "image": "sandbox.opskit.dev/stand-in"}]}
    client.create(
        "/api/v1/namespaces/shop/pods", made("Pod", "v1", name, spec, namespace="shop", labels=labels)
    )
