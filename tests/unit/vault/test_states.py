"""What is said of a real OpenBao in each of its states, and of what is no Vault at all."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.core.cluster import Cluster
from opskit.core.errors import Unreachable
from opskit.core.findings import Severity
from opskit.core.parts import unread
from opskit.systems.vault import policies, signs, views
from opskit.systems.vault.checks import check
from opskit.systems.vault.facts import Facts, read
from opskit.systems.vault.leases import Leases, Prefix
from opskit.systems.vault.system import SYSTEM

from .replay import RECORDED, Answers, Replay, cluster

STATES = [
    ("healthy", []),
    ("token-refused", ["TOKEN_REFUSED"]),
    ("token-missing", ["TOKEN_REFUSED"]),
    ("node-down", ["NODE_DOWN"]),
    ("node-sealed", ["SEALED"]),
    ("quorum-lost", ["NO_LEADER"]),
    ("all-sealed", ["SEALED"]),
]


def codes(facts: Facts) -> list[str]:
    return [each.code.removeprefix("vault/") for each in check(facts)]


@pytest.mark.parametrize(("state", "expected"), STATES)
def test_each_state_has_one_cause(state: str, expected: list[str]) -> None:
    assert codes(read(cluster(state))) == expected


def test_every_recorded_state_is_judged() -> None:
    told = {state for state, _ in STATES} | {"audit-differs"}
    assert {path.stem for path in RECORDED.glob("*.json")} == told


def test_a_lost_quorum_names_the_nodes_that_are_away() -> None:
    found = check(read(cluster("quorum-lost")))[0]
    assert found.severity is Severity.CRITICAL
    assert (
        "Quorum is lost: of 3 nodes, https://127.0.0.1:18320, https://127.0.0.1:18330 are down" in found.cause
    )
    assert "may still answer reads, no write succeeds" in found.summary


def test_a_sealed_node_says_how_it_is_unsealed() -> None:
    found = check(read(cluster("node-sealed")))[0]
    assert (found.severity, found.subject) == (Severity.ERROR, "node https://127.0.0.1:18330")
    assert found.remedy is not None
    assert "Give 2 of 3 shares" in found.remedy.text
    assert "failure_tolerance 0" in [each.text for each in found.evidence]


def test_all_sealed_is_one_critical_finding() -> None:
    found = check(read(cluster("all-sealed")))
    assert (found[0].severity, found[0].subject) == (Severity.CRITICAL, "all 3 nodes that answer")


def test_the_frames_tell_what_was_recorded() -> None:
    facts = read(cluster("healthy"))
    assert list(unread(facts)) == []
    assert list(views.nodes(facts)["state"]) == ["active", "standby", "standby"]
    held = views.leases(facts).set_index("prefix")["leases"]
    assert held["pki/issue/web"] == 3
    assert held["auth/userpass/login/someone"] == 2
    assert (views.leases(facts)["age_hours"] < 1).all()
    assert set(views.keys(facts)["sort"]) == {"transit", "pki"}
    assert len(views.tokens(facts)) == 4
    assert list(views.mounts(facts)["sort"]).count("audit") == 1
    for state, _ in STATES:
        seen = read(cluster(state))
        for frame in (views.nodes, views.leases, views.tokens, views.mounts, views.keys):
            assert list(frame(seen).columns) == list(frame(facts).columns)


@pytest.mark.parametrize(
    ("days", "expected"),
    [(366, ["TRANSIT_KEY_OLD"]), (3630, ["PKI_CA_ENDS", "TRANSIT_KEY_OLD"])],
)
def test_what_ages_is_told(days: int, expected: list[str]) -> None:
    found = codes(read(cluster("healthy", later=timedelta(days=days))))
    assert [each for each in found if each != "CLOCK_SKEW"] == expected


def _with(facts: Facts, **parts: Any) -> Facts:
    import msgspec

    return msgspec.structs.replace(facts, **parts)


def test_no_audit_device_many_leases_wide_policy() -> None:
    facts = read(cluster("healthy"))
    assert codes(_with(facts, audit={})) == ["AUDIT_NONE"]
    many = Leases(prefixes=(Prefix(path="database/creds/app", leases=20_000),))
    found = check(_with(facts, leases=many))
    assert [each.code for each in found] == ["vault/LEASES_MANY"]
    assert found[0].remedy is not None
    assert found[0].remedy.parameters == {"prefix": "database/creds/app"}
    wide = {
        "admin": type(next(iter(facts.policies.values())))(policy='path "*" { capabilities = ["update"] }')
    }  # type: ignore[union-attr]
    assert codes(_with(facts, policies=wide)) == ["POLICY_TOO_WIDE"]


def test_a_root_token_is_forgotten_after_a_day() -> None:
    facts = read(cluster("audit-differs"))
    root = [each for each in check(facts) if each.code == "vault/ROOT_TOKEN"]
    assert [each.severity for each in root] == [Severity.INFO]
    later = read(cluster("audit-differs", later=timedelta(days=2)))
    assert next(each for each in check(later) if each.code == "vault/ROOT_TOKEN").severity is Severity.WARNING


def test_only_the_log_tells_that_audit_devices_differ() -> None:
    log = "\n".join(Replay("audit-differs").log)
    found = signs.read(log)
    assert [(each.name, each.pods) for each in found] == [("audit-differs", ("bao1", "bao2"))]
    assert "audit0.log (table) vs" in found[0].line
    facts = _with(read(cluster("audit-differs")), signs=found)
    told = [each for each in check(facts) if each.code == "vault/AUDIT_DIFFERS"]
    assert told
    assert told[0].subject == "standbys bao1, bao2"


@pytest.mark.parametrize(
    ("reader", "code", "said"),
    [
        (
            Answers(error=Unreachable("The server's certificate is not trusted: self-signed certificate.")),
            "TLS_NOT_TRUSTED",
            "not signed by the CA that opskit was given",
        ),
        (
            Answers(error=Unreachable("The connection was refused: nothing listens there.")),
            "UNREACHABLE",
            "Nothing listens there",
        ),
        (
            Answers(error=Unreachable("The server's name does not resolve: x.")),
            "UNREACHABLE",
            "host name of the address is wrong",
        ),
        (Answers(body=b"<html>Log in</html>"), "NOT_VAULT", "belongs to something else"),
        (Answers(body=b"404 page not found", status=404), "NOT_VAULT", "belongs to something else"),
    ],
)
def test_what_can_not_be_asked_is_one_clear_sentence(reader: Answers, code: str, said: str) -> None:
    found = check(read(Cluster(reader)))
    assert [each.code for each in found] == [f"vault/{code}"]
    assert found[0].severity is Severity.CRITICAL
    assert said in found[0].cause
    assert found[0].summary.startswith("Vault can't be asked: ")


def test_a_cluster_without_vault_is_told_so() -> None:
    from opskit.core.errors import NotInstalled

    facts = read(Cluster(Answers(error=NotInstalled("No server 'vault' is named or found."))))
    assert SYSTEM.absent(facts) == "not installed"
    assert check(facts) == []


def test_a_path_without_right_is_unread_and_the_rest_goes_on() -> None:
    recorded = Replay("healthy")
    for name, kept in recorded.reads.items():
        if "/v1/sys/audit" in name:
            kept |= {"status": 403, "body": '{"errors":["permission denied"]}'}
    facts = read(Cluster(recorded, settings=recorded.settings))
    assert "Vault refuses sys/audit: permission denied." in facts.audit.reason  # type: ignore[union-attr]
    assert codes(facts) == []


@pytest.mark.parametrize(
    ("text", "wide"),
    [
        ('path "*" { capabilities = ["create", "update"] }', True),
        ('path "sys/policies/acl/*" { capabilities = ["update"] }', True),
        ('path "sys/*" {\n  capabilities = ["read", "list", "sudo"]\n}', False),
        ('# path "*" { capabilities = ["update"] }\npath "secret/*" { capabilities = ["update"] }', False),
        ('path "auth/token/*" { capabilities = ["update", "sudo"] }', True),
        ('path "*" { capabilities = ["read"] }', False),
        ('{"path": {"*": {"capabilities": ["sudo", "update"]}}}', True),
        ('path "+/+/acl/*" { capabilities = ["update"] }', True),
        ('path "*" { capabilities = ["deny", "update"] }', False),
    ],
)
def test_policies_that_are_as_good_as_root(text: str, wide: bool) -> None:
    assert bool(policies.too_wide(text)) is wide


@given(st.text())
def test_no_policy_or_log_breaks_the_reader(text: str) -> None:
    assert isinstance(policies.too_wide(text), list)
    assert isinstance(signs.read(text), list)


@given(st.binary(), st.integers(200, 599))
def test_no_answer_breaks_the_reader(body: bytes, status: int) -> None:
    check(read(Cluster(Answers(body=body, status=status))))


def test_what_the_secrets_operators_say() -> None:
    """Their controllers can't be had here: the objects follow the released CRDs."""
    sick = {
        "metadata": {"name": "app", "namespace": "shop"},
        "status": {"valid": False, "error": "no connection to https://vault"},
    }
    vault = {
        "metadata": {"name": "vault", "namespace": "vault"},
        "status": {"conditions": [{"type": "Healthy", "status": "False", "error": "vault is sealed"}]},
    }
    facts = read(cluster("healthy", objects={"vaultauths": [sick], "vaults": [vault]}))
    found = check(facts)
    assert [each.code for each in found] == ["vault/SYNC_FAILING", "vault/VAULT_RESOURCE_UNHEALTHY"]
    assert "no connection to https://vault" in found[0].cause


@pytest.mark.parametrize(("refusing", "told"), [(("bao0",), ["AUDIT_BLOCKED"]), ((), [])])
def test_a_blocked_audit_device_is_told_only_while_requests_fail(
    refusing: tuple[str, ...], told: list[str]
) -> None:
    line = "bao0: [ERROR] audit: no audit backend succeeded in logging the request: request_path=sys/mounts"
    facts = _with(read(cluster("healthy")), signs=signs.read(line), refusing=refusing)
    assert [each for each in codes(facts) if each == "AUDIT_BLOCKED"] == told
