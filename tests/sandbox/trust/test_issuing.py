import json
from typing import Any

import pytest

from opskit.core.errors import Refused
from opskit.sandbox import Sandbox
from opskit.sandbox.control_plane import api
from opskit.sandbox.trust import issuers
from opskit.sandbox.trust.bao_engines import ZONE
from opskit.sandbox.trust.objects import path_of
from opskit.sandbox.waiting import wait_until


def status(trust: Sandbox, name: str) -> dict[str, Any]:
    said = trust.kubectl("-n", "shop", "get", "certificate", name, "-o", "json")
    return json.loads(said).get("status", {})


@pytest.mark.proof
def test_a_certificate_is_issued_by_acme_over_dns_and_renewed(trust: Sandbox) -> None:
    wanted = issuers.certificate("www", issuer="acme", names=(f"www.{ZONE}",))
    path = path_of(wanted)
    api(trust.site).apply(path, wanted)
    wait_until(lambda: status(trust, "www").get("revision") == 1, what="it is issued", deadline=180.0)
    found = api(trust.site).get(path)
    asked = {
        "type": "Issuing",
        "status": "True",
        "reason": "ManuallyTriggered",
        "message": "asked for",
        "observedGeneration": found["metadata"]["generation"],
        "lastTransitionTime": found["metadata"]["creationTimestamp"],
    }
    conditions = [*found["status"]["conditions"], asked]
    api(trust.site).patch(f"{path}/status", {"status": {"conditions": conditions}})
    wait_until(lambda: status(trust, "www").get("revision") == 2, what="it is renewed", deadline=180.0)
    api(trust.site).delete(path)


@pytest.mark.parametrize("fault", ["issuer-missing", "ca-secret-deleted", "acme-wrong-tsig-key"])
def test_a_fault_shows_and_is_healed(trust: Sandbox, fault: str) -> None:
    trust.inject(fault)
    trust.heal()
    assert trust.ailments() == []


def test_a_second_fault_of_the_same_certificate_is_refused_before_anything_is_touched(trust: Sandbox) -> None:
    trust.inject("acme-errors")
    before, noted = trust.site.processes.pid("cert-manager"), trust.injected()
    with pytest.raises(
        Refused, match="The fault acme-errors is in, and has broken the certificate storefront"
    ):
        trust.inject("certificate-denied")
    assert (trust.site.processes.pid("cert-manager"), trust.injected()) == (before, noted)
    trust.heal()
    trust.inject("certificate-denied")
    trust.heal()
    assert trust.ailments() == []
