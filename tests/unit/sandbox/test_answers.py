"""What notebooks show, what the systems themselves say, and where the two are found to differ."""

import html
import json
from typing import Any

import pytest

from opskit.sandbox.rehearsing import (
    answers_crd,
    answers_dex,
    answers_kubeadm,
    answers_mesh,
    answers_platform,
)
from opskit.sandbox.rehearsing.shown import Shown
from opskit.sandbox.rehearsing.witness import Answers


def shown(columns: tuple[str, ...], *rows: tuple[object, ...], text: str = "") -> Shown:
    """A notebook with one table, as pandas displays it, and one sentence."""
    head = "".join(f"<th>{each}</th>" for each in ("", *columns))
    body = "".join(
        f"<tr><th>{n}</th>{''.join(f'<td>{html.escape(str(each))}</td>' for each in row)}</tr>"
        for n, row in enumerate(rows)
    )
    table = f"<div><style>x</style><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    outputs = [{"data": {"text/html": [table]}}, {"data": {"text/markdown": text, "text/plain": "Traced(…)"}}]
    return Shown({"cells": [{"cell_type": "markdown"}, {"cell_type": "code", "outputs": outputs}]})


def wrong(judge: Any, after: str | dict[str, Any], seen: Shown) -> list[str]:
    said = after if isinstance(after, str) else json.dumps(after)
    return list(judge(Answers(before="", after=said, parameters={}, shown=seen)))


def test_tables_and_sentences_are_read_as_they_are_displayed() -> None:
    seen = shown(("step", "answer"), ("a & b", "no"), ("c", "yes"), text="So it is.")
    assert [row["step"] for row in seen.rows("step", "answer")] == ["a & b", "c"]
    assert seen.rows("step", "what") == []
    assert seen.text.splitlines()[-1] == "So it is."
    assert Shown().rows("step") == []


PREFLIGHT = """[preflight] Running pre-flight checks
\t[WARNING Hostname]: hostname "w1" could not be reached
[preflight] Some fatal errors occurred:
\t[ERROR CRI]: could not connect to the container runtime
\t[ERROR Port-10250]: Port 10250 is in use
"""
RULES = {"runtime": "bad", "name": "doubtful", "swap": "good", "cgroups": "good", "forwarding": "good"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, []),
        ({"runtime": "good"}, ["opskit says good of runtime, and kubeadm complains of it"]),
        ({"runtime": "unknown"}, ["opskit says unknown of runtime, and kubeadm complains of it"]),
        ({"swap": "bad"}, ["opskit says bad of swap, and kubeadm has nothing against it"]),
    ],
)
def test_a_machine_is_unfit_where_kubeadm_says_so(changed: dict[str, str], said: list[str]) -> None:
    rows = [("w1", rule, verdict) for rule, verdict in {**RULES, **changed}.items()]
    seen = shown(("machine", "check", "verdict"), *rows)
    assert wrong(answers_kubeadm.machines_are_told_as_kubeadm_does, PREFLIGHT, seen) == said


def test_a_preflight_that_did_not_run_bears_no_witness() -> None:
    seen = shown(("machine", "check", "verdict"), ("w1", "runtime", "good"))
    (said,) = wrong(answers_kubeadm.machines_are_told_as_kubeadm_does, "sh: kubeadm: not found", seen)
    assert said.startswith("kubeadm did not look")


STEPS = ("step", "answer", "what")
ALICE = {"status": {"userInfo": {"username": "oidc:alice", "groups": ["oidc:devs", "system:authenticated"]}}}
IN = ("the directory lets Dex in", "yes", "connector ldap")
SEES = "the API server on node-a sees"


@pytest.mark.parametrize(
    ("real", "rows", "said"),
    [
        (ALICE, [IN, (SEES, "yes", "oidc:alice; oidc:devs")], ""),
        (
            ALICE,
            [IN, (SEES, "yes", "oidc:alice; oidc:admins")],
            "the API server sees oidc:alice in oidc:devs",
        ),
        (
            ALICE,
            [IN, ("groups by (x)", "no", "none below ou=g"), (SEES, "yes", "oidc:alice; no group")],
            "sees",
        ),
        (ALICE, [("the directory lets Dex in", "no", "refuses")], "gets in, and opskit says that it ends"),
        (ALICE, [], "opskit shows no step"),
        ({"refused": "500", "log": "initial bind for user"}, [("the directory lets Dex in", "no", "x")], ""),
        (
            {"refused": "500", "log": "failed to query groups"},
            [IN, ("groups by (x)", "no", "base missing")],
            "",
        ),
        (
            {"refused": "500", "log": "failed to query groups"},
            [("exactly one entry", "no", "x")],
            "Dex' log says",
        ),
        (
            {"refused": "500", "log": ""},
            [IN, ("roles on node-a", "no", "none")],
            "opskit says that it succeeds",
        ),
    ],
)
def test_a_login_is_told_as_it_went(real: dict[str, Any], rows: list[tuple[str, ...]], said: str) -> None:
    found = wrong(answers_dex.login_is_told_as_it_goes, real, shown(STEPS, *rows))
    assert bool(found) == bool(said)
    assert said in "".join(found)


