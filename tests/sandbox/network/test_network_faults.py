"""Each fault of the network, seen by birdc or kubectl, and named first by `opskit findings`."""

import json
from collections.abc import Callable

import pytest

from opskit.sandbox import Sandbox
from opskit.sandbox.rehearsing.named import UNNAMED
from opskit.sandbox.waiting import wait_until
from tests.sandbox.network.conftest import Opskit

BIRDCL = ("birdcl", "-s", "/var/run/calico/bird.ctl", "show", "protocols", "all")


def birdcl(sandbox: Sandbox, node: str) -> str:
    """What a node's BIRD says through `kubectl exec`; the witness."""
    pod = f"calico-node-{node}"
    return sandbox.kubectl("-n", "calico-system", "exec", pod, "-c", "calico-node", "--", *BIRDCL)


def blocks(sandbox: Sandbox) -> str:
    return sandbox.kubectl("get", "ipamblocks.projectcalico.org", "-o", "yaml")


def dead(sandbox: Sandbox) -> bool:
    try:
        birdcl(sandbox, "node-c")
    except Exception as error:  # noqa: BLE001 - kubectl passes on birdcl's failure
        return "Unable to connect to server control socket" in str(error)
    return False


CASES: dict[str, tuple[str, Callable[[Sandbox], bool]]] = {
    "bgp-cut": ("BGP_SESSION_DOWN", lambda s: "Hold timer expired" in birdcl(s, "node-a")),
    "bird-down": ("BIRD_DOWN", dead),
    "wrong-as": ("BGP_AS_MISMATCH", lambda s: "Bad peer AS" in birdcl(s, "node-a")),
    "wrong-password": ("BGP_PASSWORD_MISMATCH", lambda s: "Established" not in birdcl(s, "node-d")),
    "wrong-peer": ("BGP_SESSION_DOWN", lambda s: "Node_10_99_0_250" in birdcl(s, "node-a")),
    "mesh-off": ("MESH_OFF_WITHOUT_REFLECTORS", lambda s: "Established" not in birdcl(s, "node-a")),
    "ipam-leak": ("IPAM_LEAK", lambda s: "web-lost-" in blocks(s)),
    "pool-exhausted": ("POOL_EXHAUSTED", lambda s: blocks(s).count("unallocated: []") == 16),
    "block-of-gone-node": (
        "BLOCK_OF_GONE_NODE",
        lambda s: "node-z" in s.kubectl("get", "blockaffinities.projectcalico.org", "-o", "yaml"),
    ),
    "dns-locked-out": (
        "DNS_LOCKED_OUT",
        lambda s: "Egress" in s.kubectl("-n", "shop", "get", "networkpolicy", "only-within", "-o", "yaml"),
    ),
}


def findings(opskit: Opskit) -> list[str]:
    said = opskit("findings", "--system", "calico", "--cluster", opskit.cluster, "--json", codes=(0, 3))
    return [each["code"] for each in json.loads(said)["findings"]]


def test_a_healthy_network_has_no_findings(network: Sandbox, opskit: Opskit) -> None:
    assert birdcl(network, "node-a").count("BGP state:          Established") == 4
    assert findings(opskit) == []


@pytest.mark.parametrize("fault", CASES)
def test_each_fault_is_named_first(network: Sandbox, opskit: Opskit, fault: str) -> None:
    code, witness = CASES[fault]
    network.inject(fault)
    # BIRD first says that its configuration changed, and names the cause at the next attempt.
    wait_until(lambda: witness(network), what=f"birdcl or kubectl shows {fault}", deadline=60.0, every=0.5)
    # A daemon that has just died is told once its pod says so.
    wait_until(lambda: bool(findings(opskit)), what=f"opskit tells of {fault}", deadline=30.0, every=1.0)
    assert findings(opskit)[0] == f"calico/{code}"
    network.heal()
    assert findings(opskit) == []


def test_every_fault_has_a_case(network: Sandbox) -> None:
    assert {fault.name for fault in network.profile.faults} - UNNAMED == set(CASES)
