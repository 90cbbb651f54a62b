"""Revoking a person's access: what is planned, refused, and taken for done; the session is a real Dex'."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.core.cluster import Cluster
from opskit.core.errors import NotFound, Refused
from opskit.core.parts import Unread
from opskit.core.plan import Delete, Draft, Patch
from opskit.core.reads import Answer, ClusterInfo, GetMetadata, GetObject, Read
from opskit.systems.dex import conditions, kinds, subject, views
from opskit.systems.dex.checks import check
from opskit.systems.dex.facts import Facts, read
from opskit.systems.dex.plans import revoke_access

ALICE = "CgVhbGljZRIEbGRhcA"
"""The `sub` that Dex 2.13 gave alice, who came through the connector ldap."""


@pytest.fixture(scope="module")
def healthy() -> Facts:
    with Cluster.open("demo:healthy", system="dex") as cluster:
        return read(cluster)


def session_of(facts: Facts) -> kinds.OfflineSession:
    assert isinstance(facts.sessions, list)
    return facts.sessions[0]


def changed(facts: Facts, **parts: Any) -> Facts:
    return msgspec.structs.replace(facts, **parts)


def with_clients(facts: Facts, *clients: str) -> Facts:
    session = session_of(facts)
    one = next(iter((session.refresh or {}).values()))
    refresh = {each: msgspec.structs.replace(one, client=each, id=f"id-{each}") for each in clients}
    return changed(facts, sessions=[msgspec.structs.replace(session, refresh=refresh)])


def targets(made: Draft) -> list[tuple[str, str]]:
    return [(step.target.plural, step.target.name) for step in made.steps]


def test_the_session_goes_first_then_its_token(healthy: Facts) -> None:
    session = session_of(healthy)
    (reference,) = (session.refresh or {}).values()
    made = revoke_access(healthy, user="alice")
    assert targets(made) == [("offlinesessionses", session.name), ("refreshtokens", reference.id)]
    assert [type(each.action) for each in made.steps] == [Delete, Delete]
    assert made.steps[0].confirm == "alice"
    assert made.steps[0].target.uid == session.metadata.uid
    assert made.goal[0].arguments["tokens_reviewed"] == [reference.id]


def test_it_says_when_the_last_id_token_ends(healthy: Facts) -> None:
    (reference,) = (session_of(healthy).refresh or {}).values()
    used = datetime.fromisoformat(reference.used)
    ends = f"{used.replace(hour=used.hour + 1):%Y-%m-%d %H:%M} UTC"
    made = revoke_access(healthy, user="alice")
    assert f"can't be revoked: the last one ends at {ends}" in made.goal[0].text
    later = revoke_access(changed(healthy, now=datetime(2030, 1, 1, tzinfo=UTC)), user="alice")
    assert f"ended at {ends}" in later.goal[0].text
    unread = changed(healthy, config=Unread(part="config", error="Forbidden", reason="no right"))
    assert "when that is could not be told" in revoke_access(unread, user="alice").goal[0].text


def test_one_client_leaves_the_others(healthy: Facts) -> None:
    made = revoke_access(with_clients(healthy, "kubernetes", "argo"), user="alice", client="argo")
    assert [name for _, name in targets(made)][1:] == ["id-argo"]
    assert made.steps[0].action == Patch(patch={"refresh": {"argo": None}})
    assert made.goal[0].arguments["tokens_reviewed"] == ["id-argo"]


def test_all_clients_go_with_the_session(healthy: Facts) -> None:
    made = revoke_access(with_clients(healthy, "kubernetes", "argo"), user="alice")
    assert [plural for plural, _ in targets(made)] == ["offlinesessionses", "refreshtokens", "refreshtokens"]
    assert made.title == "Revoke 2 refresh tokens of alice"


def test_the_subject_of_a_token_names_its_person(healthy: Facts) -> None:
    assert targets(revoke_access(healthy, user=ALICE)) == targets(revoke_access(healthy, user="alice"))
    assert revoke_access(healthy, user=ALICE, connector="github").steps == ()


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ({"user": "mallory"}, "mallory holds no refresh token; 1 other person in Dex' sessions."),
        ({"user": "alice", "connector": "github"}, "alice holds no refresh token"),
        ({"user": "alice", "client": "argo"}, "alice holds no refresh token at argo, but at kubernetes."),
    ],
)
def test_nothing_to_do_says_why(healthy: Facts, parameters: dict[str, str], why: str) -> None:
    made = revoke_access(healthy, **parameters)
    assert made.steps == ()
    assert why in made.nothing_to_do


def kept_in(storage: str) -> Any:
    return lambda facts: {
        "config": msgspec.structs.replace(facts.config, storage=kinds.Storage(type=storage)),
    }


def through_two(facts: Facts) -> dict[str, Any]:
    other = msgspec.structs.replace(session_of(facts), connector="github")
    return {"sessions": [session_of(facts), other]}


NOTHING = Unread(part="x", error="Forbidden", reason="no right to list them")


@pytest.mark.parametrize(
    ("user", "parts", "reason"),
    [
        (" ", lambda _: {}, "no user is named"),
        ("alice@sandbox.test", lambda _: {}, "is it 'alice'?"),
        ("Alice", lambda _: {}, "is it 'alice'?"),
        ("alice", through_two, "came through github, ldap, and may be several persons"),
        ("alice", kept_in("postgres"), "Dex keeps its sessions in postgres"),
        ("alice", kept_in("memory"), "Dex keeps its sessions in memory"),
        ("alice", lambda _: {"sessions": NOTHING}, "could not be listed: no right to list them"),
        ("alice", lambda _: {"sessions": [], "config": NOTHING}, "where Dex keeps them is not known"),
        ("alice", lambda _: {"deployments": []}, "there is no Dex"),
    ],
)
def test_what_is_refused(healthy: Facts, user: str, parts: Any, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        revoke_access(changed(healthy, **parts(healthy)), user=user)
    assert reason in str(refused.value)


def test_what_a_person_holds_is_shown_without_a_token(healthy: Facts) -> None:
    (row,) = views.held(healthy, user="alice").itertuples()
    assert (row.connector, row.client) == ("ldap", "kubernetes")
    assert (row.id_tokens_end - row.used).total_seconds() == 3600
    assert views.held(healthy, user="nobody").empty
    assert {str(each) for each in views.held(healthy, user="nobody").dtypes[3:]} == {"datetime64[us, UTC]"}


class Storage:
    """A reader over Dex' storage: sessions by name, and IDs of refresh tokens."""

    def __init__(self, sessions: dict[str, dict[str, str]], tokens: set[str]) -> None:
        self.sessions, self.tokens = sessions, tokens

    def info(self) -> ClusterInfo:
        return ClusterInfo(name="x", server="", uid="", version="", live=False)

    def now(self) -> datetime:
        return datetime(2026, 11, 25, tzinfo=UTC)

    def close(self) -> None:
        pass

    def pages(self, read: Any, *, deadline: float) -> Iterator[bytes]:
        raise AssertionError("nothing is listed")

    def answers(self, reads: Any, session: Any, *, place: Any, deadline: float) -> list[Any]:
        return [None for _ in reads]

    def answer(self, read: Read, *, deadline: float) -> Answer:
        if isinstance(read, GetMetadata) and read.plural == "refreshtokens" and read.name in self.tokens:
            return Answer(body=json.dumps({"metadata": {"name": read.name}}).encode())
        if isinstance(read, GetObject) and read.plural == "offlinesessionses" and read.name in self.sessions:
            held = {client: {"ID": token} for client, token in self.sessions[read.name].items()}
            return Answer(body=json.dumps({"userID": "a", "refresh": held}).encode())
        assert read.name not in self.tokens, "a refresh token's contents were asked for"  # type: ignore[union-attr]
        raise NotFound("not found")