FINE = [
    ("Dex runs", "yes", ""),
    ("logged in", "yes", ""),
    ("API servers trust Dex", "yes", ""),
    ("user and groups", "yes", ""),
    ("RBAC allows to delete pods", "yes", ""),
]


@pytest.mark.parametrize(
    ("at", "no", "agreed"),
    [
        ("", None, True),
        ("", 4, False),
        ("RBAC allows", 4, True),
        ("RBAC allows", None, False),
        ("RBAC allows", 1, False),
        ("logged in", 1, True),
        ("logged in", 0, True),
        ("logged in", 2, False),
        ("API servers trust Dex", 2, True),
    ],
)
def test_a_refusal_is_told_where_it_is(at: str, no: int | None, agreed: bool) -> None:
    rows = [(step, "no" if n == no else "yes", what) for n, (step, _, what) in enumerate(FINE)]
    found = wrong(answers_dex.refusal_is_told_as_it_is, {"at": at} if at else {}, shown(STEPS, *rows))
    assert (found == []) is agreed, found


WAY = ("stage", "name", "share", "ok", "detail")
V1, V2 = ("endpoint", "10.183.1.13:8080", 0.9, True, ""), ("endpoint", "10.183.1.14:8080", 0.1, True, "")
LOST = ("cluster", "outbound|8080|v2|reviews", 0.1, False, "no endpoint")


@pytest.mark.parametrize(
    ("counted", "hops", "said"),
    [
        ({"10.183.1.13": 268, "10.183.1.14": 32}, [V1, V2], []),
        ({"10.183.1.13": 270, "503": 30}, [V1, LOST], []),
        (
            {"10.183.1.13": 300},
            [V1, V2],
            ["100% of the requests were", "0% of the requests were answered by"],
        ),
        (
            {"10.183.1.13": 270, "503": 30},
            [V1, V2],
            ["0% of the requests were answered", "10% of the requests f"],
        ),
        ({"10.183.1.13": 180, "10.183.1.14": 120}, [V1, V2], ["60% of the", "40% of the"]),
        ({"10.183.1.13": 12}, [V1, V2], ["12 of 300 requests were answered"]),
    ],
)
def test_requests_are_counted_where_they_end(
    counted: dict[str, int], hops: list[tuple[object, ...]], said: list[str]
) -> None:
    found = wrong(answers_mesh.requests_go_where_it_was_told, counted, shown(WAY, *hops))
    assert len(found) == len(said), found
    assert all(words in told for words, told in zip(said, found, strict=True)), found


def jaeger(slow: str) -> dict[str, Any]:
    def span(number: int, ms: int, process: str, parent: int | None) -> dict[str, Any]:
        return {
            "spanID": f"s{number}",
            "processID": process,
            "duration": ms * 1000,
            "references": [] if parent is None else [{"refType": "CHILD_OF", "spanID": f"s{parent}"}],
            "tags": [{"key": "istio.canonical_revision", "value": "v2" if process == "p3" else "v1"}],
        }

    in_web, in_reviews = (1500, 20) if slow == "web" else (20, 1500)
    whole = in_web + in_reviews + 4
    spans = [
        span(0, whole, "p1", None),
        span(1, whole - 2, "p2", 0),
        span(2, in_reviews + 2, "p2", 1),
        span(3, in_reviews, "p3", 2),
    ]
    names = {"p1": "istio-ingressgateway.istio-ingress", "p2": "web.shop", "p3": "reviews.shop"}
    processes = {key: {"serviceName": name} for key, name in names.items()}
    return {"data": [{"traceID": "abc", "spans": spans, "processes": processes}]}


@pytest.mark.parametrize(
    ("slow", "trace", "ms", "sentence", "said"),
    [
        ("reviews", "abc", 1524.0, "took 1524 ms, 1500 ms of it in reviews.shop v2.", []),
        ("reviews", "abc", 1524.0, "took 1524 ms, 1500 ms of it in web.shop v1.", ["opskit says otherwise"]),
        ("reviews", "abc", 999.0, "took 999 ms, 1500 ms of it in reviews.shop v2.", ["Jaeger's trace took"]),
        ("reviews", "xyz", 1524.0, "1500 ms of it in reviews.shop v2.", ["Jaeger knows no trace xyz"]),
        ("web", "abc", 1524.0, "took 1524 ms, 1504 ms of it in web.shop v1.", ["was made slow"]),
    ],
)
def test_time_is_where_jaegers_own_spans_have_it(
    slow: str, trace: str, ms: float, sentence: str, said: list[str]
) -> None:
    seen = shown(("trace", "started", "ms", "spans"), (trace, "2026", ms, 4), text=sentence)
    found = wrong(answers_mesh.time_goes_where_it_was_told, jaeger(slow), seen)
    assert len(found) == len(said), found
    assert all(words in told for words, told in zip(said, found, strict=True)), found


