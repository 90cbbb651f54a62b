"""All pairs at once say the same as one pair at a time."""

import random

import pytest

from opskit.systems.calico.reach import Objects, Reach, Traffic
from opskit.systems.calico.reach.bits import indices, of, pack, unpack, words
from opskit.systems.calico.reach.decide import transposed
from tests.unit.calico.builders import policy, reach
from tests.unit.calico.random_clusters import cluster
from tests.unit.calico.random_values import PORTS


def compare(seed: int) -> int:
    """Every pair of endpoints that the matrix can show; how many were compared."""
    r = random.Random(seed)
    found = Reach.of(Objects.of_manifests(cluster(r)))
    protocol, port = r.choice(((6, r.choice(PORTS)), (17, 53), (132, 80), (1, None), (47, None)))
    version, pairs = r.choice((4, 6)), 0
    matrix = found.matrix(protocol, port, version=version)
    numbers = found.universe.class_of.tolist()
    for a, source in zip(found.universe.endpoints, numbers, strict=True):
        for b, destination in zip(found.universe.endpoints, numbers, strict=True):
            if a.name == b.name or (a.sort == "host" and a.node == b.node):
                continue
            verdict = found.allowed(a.name, b.name, protocol, port, version=version)
            assert matrix.is_allowed(source, destination) == verdict.allowed, (seed, a.name, b.name)
            unsure = bool(verdict.egress.unsupported or verdict.ingress.unsupported)
            shown = bool(unpack(matrix.uncertain, found.universe.size)[source, destination])
            assert shown >= unsure, (seed, a.name, b.name)
            pairs += 1
    return pairs


@pytest.mark.parametrize("part", range(4))
def test_the_matrix_agrees_with_single_pairs(part: int) -> None:
    assert sum(compare(seed) for seed in range(7000 + part * 40, 7040 + part * 40)) > 1000


def test_frame() -> None:
    matrix = reach(policy("b/p")).matrix("TCP", 80)
    frame = matrix.frame()
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "source": "category",
        "destination": "category",
        "source_pods": "int64",
        "destination_pods": "int64",
        "allowed": "bool",
        "uncertain": "bool",
    }
    closed = frame[~frame.allowed]
    assert set(closed.destination) == {"pods like b/db (namespace=b)"}
    assert frame[frame.source == "any other IPv4 address"].source_pods.eq(0).all()
    assert not frame.uncertain.any()


def test_by_namespace() -> None:
    frame = reach(policy("b/p")).matrix("TCP", 80).by_namespace().set_index(["source", "destination"])
    assert frame.loc[("a", "b"), "share"] == 0
    assert frame.loc[("b", "a"), ["pairs", "allowed_pairs"]].tolist() == [2, 2]


def test_pod_pairs() -> None:
    assert reach().matrix("TCP", 80).pod_pairs() == (25, 25)
    assert reach(policy("b/p")).matrix("TCP", 80).pod_pairs() == (20, 25)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (63, 65), (64, 64), (130, 1100)])
def test_transposing_bits(rows: int, columns: int) -> None:
    r = random.Random(rows)
    members = [[column for column in range(columns) if r.random() < 0.3] for _ in range(rows)]
    packed = pack(unpack(_stack(members, columns), columns))
    assert packed.shape == (rows, words(columns))
    turned = transposed(packed, columns)
    for column in range(columns):
        assert indices(turned[column], rows).tolist() == [
            row for row in range(rows) if column in members[row]
        ]


def _stack(members: list[list[int]], columns: int):
    import numpy as np

    return np.stack([of(each, columns) for each in members])


def test_traffic_reads_well() -> None:
    assert [str(Traffic.of("tcp", 80)), str(Traffic.of(1)), str(Traffic.of(47))] == ["TCP/80", "ICMP", "47"]
