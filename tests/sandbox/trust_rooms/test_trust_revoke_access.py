"""A person's access is revoked on a real Dex: it refuses the old refresh token, and others' go on."""

import base64
import json

import pytest
from trust_lab import Lab

from opskit.core.errors import Refused
from opskit.sandbox.trust.login import Tokens, log_in, refresh
from opskit.sandbox.trust.openldap import passwords

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.timeout(600),
    # The sandbox looks whether its servers answer, whoever signed their certificates.
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),
]

RESOURCES = "offlinesessionses.dex.coreos.com,refreshtokens.dex.coreos.com"


@pytest.fixture
def others(lab: Lab) -> Tokens:
    """Somebody else's login, which must outlive the revocation."""
    return logged_in(lab, "bob")


def logged_in(lab: Lab, user: str) -> Tokens:
    return log_in(lab.sandbox.site, user, passwords(lab.sandbox.site)[user])


def kept(lab: Lab) -> dict[str, list[str]]:
    """Names in Dex' storage, by kind: the witness is kubectl."""
    words = ("-n", "dex", "get", RESOURCES, "-o", "custom-columns=K:.kind,N:.metadata.name", "--no-headers")
    found: dict[str, list[str]] = {"OfflineSessions": [], "RefreshToken": []}
    for line in lab.sandbox.kubectl(*words).splitlines():
        kind, name = line.split()
        found[kind].append(name)
    return found


def secret_part(token: str) -> str:
    """What Dex keeps of it beside its ID: the end of the message, as text."""
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))[-25:].decode()


def test_the_old_refresh_token_is_refused_afterwards(lab: Lab, others: Tokens) -> None:
    theirs = refresh(lab.sandbox.site, logged_in(lab, "alice").refresh_token)
    held = kept(lab)
    verdict = lab.run("dex/revoke-access", user="alice")
    assert all(each["ok"] for each in verdict["goal"]), verdict
    left = kept(lab)
    assert {kind: len(names) - len(left[kind]) for kind, names in held.items()} == {
        "OfflineSessions": 1,
        "RefreshToken": 1,
    }
    with pytest.raises(Refused, match=r"400.*Refresh token is invalid"):
        refresh(lab.sandbox.site, theirs.refresh_token)
    assert refresh(lab.sandbox.site, others.refresh_token).id_token
    assert logged_in(lab, "alice").refresh_token  # whoever may still log in comes back
    secrets = (theirs.refresh_token, theirs.id_token, secret_part(theirs.refresh_token))
    for file in lab.folder.rglob("*"):
        text = file.read_text(errors="replace") if file.is_file() else ""
        assert not [each for each in secrets if each in text], file


def test_one_client_alone_and_by_the_tokens_subject(lab: Lab) -> None:
    tokens = logged_in(lab, "carol")
    part = tokens.id_token.split(".")[1]
    subject = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["sub"]
    sessions = kept(lab)["OfflineSessions"]
    verdict = lab.run("dex/revoke-access", user=subject, client="kubernetes")
    assert all(each["ok"] for each in verdict["goal"]), verdict
    assert kept(lab)["OfflineSessions"] == sessions
    with pytest.raises(Refused):
        refresh(lab.sandbox.site, tokens.refresh_token)
    assert logged_in(lab, "carol").refresh_token


def test_a_mail_address_is_not_taken_for_a_user_id(lab: Lab, others: Tokens) -> None:
    done = lab.opskit(
        "plan", "dex/revoke-access", "-p", "user=bob@sandbox.test", "--cluster", lab.sandbox.context
    )
    assert done.returncode == 5
    assert "is it 'bob'?" in done.stderr
    assert refresh(lab.sandbox.site, others.refresh_token).id_token


def test_a_session_whose_token_was_deleted_by_hand_keeps_the_person_out_and_is_named(lab: Lab) -> None:
    assert logged_in(lab, "carol").refresh_token
    every = lab.kubectl("-n", "dex", "get", "offlinesessionses")["items"]
    session = next(each for each in every if each["userID"] == "carol")
    token = session["refresh"]["kubernetes"]["ID"]
    lab.sandbox.kubectl("-n", "dex", "delete", "refreshtokens", token)
    with pytest.raises(Refused, match="500"):
        logged_in(lab, "carol")
    found = lab.findings("dex")
    assert found[0]["code"] == "dex/SESSION_DANGLING", found
    remedy = found[0]["remedy"]
    assert (remedy["runbook"], remedy["parameters"]) == ("dex/revoke-access", {"user": "carol"})
    lab.run("dex/revoke-access", user="carol")
    assert logged_in(lab, "carol").refresh_token
    assert lab.findings("dex") == []
