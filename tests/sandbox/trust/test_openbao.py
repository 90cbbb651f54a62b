import json

from opskit.sandbox import Sandbox
from opskit.sandbox.trust.bao_api import NODES, leader


def bao(trust: Sandbox, node: str, *arguments: str) -> dict[str, object]:
    said = trust.kubectl("-n", "openbao", "exec", node, "--", "bao", *arguments, "-format=json")
    return json.loads(said)


def test_another_node_leads_when_the_leader_is_killed(trust: Sandbox) -> None:
    before = leader(trust.site)
    trust.inject("openbao-leader-killed")
    after = leader(trust.site)
    assert after not in (None, before)
    assert bao(trust, str(after), "status")["sealed"] is False
    trust.heal()
    assert leader(trust.site) is not None
    assert all(bao(trust, node, "status")["sealed"] is False for node in NODES)
