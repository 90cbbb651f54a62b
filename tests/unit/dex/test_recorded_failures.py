"""Every failure of a login that was provoked on a real Dex, OpenLDAP and kube-apiserver, by its log."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from test_dex_checks import SUCCESS, codes, facts

from opskit.core.errors import NotInstalled
from opskit.core.findings import Severity
from opskit.core.kinds import Metadata
from opskit.core.kinds_rbac import Binding, Role, RoleRef, Rule, Subject
from opskit.core.kinds_workloads import Deployment, WorkloadStatus
from opskit.systems.dex import checks, kinds, logs, views
from opskit.systems.dex import codes as dex_codes
from opskit.systems.dex.facts import Facts

RECORDED = json.loads((Path(__file__).parent / "recorded" / "failures.json").read_text())
NOW = datetime(2026, 11, 23, 4, 40, tzinfo=UTC)
FILES = "kube-apiserver-a: E1123 04:39:30.337445   25250 authentication.go:818] "


def dex_log(failure: str) -> str:
    """As Dex writes it, in JSON."""
    said = (line.partition(": ") for line in RECORDED["dex"][failure])
    lines = ({"level": level, "msg": text} for level, _, text in said)
    return "\n".join(f"dex-0: {json.dumps(each, separators=(',', ':'))}" for each in lines)


def apiserver(failure: str, **changed: Any) -> Facts:
    return facts(apiserver_log=f"kube-apiserver-a: {RECORDED['apiserver'][failure]}", now=NOW, **changed)


DEX = {
    "LDAP down at login": ("LDAP_UNREACHABLE", "firewall"),
    "LDAP down at refresh": ("LDAP_UNREACHABLE", "firewall"),
    "wrong bind password": ("LDAP_BIND_REFUSED", "bind: nobody can log in (cn=dex,dc=lab,dc=test)."),
    "wrong bindDN": ("LDAP_BIND_REFUSED", "(cn=absent,dc=lab,dc=test)."),
    "wrong user base": ("LDAP_BASE_MISSING", "nobody can log in (ou=gone,dc=lab,dc=test)."),
    "LDAP certificate not trusted": ("LDAP_NOT_TRUSTED", "Its CA is not the connector's rootCA"),
    "user without mail": ("USER_WITHOUT_MAIL", "that Dex needs (uid=dave,ou=people,dc=lab,dc=test)."),
    "unknown client": ("CLIENT_UNKNOWN", "does not know (other)."),
    "wrong redirect": ("REDIRECT_UNREGISTERED", "not registered (http://evil.test/)."),
    "group mapping wrong": ("GROUPS_EMPTY", "groupSearch does not fit"),
    "wrong password": None,
    "unknown user": None,
    "wrong client secret": None,
    "groups scope not asked": None,
    "LDAP back, refresh": None,
}
"""What Dex' log tells, and what is told of it; None: it is one person's affair, or stands in no log."""


@pytest.mark.parametrize("failure", RECORDED["dex"])
def test_what_dex_logs_is_told_with_whom_it_is_about(failure: str) -> None:
    found = checks.check(facts(log=dex_log(failure)))
    told = DEX[failure]
    assert [each.code for each in found] == ([f"dex/{told[0]}"] if told else [])
    assert all(told and told[1] in each.summary + each.cause for each in found), found


@pytest.mark.parametrize(
    ("failure", "user", "said"),
    [
        ("wrong password", "alice@lab.test", "invalid password for user"),
        ("unknown user", "nobody", "no results returned"),
        ("LDAP certificate not trusted", "alice@lab.test", "unknown authority"),
    ],
)
def test_why_one_person_is_kept_out(failure: str, user: str, said: str) -> None:
    asked = {"user": user, "groups": "", "verb": "get", "resource": "pods"}
    step = views.why_denied(facts(log=dex_log(failure)), **asked).set_index("step").loc["logged in"]
    assert (step["answer"], said in step["what"]) == ("no", True)


API = {
    "new log-in after that restart: the API server keeps the cached keys for max-age": "KEYS_STALE",
    "expired token": "TOKEN_EXPIRED",
    "token: nbf an hour ahead": "TOKEN_NOT_YET_VALID",
    "token: expired a minute ago (slow clock at Dex)": "TOKEN_EXPIRED",
    "token: other audience": "TOKEN_AUDIENCE",
    "token: other issuer": "TOKEN_FOREIGN",
    "token: mail not verified": "MAIL_NOT_VERIFIED",
    "token: no mail claim": "CLAIM_MISSING",
    "config: audience": "TOKEN_AUDIENCE",
}


@pytest.mark.parametrize("failure", RECORDED["apiserver"])
def test_what_the_api_server_logs_is_told(failure: str) -> None:
    assert codes(apiserver(failure)) == [API[failure]]


def test_a_refusal_of_long_ago_is_over() -> None:
    later = NOW.replace(hour=5)
    for failure in API:
        assert codes(msgspec.structs.replace(apiserver(failure), now=later)) == []


def test_a_foreign_token_is_no_news_where_the_issuers_differ() -> None:
    other = msgspec.structs.replace(facts().trusts[0], issuer="https://old.example.test")  # type: ignore[index]
    assert codes(apiserver("token: other issuer", trusts=[other])) == ["ISSUER_MISMATCH"]


@pytest.mark.parametrize(
    ("storage", "severity"), [("memory", Severity.ERROR), ("kubernetes", Severity.WARNING)]
)
def test_stale_keys_are_told_by_where_dex_keeps_its_own(storage: str, severity: Severity) -> None:
    config = msgspec.convert({**_config(), "storage": {"type": storage}}, kinds.DexConfig)
    failure = "new log-in after that restart: the API server keeps the cached keys for max-age"
    found = {each.code: each for each in checks.check(apiserver(failure, config=config))}
    assert found["dex/KEYS_STALE"].severity is severity
    assert ("restarted" in found["dex/KEYS_STALE"].cause) is (storage == "memory")


def _config() -> dict[str, Any]:
    return msgspec.to_builtins(facts().config)


@pytest.mark.parametrize(
    ("failure", "cause"),
    [
        ("CA missing", "certificateAuthority in the file did not sign"),
        ("schema error", "no valid AuthenticationConfiguration"),
        ("not YAML", "no valid AuthenticationConfiguration"),
    ],
)
def test_a_refused_authentication_file_is_told_with_its_cause(failure: str, cause: str) -> None:
    log = "\n".join(FILES + line for line in RECORDED["files"][failure])
    (one,) = checks.check(facts(apiserver_log=log, now=NOW))
    assert (one.code, cause in one.cause) == ("dex/AUTHENTICATION_CONFIG_REJECTED", True)


def test_an_error_over_several_lines_is_read_whole() -> None:
    said = (
        FILES + '"failed to update authentication config" err=<',
        'kube-apiserver-a: \t[oidc: authenticator for issuer "https://d/dex/" is not healthy: oidc: issuer '
        "did not match the issuer returned by provider",
        "kube-apiserver-a:  >",
    )
    (one,) = checks.check(facts(apiserver_log="\n".join(said), now=NOW))
    assert one.cause.startswith("issuer.url in the file is not what the issuer calls itself")
    assert "returned by provider >" in one.evidence[0].text


def test_an_empty_list_of_issuers_puts_everybody_out() -> None:
    assert codes(facts(trusts=[])) == ["NO_ISSUER_TRUSTED"]


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        ("\n".join(f"dex-0: {line}" for line in RECORDED["start"]), "Dex' CRDs are missing"),
        ("dex-0: failed to initialize server: no such file", "Dex ends at its start: failed to initialize"),
        ("", "do not become ready"),
    ],
)
def test_a_dex_that_does_not_start_is_told_with_its_last_words(log: str, cause: str) -> None:
    down = Deployment(metadata=Metadata(name="dex", namespace="dex"), status=WorkloadStatus())
    found = checks.check(facts(deployments=[down], log=log))
    assert [each.code for each in found] == ["dex/DEX_DOWN"]
    assert cause in found[0].cause


def test_logs_of_several_pods_are_one_story() -> None:
    failed = dex_log("wrong bind password").replace("}", ',"time":"2026-11-23T04:39:00Z"}')
    early = SUCCESS.replace("}", ',"time":"2026-11-23T04:10:00Z"}')
    late = early.replace("04:10:00", "04:39:30")
    assert codes(facts(log=f"{failed}\n{early}")) == ["LDAP_BIND_REFUSED"]
    assert codes(facts(log=f"{failed}\n{late}")) == []
    assert logs.entries("") == []


@pytest.mark.parametrize(
    "line",
    [
        'apiserver_resource_objects{group="dex.coreos.com",resource="authcodes"} 3',
        'apiserver_storage_objects{resource="authcodes.dex.coreos.com"} 3',
    ],
)
def test_codes_are_counted_and_never_read(line: str) -> None:
    others = 'apiserver_resource_objects{group="dex.coreos.com",resource="authrequests"} 7'
    assert dex_codes.stored(f"# HELP\n{others}\n{line}\n") == 3
    with pytest.raises(NotInstalled):
        dex_codes.stored(others)


def test_logins_that_no_application_fetches_are_told() -> None:
    assert codes(facts(codes_waiting=0)) == []
    (one,) = checks.check(facts(codes_waiting=2))
    assert (one.code, one.severity) == ("dex/CODES_NOT_REDEEMED", Severity.INFO)
    assert one.summary.startswith("2 logins")


def test_a_newer_dex_logs_a_wrong_secret() -> None:
    line = 'dex-0: {"level":"info","msg":"invalid client_secret on token request for client: grafana"}'
    assert codes(facts(log=line)) == ["CLIENT_SECRET_WRONG"]


def _bound(*, to: Subject, rules: list[Rule]) -> dict[str, Any]:
    role = Role(metadata=Metadata(name="r"), rules=rules)
    binding = Binding(
        metadata=Metadata(name="b"), subjects=[to], role_ref=RoleRef(kind="ClusterRole", name="r")
    )
    return {"cluster_roles": [role], "cluster_bindings": [binding]}


READER = Rule(verbs=["get", "list"], api_groups=["*"], resources=["*"])
ADMIN = Rule(verbs=["*"], api_groups=["*"], resources=["*"])
PODS = Rule(verbs=["get"], api_groups=[""], resources=["pods"])


@pytest.mark.parametrize(
    ("to", "rule", "told"),
    [
        (Subject(kind="Group", name="support"), READER, True),
        (Subject(kind="Group", name="system:authenticated"), READER, True),
        (Subject(kind="ServiceAccount", name="exporter", namespace="monitoring"), READER, True),
        (Subject(kind="ServiceAccount", name="dex", namespace="dex"), READER, False),
        (Subject(kind="ServiceAccount", name="namespace-controller", namespace="kube-system"), READER, False),
        (Subject(kind="User", name="system:kube-controller-manager"), READER, False),
        (Subject(kind="Group", name="support"), ADMIN, False),
        (Subject(kind="Group", name="support"), PODS, False),
    ],
)
def test_who_reads_the_signing_keys_can_be_anybody(to: Subject, rule: Rule, told: bool) -> None:
    found = codes(facts(**_bound(to=to, rules=[rule])))
    assert found == (["SIGNING_KEYS_READABLE"] if told else [])
