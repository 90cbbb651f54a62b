"""What notebooks show, what the systems themselves say, and where the two are found to differ."""

import html
import json
from typing import Any

import pytest

from opskit.sandbox.rehearsing import answers_dex, answers_kubeadm, answers_mesh
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
