"""The real directory is asked as Dex asks it; witnesses are the token that Dex gives, and its storage."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from trust_lab import Lab

from opskit.core.cluster import Cluster
from opskit.core.parts import Unread
from opskit.sandbox.trust.login import log_in
from opskit.sandbox.trust.openldap import passwords
from opskit.systems.dex import facts, trying, views, views_trying
from opskit.systems.dex.checks_keys import clock
from opskit.systems.dex.directory import Directory

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.timeout(600),
    # The sandbox looks whether its servers answer, whoever signed their certificates.
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),
]


@pytest.fixture
def cluster(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.setenv("KUBECONFIG", str(lab.sandbox.kubeconfig))
    monkeypatch.setenv("OPSKIT_CONFIG", str(lab.sandbox.site.state / "opskit.toml"))
    with Cluster.open(lab.sandbox.context) as opened:
        yield opened


def answers(cluster: Cluster, user: str, **parameters: str) -> dict[str, tuple[str, str]]:
    """Step → answer and what."""
    read = facts.read(cluster)
    frame = views_trying.tried(read, trying.try_login(cluster, read, user=user, **parameters))
    return {row.step.partition(" by ")[0]: (row.answer, row.what) for row in frame.itertuples()}


def test_the_groups_are_those_of_the_token_that_dex_gives(lab: Lab, cluster: Cluster) -> None:
    given = facts.claims_of(log_in(lab.sandbox.site, "alice", passwords(lab.sandbox.site)["alice"]).id_token)
    tried = trying.try_login(cluster, facts.read(cluster), user="alice")
    assert sorted(tried.group_names) == sorted(given["groups"]) == ["admins", "devs"]
    assert tried.mail == given["email"]
    answer, what = answers(cluster, "alice")["the API server on node-a sees"]
    user, _, groups = what.partition("; ")
    assert (answer, user, sorted(groups.split(", "))) == (
        "yes",
        "oidc:alice@sandbox.test",
        ["oidc:admins", "oidc:devs"],
    )


@pytest.mark.parametrize(
    ("user", "step", "said"),
    [
        ("nobody", "exactly one entry", "no entry fits"),
        ("*", "exactly one entry", r"no entry fits (&(objectClass=person)(uid=\2a))"),
        ("dave", "all that Dex needs is in it", "lacks mail"),
        ("carol", "groups", "none below ou=groups"),
    ],
)
def test_who_does_not_get_in_is_told_why(cluster: Cluster, user: str, step: str, said: str) -> None:
    answer, what = answers(cluster, user)[step]
    assert answer == "no"
    assert said in what


def test_a_password_is_tried_only_by_reference(lab: Lab, cluster: Cluster, tmp_path: Path) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text(passwords(lab.sandbox.site)["alice"])
    wrong.write_text("something else")
    assert "the password" not in answers(cluster, "alice")
    assert answers(cluster, "alice", password=f"file:{right}")["the password"][0] == "yes"
    assert answers(cluster, "alice", password=f"file:{wrong}")["the password"][0] == "no"


def test_a_wrong_group_base_is_named_with_what_is_there(lab: Lab, cluster: Cluster) -> None:
    lab.sandbox.inject("dex-wrong-group-base")
    answer, what = answers(cluster, "alice")["groups"]
    assert answer == "no"
    assert "groupSearch.baseDN ou=teams,dc=sandbox,dc=test does not exist" in what
    assert "ou=groups,dc=sandbox,dc=test" in what


def test_a_directory_that_is_down_is_a_sentence(lab: Lab, cluster: Cluster) -> None:
    lab.sandbox.inject("ldap-down")
    answer, what = answers(cluster, "alice")["the directory lets Dex in"]
    assert answer == "no"
    assert what.startswith("The directory does not answer")
    assert "Next: " in what
    read = facts.read(cluster).directories["ldap"]
    assert isinstance(read, Unread)
    assert read.error == "Unreachable"


def test_both_bases_are_there_on_a_healthy_one(cluster: Cluster) -> None:
    read = facts.read(cluster).directories["ldap"]
    assert isinstance(read, Directory)
    assert [(each.setting, each.there) for each in read.bases] == [
        ("userSearch", True),
        ("groupSearch", True),
    ]


def test_the_next_rotation_is_told_without_reading_a_key(lab: Lab, cluster: Cluster) -> None:
    read = facts.read(cluster)
    frame = views.keys(read)
    stored = lab.kubectl("-n", "dex", "get", "signingkeies")["items"][0]
    wanted = datetime.fromisoformat(stored["nextRotation"])
    assert next(iter(frame["signs"]))
    assert abs(frame["until"].iloc[0] - wanted) < timedelta(seconds=2)
    assert frame["until"].iloc[0] - frame["since"].iloc[0] == timedelta(hours=6)


def test_both_clocks_are_those_of_one_machine(cluster: Cluster) -> None:
    read = facts.read(cluster)
    dex, server = clock(read.dex_head), clock(read.apiserver_head)
    assert dex is not None
    assert server is not None
    assert dex.least <= 0 <= dex.most
    assert server.least <= 0 <= server.most
    assert not dex.minus(server).beyond(5)