DIFFERENCES = [
    ("breaks", "FIELD_REMOVED", "spec.note", "the field is removed"),
    ("breaks", "REQUIRED_ADDED", "spec", "tier is required now"),
    ("may break", "LIMIT_ADDED", "spec.weight", "maximum 10 is new"),
    ("safe", "FIELD_ADDED", "spec.label", "the field is new"),
]
REAL = {"cut": ["spec.note"], "refused": ["spec.tier", "spec.weight"]}


@pytest.mark.parametrize(
    ("real", "left_out", "said"),
    [
        (REAL, None, []),
        (REAL, 2, ["cuts or refuses spec.weight, and opskit does not say so"]),
        ({**REAL, "refused": ["spec.tier"]}, None, ["opskit warns of spec.weight"]),
        ({"cut": [], "refused": ["spec.note", "spec.tier", "spec.weight"]}, None, ["the API server cuts []"]),
    ],
)
def test_a_crd_breaks_what_the_server_refuses_or_cuts(
    real: dict[str, list[str]], left_out: int | None, said: list[str]
) -> None:
    rows = [row for n, row in enumerate(DIFFERENCES) if n != left_out]
    seen = shown(("risk", "code", "path", "difference"), *rows)
    found = wrong(answers_crd.upgrade_is_told_as_it_is, real, seen)
    assert len(found) == len(said), found
    assert all(words in told for words, told in zip(said, found, strict=True)), found


CHAIN = ["Pod shop/kept-0", "StatefulSet shop/kept"]


@pytest.mark.parametrize(
    ("owner", "manages", "back", "said"),
    [
        (CHAIN[1], True, True, []),
        (CHAIN[1], False, True, ["deleted, it came back"]),
        (CHAIN[1], True, False, ["deleted, it did not come back"]),
        ("StatefulSet shop/other", True, True, ["kubectl climbs Pod shop/kept-0 → StatefulSet shop/kept"]),
    ],
)
def test_an_owner_is_who_brings_it_back(owner: str, manages: bool, back: bool, said: list[str]) -> None:
    columns = ("depth", "object", "state", "manages")
    seen = shown(columns, (0, CHAIN[0], "there", False), (1, owner, "there", manages))
    found = wrong(answers_platform.owners_are_told_as_they_are, {"chain": CHAIN, "back": back}, seen)
    assert len(found) == len(said), found
    assert all(words in told for words, told in zip(said, found, strict=True)), found


def openshift(*, paused: bool = False, degraded: str = "False", allowed: int = 1) -> dict[str, Any]:
    def made(kind: str, spec: dict[str, Any], status: dict[str, Any], **conditions: str) -> dict[str, Any]:
        listed = [{"type": kind, "status": state} for kind, state in conditions.items()]
        return {
            "kind": kind,
            "metadata": {"name": kind.lower()},
            "spec": spec,
            "status": {**status, "conditions": listed},
        }

    return {
        "items": [
            made("ClusterVersion", {}, {"availableUpdates": [{"version": "4.20.6"}]}, Progressing="False"),
            made("ClusterOperator", {}, {}, Available="True", Degraded=degraded),
            made("MachineConfigPool", {"paused": paused}, {}, Updated=str(not paused)),
            made("PodDisruptionBudget", {}, {"expectedPods": 2, "disruptionsAllowed": allowed}),
        ]
    }


GUARDS = (
    "target offered",
    "no update under way",
    "operators available",
    "pools updated, unpaused",
    "nodes drain",
)


@pytest.mark.parametrize(
    ("real", "against", "said"),
    [
        (openshift(), "", []),
        (openshift(paused=True), "pools updated, unpaused", []),
        (openshift(degraded="True"), "operators available", []),
        (openshift(allowed=0), "nodes drain", []),
        (openshift(paused=True), "", ["opskit says yes of 'pools updated, unpaused', and it is no"]),
        (openshift(), "nodes drain", ["opskit says no of 'nodes drain', and it is yes"]),
    ],
)
def test_a_guard_says_what_the_objects_say(real: dict[str, Any], against: str, said: list[str]) -> None:
    rows = [(guard, "no" if guard == against else "yes", "") for guard in GUARDS]
    seen = shown(("guard", "answer", "why"), *rows)
    found = wrong(answers_platform.update_is_told_as_it_is, real, seen)
    assert len(found) == len(said), found
    assert all(words in told for words, told in zip(said, found, strict=True)), found
