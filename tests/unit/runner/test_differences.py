"""Two looks at a cluster, told apart in its systems' own terms; the same look twice is no difference."""

from pathlib import Path

import pytest

from opskit import systems
from opskit.core.cluster import Cluster
from opskit.runner.differences import Compared, compare

DEMO = Path(systems.__file__).parents[1] / "demo"


def compared(system: str, before: str, after: str) -> Compared:
    with (
        Cluster.open(str(DEMO / system / f"{before}.opskit")) as old,
        Cluster.open(str(DEMO / system / f"{after}.opskit")) as new,
    ):
        return compare(old, new)


def test_the_same_look_twice() -> None:
    for system in systems.NAMES:
        found = compared(system, "default", "default")
        assert (found.appeared, found.gone, found.differences, found.uncompared) == ((), (), (), ()), system


@pytest.mark.parametrize(
    ("system", "before", "told"),
    [
        ("rook", "healthy", ("rook", "osd", "4", "up", "True", "False")),
        ("certmanager", "healthy", ("certificates.cert-manager.io/v1", "shop/storefront", "appeared")),
        ("kubeadm", "healthy", ("kubeadm", "node", "w2", "ready", "True", "False")),
        ("openshift", "pool-degraded", ("openshift", "operator", "ingress", "degraded", "False", "True")),
        ("operators", "pool-degraded", ("operators", "member", "orders-1", "healthy", "True", "False")),
        ("vault", "healthy", ("vault", "node", "openbao-2", "state", "standby", "sealed")),
        ("calico", "healthy", ("calico", "BGP session", "node-a node-b", "state", "Established", "Connect")),
    ],
)
def test_what_a_system_says_of_the_fault(system: str, before: str, told: tuple[str, ...]) -> None:
    found = compared(system, before, "default")
    rows = [
        " ".join((each.system, each.about, each.name, each.what, each.before, each.after))
        for each in found.differences
    ]
    assert any(all(word in row for word in told) for row in rows), rows
    assert found.appeared


def test_an_object_that_no_system_compares_is_told_by_its_fields() -> None:
    found = compared("operators", "pool-degraded", "default").differences
    (scaled,) = [each for each in found if each.name == "mysql-operator/mysql-operator" and not each.system]
    assert (scaled.about, scaled.what, scaled.before, scaled.after) == (
        "deployments.apps/v1",
        "spec.replicas",
        "1",
        "0",
    )


def test_another_system_is_not_compared() -> None:
    with (
        Cluster.open(str(DEMO / "rook" / "healthy.opskit")) as old,
        Cluster.open(str(DEMO / "vault" / "healthy.opskit")) as new,
    ):
        found = compare(old, new)
    assert {"rook", "vault"} <= set(found.uncompared)
    assert found.differences == ()
