"""What the systems' own tools said, as it was recorded, and what the witnesses make of it."""

import json
from pathlib import Path

import pytest

from opskit.sandbox.rehearsing.goals import envoy_shares
from opskit.sandbox.rehearsing.scenes import SCENES
from opskit.sandbox.rehearsing.witness import Answers
from opskit.sandbox.rehearsing.witnesses import bao_is_unsealed, proxies_are_synced

RECORDED = Path(__file__).with_name("recorded")
ROUTES = (RECORDED / "istioctl-routes.json").read_text()
SYNCED = (RECORDED / "istioctl-proxy-status.txt").read_text()
BAO = json.loads((RECORDED / "bao-status.json").read_text())


def said(text: str, **parameters: object) -> Answers:
    return Answers(before="", after=text, parameters=parameters)


def test_envoys_shares_are_read_from_its_own_routes() -> None:
    shares = envoy_shares(json.loads(ROUTES))
    assert shares["outbound|8080|v1|reviews.shop.svc.cluster.local"] == 90
    assert shares["outbound|8080|v2|reviews.shop.svc.cluster.local"] == 10


@pytest.mark.parametrize(("weight", "wrong"), [(10, []), (0, ["Envoy gives it 10 %, not 0 %"])])
def test_a_share_is_compared_with_what_the_runbook_was_to_reach(weight: int, wrong: list[str]) -> None:
    (witness,) = SCENES["istio/shift-traffic"].goal
    assert list(witness.judge(said(ROUTES, service="reviews", subset="v2", weight=weight))) == wrong


def test_proxies_that_are_stale_or_not_there_are_said() -> None:
    assert list(proxies_are_synced(said(SYNCED))) == []
    stale = SYNCED.replace("4 (CDS,LDS,EDS,RDS)", "STALE", 1)
    assert list(proxies_are_synced(said(stale))) == ["catalog-0.shop is stale"]
    assert list(proxies_are_synced(said("NAME CLUSTER\n"))) == ["istiod knows no proxy"]


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, []),
        ({"sealed": True}, ["the node is sealed"]),
        ({"leader_address": ""}, ["there is no leader"]),
    ],
)
def test_a_node_of_openbao_tells_its_own_state(change: dict[str, object], wrong: list[str]) -> None:
    assert list(bao_is_unsealed(said(json.dumps(BAO | change)))) == wrong
