"""What an API server's answer says about a write."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.core.live_http import Response
from opskit.core.plan import Target
from opskit.core.rejections import rejected
from opskit.core.write_answers import Accepted, Declined, Silent, called, meaning


def answer(code: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(code, headers or {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def status(
    reason: str, message: str = "said", causes: list[dict[str, str]] | None = None, **details: Any
) -> dict[str, Any]:
    return {"kind": "Status", "reason": reason, "message": message, "details": {"causes": causes, **details}}


OWNED = [
    {
        "reason": "FieldManagerConflict",
        "message": 'conflict with "helm" using apps/v1',
        "field": ".spec.replicas",
    }
]


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (answer(200, {"kind": "Pod"}), Accepted(object={"kind": "Pod"})),
        (answer(201, {}), Accepted(object={})),
        (
            answer(409, status("Conflict")),
            Declined(status=409, reason="Conflict", message="said", stale=True),
        ),
        (
            answer(409, status("AlreadyExists")),
            Declined(status=409, reason="AlreadyExists", message="said", stale=True),
        ),
        (answer(410, status("Gone")), Declined(status=410, reason="Gone", message="said", stale=True)),
        (
            answer(409, status("Conflict", causes=OWNED)),
            Declined(
                status=409, reason="Conflict", message="said", managers=("helm",), owned=(".spec.replicas",)
            ),
        ),
        (
            answer(429, status("TooManyRequests", retryAfterSeconds=7)),
            Declined(status=429, reason="TooManyRequests", message="said", later=True, after=7),
        ),
        (
            answer(429, b"slow down", {"retry-after": "3"}),
            Declined(status=429, reason="429", message="slow down", later=True, after=3),
        ),
        (answer(422, status("Invalid")), Declined(status=422, reason="Invalid", message="said")),
        (answer(403, status("Forbidden")), Declined(status=403, reason="Forbidden", message="said")),
        (answer(404, status("NotFound")), Declined(status=404, reason="NotFound", message="said")),
        (answer(401, b""), Declined(status=401, reason="401", message="")),
    ],
)
def test_meaning(response: Response, expected: object) -> None:
    assert meaning(response) == expected


@pytest.mark.parametrize(
    "response",
    [answer(code, status("InternalError")) for code in (408, 500, 502, 503, 504)]
    + [answer(200, b"<html>"), answer(200, b'{"kind":'), answer(200, b""), answer(201, [1])],
)
def test_what_does_not_tell_is_silence(response: Response) -> None:
    found = meaning(response)
    assert isinstance(found, Silent)
    assert found.sent


@given(
    st.integers(100, 599),
    st.binary(max_size=200),
    st.dictionaries(st.just("retry-after"), st.text(max_size=5)),
)
def test_any_answer_has_a_meaning(code: int, body: bytes, headers: dict[str, str]) -> None:
    for told in (meaning(Response(code, headers, body)), called(Response(code, headers, body))):
        assert isinstance(told, Accepted | Declined | Silent)
        assert isinstance(told, Accepted) <= (code < 300)


TARGET = Target(kind="Deployment", name="d", namespace="n")


@pytest.mark.parametrize(
    ("response", "says"),
    [
        (
            answer(409, status("Conflict", causes=OWNED)),
            r"\.spec\.replicas of Deployment n/d belongs to the field manager helm",
        ),
        (
            answer(403, status("Forbidden", 'admission webhook "w" denied the request: no')),
            'admission webhook "w" denied the request: no',
        ),
        (answer(403, status("Forbidden", "not you")), "ask for a Role"),
        (answer(422, status("Invalid", "spec.x: bad")), "mend the plan"),
    ],
)
def test_a_person_reads_what_the_server_says(response: Response, says: str) -> None:
    found = meaning(response)
    assert isinstance(found, Declined)
    import re

    error = rejected(found, TARGET, dry_run=True)
    assert re.search(says, str(error)), str(error)
    assert error.to_dict()["error"] == "WriteRejected"
