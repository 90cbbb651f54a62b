"""The mesh for real: its split, its mTLS, and each fault named first, with istiod and Envoys as witnesses."""

import pytest

from opskit.core.cluster import Cluster
from opskit.core.findings import Severity
from opskit.sandbox import Sandbox
from opskit.sandbox.mesh import proxies
from opskit.sandbox.rehearsing.named import NAMED
from opskit.sandbox.waiting import wait_until
from opskit.systems.istio import checks, facts

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]

CODES = {fault: code.removeprefix("istio/") for fault, code in NAMED["mesh"].items()}


def told(mesh: Sandbox, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("KUBECONFIG", str(mesh.kubeconfig))
    with Cluster.open(mesh.context) as cluster:
        found = checks.check(facts.read(cluster))
    return [each.code.removeprefix("istio/") for each in found if each.severity >= Severity.WARNING]


RENEWED = ("proxy-certificate-expired", "wrong-ca")
"""Their end waits until istiod has signed anew."""


@pytest.mark.parametrize(
    "fault", [pytest.param(each, marks=[pytest.mark.proof] if each in RENEWED else []) for each in CODES]
)
def test_a_fault_is_named_first_and_a_healthy_mesh_has_none(
    fault: str, mesh: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_until(lambda: not told(mesh, monkeypatch), what="nothing is wrong", deadline=240.0, every=2.0)
    mesh.inject(fault)
    try:
        wait_until(
            lambda: told(mesh, monkeypatch)[:1] == [CODES[fault]],
            what=f"{CODES[fault]} is named first",
            deadline=60.0,
            every=2.0,
        )
    finally:
        mesh.heal()


def test_plain_text_is_refused_under_strict(mesh: Sandbox) -> None:
    before = proxies.counted(mesh.site, proxies.BATCH_LOAD)
    assert before.get("200", 0) > 0, "permissive: the client without a sidecar is answered"
    mesh.inject("strict-plaintext")
    try:
        wait_until(
            lambda: sum(proxies.counted(mesh.site, proxies.BATCH_LOAD).values()) > sum(before.values()) + 3,
            what="the client has asked again",
            deadline=30.0,
        )
        refused = [name for name in proxies.counted(mesh.site, proxies.BATCH_LOAD) if not name.isdecimal()]
        assert refused
    finally:
        mesh.heal()
