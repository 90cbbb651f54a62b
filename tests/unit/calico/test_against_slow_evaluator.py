"""The engine against the independent evaluator: same answer, same deciding rule, same open questions."""

import os
import random

import pytest

from opskit.systems.calico.reach import Objects, Reach
from opskit.systems.calico.reach.verdict import Decision
from tests.unit.calico.random_clusters import cluster, names, question
from tests.unit.calico.slow_cluster import Question
from tests.unit.calico.slow_evaluator import Side, Slow
from tests.unit.calico.slow_selectors import Manifest


def engine_side(decision: Decision) -> Side:
    by: tuple[object, ...] = ()
    if decision.rule is not None:
        policy = decision.rule.policy
        by = ("rule", policy.kind, policy.namespace, policy.name, decision.rule.index)
    elif not decision.allowed:
        by = ("tier", decision.tier)
    return Side(decision.allowed, by, bool(decision.unsupported))


def compare(reach: Reach, slow: Slow, asked: Question) -> None:
    got = reach.allowed(
        asked.source,
        asked.destination,
        asked.protocol,
        asked.port,
        version=asked.version,
        source_port=asked.source_port,
        icmp_type=asked.icmp_type,
        icmp_code=asked.icmp_code,
    )
    expected = slow.judge(asked)
    if expected is None:
        assert not got.allowed
        assert "no IPv" in got.text
        return
    assert (got.allowed, engine_side(got.egress), engine_side(got.ingress)) == expected, asked


def run(seed: int, *, questions: int) -> int:
    """One random cluster; the number of pairs compared."""
    r = random.Random(seed)
    manifests: list[Manifest] = cluster(r)
    reach, slow, everyone = Reach.of(Objects.of_manifests(manifests)), Slow(manifests), names(manifests)
    for _ in range(questions):
        asked = question(r, everyone)
        try:
            compare(reach, slow, asked)
        except AssertionError as wrong:
            raise AssertionError(f"seed {seed}: {asked}: {wrong}") from wrong
    return questions


@pytest.mark.parametrize("part", range(8))
def test_the_engine_agrees_with_the_independent_evaluator(part: int) -> None:
    pairs = sum(run(seed, questions=60) for seed in range(part * 60, part * 60 + 60))
    assert pairs == 3600


@pytest.mark.proof
@pytest.mark.timeout(0)
def test_a_million_pairs_agree() -> None:
    pairs, seed = 0, 1_000_000
    wanted = int(os.environ.get("OPSKIT_PROOF_PAIRS", "1000000"))
    while pairs < wanted:
        pairs += run(seed, questions=250)
        seed += 1
    print(f"{pairs} random pairs in {seed - 1_000_000} random clusters: no difference")
