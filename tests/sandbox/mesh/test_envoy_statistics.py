"""What Envoy itself counts: retries, time-outs, an outlier, refused certificates, and the canary's split."""

import math
from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
import urllib3

from opskit.sandbox import Sandbox
from opskit.sandbox.mesh import network
from opskit.sandbox.mesh.workloads import CATALOG, GATEWAY, GATEWAY_HOST, PORT, WEB, Workload, fqdn
from opskit.sandbox.running import run
from opskit.sandbox.waiting import wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]

CATALOG_CLUSTER = f"cluster.outbound|{PORT}||{fqdn('catalog')}"
REQUESTS, CANARY, Z = 2000, 0.10, 3.29
"""Of the split: how many, the share that is configured, and the standard score of 99.9 %."""


def statistics(mesh: Sandbox, pod: Workload, pattern: str) -> dict[str, float]:
    """Envoy's own counters, asked inside of its pod: opskit has no part in it."""
    url = f"http://127.0.0.1:15000/stats?format=json&filter={pattern}"
    said = run([*network.inside(mesh.site, pod), "curl", "-sg", url], deadline=20.0)
    every = msgspec.json.decode(said)["stats"]
    return {each["name"].replace(";.", "."): each["value"] for each in every if "value" in each}


def counter(mesh: Sandbox, pod: Workload, name: str) -> float:
    """The sum of what ends so."""
    found = statistics(mesh, pod, name.replace("|", "[|]").rpartition(".")[2])
    return sum(value for key, value in found.items() if key == name or key.endswith(name))


def rises(mesh: Sandbox, name: str, *, fault: str) -> None:
    """The counter of the catalog's cluster in web's Envoy rises by the fault."""
    whole = f"{CATALOG_CLUSTER}.{name}"
    before = counter(mesh, WEB, whole)
    mesh.inject(fault)
    wait_until(
        lambda: counter(mesh, WEB, whole) > before,
        what=f"{name} rises from {before:g}",
        deadline=60.0,
        every=1.0,
    )


@pytest.fixture
def healed(mesh: Sandbox) -> Generator[Sandbox]:
    wait_until(lambda: not mesh.ailments(), what="the mesh is well", deadline=120.0, every=1.0)
    yield mesh
    mesh.heal()


@pytest.mark.parametrize("name", ["upstream_rq_retry", "outlier_detection.ejections_active"])
def test_a_broken_service_is_retried_and_ejected(healed: Sandbox, name: str) -> None:
    rises(healed, name, fault="service-broken")


@pytest.mark.parametrize("name", ["upstream_rq_per_try_timeout", "upstream_rq_timeout"])
def test_a_service_that_hangs_is_not_waited_for(healed: Sandbox, name: str) -> None:
    rises(healed, name, fault="service-hangs")


@pytest.mark.parametrize("fault", ["proxy-certificate-expired", "wrong-ca"])
def test_a_certificate_that_is_no_good_is_refused(healed: Sandbox, fault: str) -> None:
    whole = f"{CATALOG_CLUSTER}.ssl.fail_verify_error"
    healed.inject(fault)
    wait_until(lambda: counter(healed, WEB, whole) > 0, what="web refuses it", deadline=60.0, every=1.0)


def answered_by(mesh: Sandbox) -> Counter[str]:
    """The version of reviews that answered each of many requests at the gateway."""
    pool = urllib3.PoolManager(maxsize=8)
    url, host = f"http://{GATEWAY.address(mesh.site)}:{PORT}/", {"Host": GATEWAY_HOST}

    def one(_: int) -> str:
        answer = pool.request("GET", url, headers=host, timeout=20.0, retries=False)
        return msgspec.json.decode(answer.data)["reviews"]["said"]["from"]

    with ThreadPoolExecutor(8) as threads:
        return Counter(threads.map(one, range(REQUESTS)))


def interval(hits: int, of: int) -> tuple[float, float]:
    """Wilson's score interval of a share (E. B. Wilson, 1927)."""
    share, square = hits / of, Z * Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = Z * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return middle - half, middle + half


def test_the_canary_gets_its_share_within_the_confidence_interval(healed: Sandbox) -> None:
    names = {each: f"outbound|{PORT}|{each}|{fqdn('reviews')}.upstream_rq_total" for each in ("v1", "v2")}
    before = {each: counter(healed, WEB, name) for each, name in names.items()}
    seen = answered_by(healed)
    assert seen.total() == REQUESTS
    low, high = interval(seen["v2"], REQUESTS)
    assert low <= CANARY <= high, seen
    counted = {each: round(counter(healed, WEB, name) - before[each]) for each, name in names.items()}
    assert counted["v1"] >= seen["v1"]
    assert counted["v2"] >= seen["v2"]
    low, high = interval(counted["v2"], sum(counted.values()))
    assert low <= CANARY <= high, counted


def test_the_interval_is_one_that_can_fail() -> None:
    low, high = interval(200, REQUESTS)
    assert (round(low, 3), round(high, 3)) == (0.08, 0.124)
    assert not low <= 0.13 <= high


def test_web_speaks_mutual_tls_with_the_catalog(healed: Sandbox) -> None:
    assert counter(healed, WEB, f"{CATALOG_CLUSTER}.ssl.handshake") > 0
    assert counter(healed, CATALOG, "ssl.no_certificate") == 0
