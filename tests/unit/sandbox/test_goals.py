"""What the systems' own tools say at the end of a maintenance or an upgrade, and what is made of it."""

import json
from typing import Any

import pytest

from opskit.sandbox.rehearsing import goals
from opskit.sandbox.rehearsing.witness import Answers


def wrong(judge: Any, after: Any, before: Any = None, **parameters: object) -> list[str]:
    return list(
        judge(Answers(before=json.dumps(before), after=json.dumps(after), parameters=parameters)),
    )


def pod(name: str, *, owner: str = "", phase: str = "Running") -> dict[str, Any]:
    meta = {"name": name, "namespace": "default"}
    owners = [{"kind": owner}] if owner else []
    return {"metadata": {**meta, "ownerReferences": owners}, "status": {"phase": phase}}


OWN = [pod("kube-proxy-1", owner="DaemonSet"), pod("etcd-w1", owner="Node"), pod("done", phase="Succeeded")]
SHOP = pod("shop-1", owner="ReplicaSet")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([*OWN, SHOP], OWN, []),
        ([*OWN, SHOP], [*OWN, SHOP], ["default/shop-1 is still on it"]),
        ([*OWN, SHOP], [*OWN, pod("bare")], ["default/bare is still on it"]),
        (OWN, OWN, ["nothing was on it that could be evicted: this proves nothing"]),
    ],
)
def test_a_drained_node_has_its_own_pods_only(
    before: list[dict[str, Any]], after: list[dict[str, Any]], said: list[str]
) -> None:
    assert wrong(goals.only_the_nodes_own_pods, {"items": after}, {"items": before}) == said


def test_a_cordon_and_pods_that_moved_are_seen() -> None:
    assert wrong(goals.node_is_closed, {"spec": {"unschedulable": True}}) == []
    assert wrong(goals.node_is_closed, {"spec": {}}) == ["the node takes pods"]
    held = {"spec": {"replicas": 4}, "status": {"readyReplicas": 3}}
    assert wrong(goals.serves_elsewhere, held) == ["3 of 4 pods are ready"]


@pytest.mark.parametrize(
    ("flags", "taken_out", "said"),
    [
        ({"node-c": ["noout"]}, (), []),
        ({}, (), ["Ceph has these flags on hosts: {}"]),
        ({"node-b": ["noout"]}, (), ["Ceph has these flags on hosts: {'node-b': ['noout']}"]),
        ({"node-c": ["noout"]}, (4,), ["osd.4 is out"]),
    ],
)
def test_ceph_keeps_one_host_still(
    flags: dict[str, list[str]], taken_out: tuple[int, ...], said: list[str]
) -> None:
    osds = [{"osd": number, "in": int(number not in taken_out)} for number in range(6)]
    dump = {"crush_node_flags": flags, "osds": osds}
    assert wrong(goals.host_is_kept_still, dump, host="node-c") == said


def test_only_the_hosts_own_osds_are_down() -> None:
    def tree(**states: str) -> dict[str, Any]:
        hosts = [
            {"id": -1, "name": "node-a", "type": "host", "children": [0]},
            {"id": -2, "name": "node-c", "type": "host", "children": [1]},
        ]
        osds = [{"id": n, "name": f"osd.{n}", "type": "osd", "status": states[f"osd{n}"]} for n in (0, 1)]
        return {"nodes": [*hosts, *osds]}

    assert wrong(goals.host_osds_are_down, tree(osd0="up", osd1="down"), host="node-c") == []
    assert wrong(goals.host_osds_are_down, tree(osd0="down", osd1="up"), host="node-c") == [
        "osd.0 of node-a is down",
        "osd.1 of node-c is up",
    ]


def test_data_that_are_not_served_are_said() -> None:
    states = [{"name": "active+undersized", "num": 5}, {"name": "undersized+peered", "num": 2}]
    assert wrong(goals.data_are_served, {"pg_summary": {"num_pg_by_state": states}}) == [
        "2 PGs are undersized+peered"
    ]


def members(*versions: str) -> list[dict[str, Any]]:
    return [{"Status": {"version": each}} for each in versions]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (members(*["3.6.9"] * 3), members(*["3.7.3"] * 3), []),
        (
            members(*["3.6.9"] * 3),
            members("3.7.3", "3.6.9", "3.7.3"),
            ["the members run 3.7.3, 3.6.9, 3.7.3, not 3.7.3"],
        ),
        (members(*["3.6.9"] * 3), members("3.7.3"), ["the members run 3.7.3, not 3.7.3"]),
        (
            members(*["3.7.3"] * 3),
            members(*["3.7.3"] * 3),
            ["a member ran 3.7.3 before: this proves nothing"],
        ),
    ],
)
def test_every_member_must_run_the_version(before: Any, after: Any, said: list[str]) -> None:
    assert wrong(goals.runs_the_version, after, before, version="v3.7.3") == said


def test_data_must_be_there_before_and_after() -> None:
    kept = {"kvs": [{"key": "a2VwdA==", "value": "YQ==", "version": 1}]}
    assert wrong(goals.keeps_its_data, kept, kept) == []
    assert wrong(goals.keeps_its_data, {}, kept)
    assert wrong(goals.keeps_its_data, {}, {}), "an empty etcd proves nothing"


def test_a_maintenance_without_an_end_is_told() -> None:
    assert wrong(goals.maintenance_has_an_end, {"until": "2026-11-28T23:59:00Z", "run": "x"}) == []
    assert wrong(goals.maintenance_has_an_end, {"run": "x"}) != []