@pytest.mark.parametrize(
    ("sessions", "tokens", "ok", "state"),
    [
        ({}, set[str](), True, "of 1 refresh token, 0 are left"),
        ({}, {"t"}, False, "of 1 refresh token, 1 are left"),
        ({"s": {"k": "t"}}, set[str](), False, "1 are left"),
        ({"s": {"k": "new"}}, {"new"}, True, "1 newer one: the person has logged in again"),
        ({"s": {"other": "u"}}, {"u"}, True, "0 are left"),
    ],
)
def test_what_is_taken_for_revoked(
    sessions: dict[str, dict[str, str]], tokens: set[str], ok: bool, state: str
) -> None:
    held = conditions.access_revoked(
        Cluster(Storage(sessions, tokens)),  # type: ignore[arg-type]
        namespace="dex",
        sessions=["s"],
        client="k",
        tokens_reviewed=["t"],
    )
    assert held.ok is ok
    assert state in held.state


@pytest.mark.parametrize(
    ("now", "reviewed", "forgets"),
    [
        ({"s": {"k": "t"}}, True, False),
        ({"s": {"k": "new"}}, False, True),
        ({"s": {}}, False, True),
        ({}, False, True),
    ],
)
def test_another_login_since_is_noticed(
    now: dict[str, dict[str, str]], reviewed: bool, forgets: bool
) -> None:
    cluster = Cluster(Storage(now, set()))  # type: ignore[arg-type]
    here: dict[str, Any] = {"namespace": "dex", "session": "s"}
    assert conditions.session_as_reviewed(cluster, **here, tokens={"k": "t"}).ok is reviewed
    assert conditions.session_forgets(cluster, **here, tokens=["t"], whole=True).ok is forgets


