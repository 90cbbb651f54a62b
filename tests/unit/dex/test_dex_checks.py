"""Facts in, findings out; the log lines are Dex 2.13's and kube-apiserver 1.37's own."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from opskit.core.kinds import Metadata
from opskit.core.kinds_rbac import Binding, Role, RoleRef, Rule, Subject
from opskit.core.kinds_workloads import Deployment, WorkloadStatus
from opskit.core.parts import Unread
from opskit.systems.dex import checks, kinds, logs, views
from opskit.systems.dex.facts import ApiServer, Facts, Trust

ISSUER = "https://dex.example.test/dex"
LINES = {
    "LDAP_UNREACHABLE": r'"msg":"Failed to login user: failed to connect: '
    r'LDAP Result Code 200 \"Network Error\": dial tcp 127.83.1.30:1636: connect: connection refused"',
    "LDAP_BIND_REFUSED": r'"msg":"Failed to login user: ldap: initial bind for user '
    r'\"cn=dex,dc=sandbox,dc=test\" failed: LDAP Result Code 49 \"Invalid Credentials\": "',
    "USER_WITHOUT_MAIL": r'"msg":"Failed to login user: ldap: entry '
    r'\"uid=dave,ou=people,dc=sandbox,dc=test\" missing following required attribute(s): [\"mail\"]"',
}
SUCCESS = (
    r'dex-1: {"level":"info","msg":"login successful: connector \"ldap\", username=\"Bob\", '
    r'email=\"bob@sandbox.test\", groups=[\"devs\"]"}'
)


def facts(**changed: Any) -> Facts:
    mapped = kinds.Claim(claim="email", prefix="oidc:")
    trust = Trust(
        node="cp-1",
        issuer=ISSUER,
        audiences=("kubernetes",),
        username=mapped,
        groups=kinds.Claim(claim="groups", prefix="oidc:"),
    )
    config = {
        "issuer": ISSUER,
        "storage": {"type": "kubernetes"},
        "staticClients": [{"id": "kubernetes", "public": True, "redirectURIs": ["http://localhost:8000"]}],
        "connectors": [
            {"type": "ldap", "id": "ldap", "config": {"host": "ldap:636", "groupSearch": {"baseDN": "ou=g"}}}
        ],
    }
    ready = Deployment(
        metadata=Metadata(name="dex", namespace="dex"), status=WorkloadStatus(ready_replicas=1)
    )
    healthy = Facts(
        namespace="dex",
        now=datetime(2026, 11, 25, tzinfo=UTC),
        deployments=[ready],
        config=msgspec.convert(config, kinds.DexConfig),
        discovery=kinds.Discovery(issuer=ISSUER),
        keys=kinds.KeySet(keys=[kinds.Key(kid="a", alg="RS256")]),
        log=SUCCESS,
        apiservers=[ApiServer(node="cp-1", flags={}, file="/etc/kubernetes/authn.yaml")],
        trusts=[trust],
        apiserver_log="",
        sessions=[],
        roles=[],
        cluster_roles=[],
        bindings=[],
        cluster_bindings=[],
    )
    return msgspec.structs.replace(healthy, **changed)


def codes(read: Facts) -> list[str]:
    return [each.code.removeprefix("dex/") for each in checks.check(read)]


def trusting(issuer: str) -> Trust:
    return msgspec.structs.replace(facts().trusts[0], issuer=issuer)  # type: ignore[index]


def test_a_healthy_dex_raises_nothing() -> None:
    assert codes(facts()) == []


@pytest.mark.parametrize("code", LINES)
def test_the_log_names_the_cause_until_somebody_gets_in_again(code: str) -> None:
    line = f'dex-1: {{"level":"error",{LINES[code]}}}'
    assert codes(facts(log=f"{SUCCESS}\n{line}")) == [code]
    assert codes(facts(log=f"{line}\n{SUCCESS}")) == []


def test_a_slash_too_many_is_another_issuer() -> None:
    found = checks.check(facts(trusts=[trusting(f"{ISSUER}/")]))
    assert [each.code for each in found] == ["dex/ISSUER_MISMATCH"]
    assert "slash" in found[0].summary


REJECTED = (
    'kube-apiserver-a: E1124 %s.337445 25250 authentication.go] "failed to update authentication config" '
    'err="[oidc: authenticator for issuer \\"https://dex.example.test/dex/\\" is not healthy"'
)


@pytest.mark.parametrize(("at", "told"), [("23:58:30", True), ("23:55:00", False)])
def test_a_configuration_that_was_put_back_is_not_refused_any_more(at: str, told: bool) -> None:
    found = codes(facts(apiserver_log=REJECTED % at))
    assert ("AUTHENTICATION_CONFIG_REJECTED" in found) is told


@pytest.mark.parametrize(("now", "told"), [("00:01", True), ("00:10", False)])
def test_the_turn_of_the_year_keeps_the_order(now: str, told: bool) -> None:
    line = REJECTED.replace("E1124", "E1231") % "23:59:30"
    read = facts(apiserver_log=line, now=datetime.fromisoformat(f"2027-01-01T{now}Z"))
    assert ("AUTHENTICATION_CONFIG_REJECTED" in codes(read)) is told


def test_what_comes_after_new_year_is_newer() -> None:
    refused = 'b: E0101 00:00:01.000001 1 authentication.go] "refused"'
    taken = 'a: I1231 23:59:59.000001 1 authentication.go] "reloaded authentication config"'
    assert logs.entries(f"{refused}\n{taken}") == [taken, refused]


def test_a_configuration_that_does_not_validate_is_told_once_and_stays_so() -> None:
    line = REJECTED.replace("update", "validate") % "23:05:00"
    assert codes(facts(apiserver_log=line)) == ["AUTHENTICATION_CONFIG_REJECTED"]
    over = 'kube-apiserver-a: I1124 23:06:00.000001 25250 authentication.go] "reloaded authentication config"'
    assert codes(facts(apiserver_log=f"{line}\n{over}")) == []


def test_a_file_that_one_api_server_takes_may_still_be_refused_by_another() -> None:
    refused = [REJECTED.replace("kube-apiserver-a", f"kube-apiserver-{each}") % "23:58:30" for each in "ab"]
    taken = (
        'kube-apiserver-a: I1124 23:59:00.000001 25250 authentication.go] "reloaded authentication config"'
    )
    (found,) = checks.check(facts(apiserver_log="\n".join((refused[0], taken, refused[1]))))
    assert found.code.endswith("AUTHENTICATION_CONFIG_REJECTED")
    assert found.evidence[0].text.startswith("kube-apiserver-b: ")
    assert "kube-apiserver-a" not in found.evidence[0].text


def test_api_servers_that_do_not_agree_are_told() -> None:
    other = msgspec.structs.replace(trusting("https://old.example.test"), node="cp-2")
    servers = [ApiServer(node=node, flags={}, file="/f") for node in ("cp-1", "cp-2")]
    assert "APISERVERS_DIFFER" in codes(facts(trusts=[trusting(ISSUER), other], apiservers=servers))


def test_what_could_not_be_read_is_no_alarm() -> None:
    unread = Unread(part="x", error="Forbidden", reason="no right")
    everything = dict.fromkeys(("config", "keys", "log", "apiservers", "trusts", "apiserver_log"), unread)
    assert codes(facts(**everything)) == []


@pytest.mark.parametrize(
    ("type", "config", "code"),
    [
        ("github", {}, "GITHUB_OPEN"),
        ("microsoft", {"tenant": "common"}, "MICROSOFT_OPEN"),
        ("saml", {"insecureSkipSignatureValidation": True}, "SAML_NOT_VERIFIED"),
        ("ldap", {"insecureNoSSL": True}, "LDAP_WITHOUT_TLS"),
        (
            "github",
            {"orgs": [{"name": "us"}], "redirectURI": "https://other.test/"},
            "CONNECTOR_CALLBACK",
        ),
    ],
)
def test_connectors_are_judged_by_their_configuration(type: str, config: dict[str, Any], code: str) -> None:
    made = msgspec.convert(
        {"issuer": ISSUER, "connectors": [{"type": type, "id": "c", "config": config}]}, kinds.DexConfig
    )
    assert code in codes(facts(config=made))


def test_why_denied_names_the_binding_that_lacks_the_prefix() -> None:
    binding = Binding(
        metadata=Metadata(name="developers", namespace="shop"),
        subjects=[Subject(kind="Group", name="devs")],
        role_ref=RoleRef(kind="ClusterRole", name="view"),
    )
    role = Role(
        metadata=Metadata(name="view"),
        rules=[Rule(verbs=["get"], api_groups=[""], resources=["pods"])],
    )
    read = facts(bindings=[binding], cluster_roles=[role])
    asked = {"user": "bob@sandbox.test", "groups": "", "verb": "get", "resource": "pods", "namespace": "shop"}
    last = views.why_denied(read, **asked).iloc[-1]
    assert last["answer"] == "no"
    assert "Group devs" in last["what"]
    mended = msgspec.structs.replace(binding, subjects=[Subject(kind="Group", name="oidc:devs")])
    assert (
        views.why_denied(facts(bindings=[mended], cluster_roles=[role]), **asked).iloc[-1]["answer"] == "yes"
    )


IN = 'dex-0: {"level":"info","msg":"login successful: email=\\"%s\\", groups=[\\"devs\\"]"}'
BIND = (
    'dex-0: {"level":"error","msg":"Failed to login user: ldap: initial bind for user \\"cn=dex\\" failed"}'
)
WRONG = 'dex-0: {"level":"error","msg":"ldap: invalid password for user \\"cn=%s,ou=people\\""}'
ALICE, BOB = "alice@sandbox.test", "bob@sandbox.test"


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        ([], "unknown"),
        ([IN % ALICE], "yes"),
        ([IN % "alice@other.test"], "unknown"),
        ([IN % ALICE, BIND], "no"),
        ([BIND, IN % BOB], "unknown"),
        ([IN % ALICE, BIND, IN % BOB], "yes"),
        ([IN % ALICE, WRONG % "alice"], "no"),
        ([WRONG % "alice", IN % BOB], "no"),
        ([WRONG % "alice", IN % ALICE], "yes"),
        ([IN % ALICE, WRONG % "malice"], "yes"),
    ],
)
def test_the_newest_login_decides_and_only_the_persons_own(lines: list[str], answer: str) -> None:
    asked = {"user": ALICE, "groups": "", "verb": "get", "resource": "pods"}
    steps = views.why_denied(facts(log="\n".join(lines)), **asked)
    assert steps.set_index("step").loc["logged in", "answer"] == answer
