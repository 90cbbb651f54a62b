"""A bundle in must-gather's layout, of objects of the real API server, is judged as the live cluster is."""

from pathlib import Path

import pytest
from platform_lab import Lab

from opskit import systems
from opskit.core.cluster import Cluster
from opskit.core.errors import NotInSnapshot
from opskit.core.findings import Severity, at_or_above
from opskit.core.kinds_core import POD
from opskit.core.parts import Unread

GATHERED = {
    "config.openshift.io/clusterversions": "clusterversions",
    "config.openshift.io/clusteroperators": "clusteroperators",
    "machineconfiguration.openshift.io/machineconfigpools": "machineconfigpools",
    "core/nodes": "nodes",
    "core/namespaces": "namespaces",
}


@pytest.fixture
def bundle(lab: Lab, tmp_path: Path) -> Path:
    lab.sandbox.inject("ingress-degraded")
    root = tmp_path / "must-gather" / "quay-io-image"
    for place, resource in GATHERED.items():
        file = root / "cluster-scoped-resources" / f"{place}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(lab.sandbox.kubectl("get", resource, "-o", "yaml"))
    routes = root / "namespaces" / "storefront" / "route.openshift.io" / "routes.yaml"
    routes.parent.mkdir(parents=True)
    routes.write_text(lab.sandbox.kubectl("-n", "storefront", "get", "routes", "-o", "yaml"))
    return root.parent


def test_a_bundle_names_the_guilty_operator(bundle: Path) -> None:
    room = systems.load("openshift")
    with Cluster.open(str(bundle)) as cluster:
        facts = room.facts(cluster)
        found = at_or_above(room.checks(facts), Severity.WARNING)
        assert [(each.code, each.subject) for each in found] == [
            ("openshift/CLUSTER_OPERATOR_DEGRADED", "ClusterOperator ingress")
        ]
        assert cluster.info.uid
        assert isinstance(facts.budgets, Unread)
        with pytest.raises(NotInSnapshot, match="core/pods"):
            cluster.list(POD, namespace="storefront")
