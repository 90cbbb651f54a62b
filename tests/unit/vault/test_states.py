"""What is said of a real OpenBao in each of its states, and of what is no Vault at all."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.core.cluster import Cluster
from opskit.core.errors import Unreachable
from opskit.core.findings import Severity
from opskit.core.parts import Unread, attempt, unread
from opskit.systems.vault import answers, client, nodes, policies, reviewing, signs, views
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


def test_a_node_that_is_down_is_told_in_a_few_words() -> None:
    (one,) = check(read(cluster("node-down")))
    assert one.summary == "https://127.0.0.1:18330 does not answer: nothing listens there."


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


WORDS = json.loads((RECORDED.parent / "recorded_words.json").read_text())


@pytest.mark.parametrize(
    ("end", "told"), [("", "It ends at its start: Failed to initiate raft retry join"), ("started", "")]
)
def test_a_node_that_does_not_start_is_told_with_its_last_words(end: str, told: str) -> None:
    name = "https://127.0.0.1:18330"
    log = "\n".join(f"{name}: {line}" for line in WORDS["retry_join"])
    log += f"\n{name}: ==> OpenBao server started!" if end else ""
    (one,) = check(_with(read(cluster("node-down")), signs=signs.read(log)))
    assert one.code == "vault/NODE_DOWN"
    assert one.cause.startswith(told or "Nothing listens there")


def test_the_last_words_of_another_node_are_not_this_ones() -> None:
    log = "\n".join(f"another: {line}" for line in WORDS["retry_join"])
    (one,) = check(_with(read(cluster("node-down")), signs=signs.read(log)))
    assert one.cause.startswith("Nothing listens there")


@pytest.mark.parametrize(("later", "told"), [(1, ["KUBERNETES_NO_REVIEW"]), (3600, [])])
def test_only_the_debug_log_tells_that_vault_may_not_review(later: int, told: list[str]) -> None:
    (sign,) = signs.read("\n".join(f"bao0: {line}" for line in WORDS["no-review"]))
    assert sign.at is not None
    facts = _with(read(cluster("healthy")), signs=[sign], now=sign.at + timedelta(seconds=later))
    assert [each for each in codes(facts) if "REVIEW" in each] == told


def test_a_lease_that_is_not_revoked_is_told_with_the_right_that_is_missing() -> None:
    (sign,) = signs.read("\n".join(f"bao0: {line}" for line in WORDS["not-revoked"]))
    assert sign.at is not None
    facts = _with(read(cluster("healthy")), signs=[sign], now=sign.at + timedelta(seconds=5))
    (one,) = [each for each in check(facts) if each.code == "vault/LEASES_NOT_REVOKED"]
    assert 'system:serviceaccount:openbao:openbao may not delete resource "serviceaccounts"' in one.cause
    over = "2026-11-27T18:29:45.822Z [INFO]  expiration: revoked lease: lease_id=kubernetes/creds/view/RFQb"
    assert signs.read("\n".join(f"bao0: {line}" for line in [*WORDS["not-revoked"], over])) == []


def test_audit_devices_that_are_alike_again_are_no_news() -> None:
    log = "\n".join([*Replay("audit-differs").log, *(f"bao{n}: core: enabled audit backend" for n in (1, 2))])
    assert [each for each in signs.read(log) if each.name == "audit-differs"] == []


@pytest.mark.parametrize(
    ("status", "said", "error"),
    [
        (404, "1 error occurred:\n\t* unsupported path\n\n", "NotInstalled"),
        (404, "unsupported path", "NotInstalled"),
        (405, "1 error occurred:\n\t* unsupported operation\n\n", "NotInstalled"),
        (403, "permission denied", "Forbidden"),
        (503, "Vault is sealed", "Unreachable"),
        (500, "local node not active but active cluster node not found", "Unreachable"),
        (500, "internal error", "Unreachable"),
        (400, "missing client token", "Forbidden"),
    ],
)
def test_what_openbao_refuses_is_told_apart(status: int, said: str, error: str) -> None:
    reader = Answers(body=json.dumps({"errors": [said]}).encode(), status=status)
    found = attempt("x", lambda: client.data(Cluster(reader), "sys/x", dict, server="vault"))
    assert isinstance(found, Unread)
    assert found.error == error


LABELS = {"app.kubernetes.io/name": "openbao", "component": "server"}


def _pod(account: str) -> dict[str, Any]:
    about = {"name": "bao-0", "namespace": "bao", "labels": LABELS}
    return {"metadata": about, "spec": {"serviceAccountName": account}}


def _rbac(**subject: str) -> dict[str, list[Any]]:
    rule = {"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"]}
    role = {"kind": "ClusterRole", "name": "system:auth-delegator"}
    return {
        "pods": [_pod("bao")],
        "clusterroles": [{"metadata": {"name": role["name"]}, "rules": [rule]}],
        "clusterrolebindings": [{"metadata": {"name": "b"}, "roleRef": role, "subjects": [subject]}],
    }


@pytest.mark.parametrize(
    ("subject", "allowed"),
    [
        ({"kind": "ServiceAccount", "name": "bao", "namespace": "bao"}, ("bao",)),
        ({"kind": "Group", "name": "system:serviceaccounts"}, ("*",)),
        ({"kind": "ServiceAccount", "name": "bao", "namespace": "elsewhere"}, ()),
    ],
)
def test_who_may_review_tokens_is_read_of_rbac(subject: dict[str, str], allowed: tuple[str, ...]) -> None:
    seen = cluster("healthy", objects=_rbac(**subject))
    auth = {"kubernetes/": answers.Mount(type="kubernetes")}
    found = reviewing.read(seen, auth, nodes.pods(seen), server="vault")
    assert (found.own, found.allowed, found.by_pod) == (("bao",), allowed, False)
    assert reviewing.read(seen, {}, nodes.pods(seen), server="vault").methods == ()


@pytest.mark.parametrize(
    ("allowed", "by_pod", "severity"),
    [((), True, Severity.ERROR), ((), False, Severity.INFO), (("bao",), True, None)],
)
def test_a_reviewer_without_rights_is_told_by_what_is_certain(
    allowed: tuple[str, ...], by_pod: bool, severity: Severity | None
) -> None:
    seen = reviewing.Reviewing(
        methods=("kubernetes/",), namespace="bao", own=("bao",), allowed=allowed, by_pod=by_pod
    )
    found = check(_with(read(cluster("healthy")), reviewing=seen))
    assert [(each.code, each.severity) for each in found] == (
        [("vault/KUBERNETES_NO_REVIEW", severity)] if severity else []
    )
