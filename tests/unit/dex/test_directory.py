"""What a directory answers, judged; the answers are OpenLDAP's to the searches of a real connector."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pytest
from test_dex_checks import LINES, codes, facts

from opskit.core import heads
from opskit.core.cluster import Cluster
from opskit.core.directory import Entry, Searched, search
from opskit.core.errors import NotInSnapshot, Unauthorized
from opskit.core.parts import Unread, attempt
from opskit.core.reads import Answer, ClusterInfo, SearchDirectory
from opskit.core.recorder import Recorder
from opskit.systems.dex import checks, kinds, trying, views_trying
from opskit.systems.dex.directory import Base, Directory, server
from opskit.systems.dex.facts import Facts

SUFFIX = "dc=sandbox,dc=test"
CONNECTOR = {
    "type": "ldap",
    "id": "ldap",
    "config": {
        "host": "ldap.example.test:636",
        "bindDN": f"cn=dex,{SUFFIX}",
        "userSearch": {
            "baseDN": f"ou=people,{SUFFIX}",
            "filter": "(objectClass=person)",
            "username": "uid",
            "idAttr": "uid",
            "emailAttr": "mail",
            "nameAttr": "cn",
        },
        "groupSearch": {
            "baseDN": f"ou=groups,{SUFFIX}",
            "filter": "(objectClass=groupOfNames)",
            "userMatchers": [{"userAttr": "DN", "groupAttr": "member"}],
            "nameAttr": "cn",
        },
    },
}
ALICE = Entry(
    dn=f"uid=alice,ou=people,{SUFFIX}",
    attributes={"uid": ("alice",), "mail": ("alice@sandbox.test",), "cn": ("Alice",)},
)
ADMINS = Entry(dn=f"cn=admins,ou=groups,{SUFFIX}", attributes={"cn": ("admins",)})
USERS = "(&(objectClass=person)(uid=alice))"
GROUPS = f"(&(objectClass=groupOfNames)(member={ALICE.dn}))"


def found(*entries: Entry) -> Searched:
    return Searched(code=0, said="success", entries=entries)


def nothing_there(matched: str = SUFFIX) -> Searched:
    return Searched(code=32, said="noSuchObject", matched=matched)


class Directories:
    """A cluster that knows nothing but searches."""

    def info(self) -> ClusterInfo:
        return ClusterInfo(name="c", server="", uid="u", version="v1.37.2", live=True)

    def now(self) -> datetime:
        return datetime(2026, 11, 25, tzinfo=UTC)

    def __init__(self, answers: dict[str, Searched | Exception]) -> None:
        self.answers, self.asked, self.reader = answers, list[SearchDirectory](), self

    def answer(self, read: SearchDirectory, *, deadline: float) -> Answer:
        self.asked.append(read)
        told = self.answers[read.filter]
        if isinstance(told, Exception):
            raise told
        return Answer(body=msgspec.json.encode(told))


def with_connector(**changed: Any) -> Facts:
    config = msgspec.convert(
        {"issuer": "https://dex.example.test/dex", "connectors": [CONNECTOR]}, kinds.DexConfig
    )
    return facts(config=config, **changed)


def steps(answers: dict[str, Any], **parameters: Any) -> pd.DataFrame:
    read = with_connector()
    tried = trying.try_login(Directories(answers), read, user="alice", **parameters)  # type: ignore[arg-type]
    return views_trying.tried(read, tried)


def base(setting: str, *, there: bool) -> Base:
    told = Base(setting=setting, dn=f"ou=x,{SUFFIX}", there=there)
    beside = (f"ou=groups,{SUFFIX}", f"ou=people,{SUFFIX}")
    return (
        told if there else msgspec.structs.replace(told, matched=SUFFIX, beside=beside, said="noSuchObject")
    )


def directory(*bases: Base, refused: str = "") -> dict[str, Directory | Unread]:
    return {
        "ldap": Directory(
            connector="ldap", address="ldap.example.test:636", bind="cn=dex", refused=refused, bases=bases
        )
    }


UNREACHABLE = Unread(part="ldap", error="Unreachable", reason="connection refused")
NO_PASSWORD = Unread(part="ldap", error="NotInstalled", reason="no password is known here")


@pytest.mark.parametrize(
    ("read", "told"),
    [
        (directory(base("userSearch", there=True), base("groupSearch", there=True)), []),
        (directory(base("userSearch", there=True), base("groupSearch", there=False)), ["LDAP_BASE_MISSING"]),
        (directory(refused="invalidCredentials"), ["LDAP_BIND_REFUSED"]),
        ({"ldap": UNREACHABLE}, ["LDAP_UNREACHABLE"]),
        ({"ldap": NO_PASSWORD}, []),
        ({}, []),
    ],
)
def test_what_the_directory_says_is_judged(read: dict[str, Any], told: list[str]) -> None:
    assert codes(facts(directories=read)) == told


def test_a_missing_base_is_named_with_what_is_there_instead() -> None:
    (one,) = checks.check(facts(directories=directory(base("groupSearch", there=False))))
    assert "groupSearch.baseDN of the connector ldap is ou=x," in one.summary
    assert f"ou=groups,{SUFFIX}" in one.cause


@pytest.mark.parametrize(
    ("code", "read", "subject"),
    [
        ("LDAP_UNREACHABLE", {"ldap": UNREACHABLE}, "Dex"),
        ("LDAP_BIND_REFUSED", directory(refused="invalidCredentials"), "Dex"),
    ],
)
def test_what_dex_saw_itself_is_told_once(code: str, read: dict[str, Any], subject: str) -> None:
    line = f'dex-1: {{"level":"error",{LINES[code]}}}'
    told = checks.check(facts(log=line, directories=read))
    assert [(each.code, each.subject) for each in told] == [(f"dex/{code}", subject)]


def test_a_login_goes_to_the_groups_and_what_the_api_server_makes_of_them() -> None:
    table = steps({USERS: found(ALICE), GROUPS: found(ADMINS)})
    assert list(table["answer"]) == ["yes", "yes", "yes", "yes", "yes", "no"]
    assert table.iloc[-2]["what"] == "oidc:alice@sandbox.test; oidc:admins"


@pytest.mark.parametrize(
    ("answers", "step", "said"),
    [
        ({USERS: found()}, "exactly one entry", "no entry fits"),
        ({USERS: found(ALICE, ADMINS)}, "exactly one entry", "2 fit"),
        ({USERS: nothing_there()}, "exactly one entry", "noSuchObject"),
        (
            {USERS: found(Entry(dn=ALICE.dn, attributes={"uid": ("alice",)})), GROUPS: found()},
            "all that Dex needs is in it",
            "lacks cn, mail",
        ),
        ({USERS: found(ALICE), GROUPS: nothing_there()}, f"groups by {GROUPS}", "does not exist"),
        ({USERS: found(ALICE), GROUPS: found()}, f"groups by {GROUPS}", "none below"),
    ],
)
def test_the_first_no_is_the_cause(answers: dict[str, Any], step: str, said: str) -> None:
    table = steps(answers)
    first = table[table["answer"] == "no"].iloc[0]
    assert (first["step"], said in first["what"]) == (step, True), table.to_string()


def test_what_is_typed_is_no_filter() -> None:
    asked = Directories({r"(&(objectClass=person)(uid=\2a\29\28uid=\2a))": found()})
    trying.try_login(asked, with_connector(), user="*)(uid=*")  # type: ignore[arg-type]
    assert len(asked.asked) == 1


@pytest.mark.parametrize(
    ("changed", "address"),
    [
        ({}, "ldap@ldaps://ldap.example.test:636"),
        ({"startTLS": True}, "ldap@ldap+tls://ldap.example.test:636"),
        ({"insecureNoSSL": True}, "ldap@ldap://ldap.example.test:636"),
    ],
)
def test_it_is_reached_as_dex_reaches_it(changed: dict[str, Any], address: str) -> None:
    made = {**CONNECTOR, "config": {**CONNECTOR["config"], **changed}}  # type: ignore[dict-item]
    assert server(msgspec.convert(made, kinds.Connector)) == address


def test_a_capture_keeps_what_was_searched_and_what_was_refused(tmp_path: Path) -> None:
    refused = Unauthorized("The directory refuses the bind of cn=dex.", where="ldap", hint="check it")
    for told in (found(ALICE), nothing_there(), refused):
        recorder = Recorder(Directories({USERS: told}))  # type: ignore[arg-type]
        read = SearchDirectory(server="ldap", base=SUFFIX, filter=USERS, bind="cn=dex", password="env:PW")
        seen = attempt("x", lambda: search(Cluster(recorder), read))  # noqa: B023
        with Cluster.open(str(recorder.save(tmp_path / "kept.opskit"))) as kept:
            assert attempt("x", lambda: search(kept, read)) == seen  # noqa: B023
            assert isinstance(seen, Unread) is isinstance(told, Unauthorized)


def test_a_capture_keeps_a_servers_clock(tmp_path: Path) -> None:
    recorder = Recorder(Clocks())  # type: ignore[arg-type]
    asked = heads.ask(Cluster(recorder), "/keys", server="dex")
    with Cluster.open(str(recorder.save(tmp_path / "kept.opskit"))) as kept:
        assert heads.ask(kept, "/keys", server="dex") == asked
        with pytest.raises(NotInSnapshot, match="by its own clock"):
            heads.ask(kept, "/keys")


class Clocks(Directories):
    """A cluster that knows nothing but the time."""

    def __init__(self) -> None:
        super().__init__({})

    def answer(self, read: Any, *, deadline: float) -> Answer:
        head = heads.Head(asked=0.0, answered=1.0, date="Wed, 25 Nov 2026 00:00:00 GMT", kept="max-age=9")
        return Answer(body=msgspec.json.encode(head))