def encoded(user: str, connector: str) -> str:
    """As Dex does it."""

    def field(tag: int, text: str) -> bytes:
        raw, size = text.encode(), b""
        left = len(raw)
        while left >= 0x80:
            size += bytes([left & 0x7F | 0x80])
            left >>= 7
        return bytes([tag]) + size + bytes([left]) + raw

    whole = field(0x0A, user) + field(0x12, connector)
    return base64.urlsafe_b64encode(whole).decode().rstrip("=")


@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=20))
def test_every_subject_is_decoded(user: str, connector: str) -> None:
    assert subject.decoded(encoded(user, connector)) == (user, connector)


@given(st.text(max_size=40))
def test_any_other_text_is_none_or_reads_back(text: str) -> None:
    found = subject.decoded(text)
    assert found is None or encoded(*found).rstrip("=") == text.rstrip("=")


def test_a_real_subject_is_decoded() -> None:
    assert subject.decoded(ALICE) == ("alice", "ldap")
    assert subject.decoded("alice") is None


OUT = 'dex-1: {"level":"error","msg":"failed to delete refresh token: not found"}'
IN = (
    r'dex-1: {"level":"info","msg":"login successful: connector \"ldap\", username=\"Alice\", '
    r'email=\"%s@sandbox.test\", groups=[\"devs\"]"}'
)


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([IN % "alice", OUT], [("error", {"user": "alice"})]),
        ([IN % "bob", OUT], [("info", {})]),
        ([IN % "alice", OUT, IN % "alice"], []),
        ([IN % "alice", OUT, IN % "bob"], [("error", {"user": "alice"})]),
        ([IN % "alice"], []),
        ([OUT], []),
    ],
)
def test_a_session_without_its_token_is_named(
    healthy: Facts, lines: list[str], found: list[tuple[str, dict[str, str]]]
) -> None:
    judged = [
        each
        for each in check(changed(healthy, log="\n".join(lines)))
        if each.code == "dex/SESSION_DANGLING" and each.remedy
    ]
    assert [(each.severity.value, each.remedy.parameters) for each in judged if each.remedy] == found
