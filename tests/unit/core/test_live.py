"""What a live reader makes of an API server's answers and of a broken transport."""

import contextlib
import random
import time

import pytest

from opskit.core.errors import (
    BadAnswer,
    DeadlineExceeded,
    Forbidden,
    ListExpired,
    NotFound,
    NotInstalled,
    OpsError,
    Unauthorized,
    Unreachable,
    Untrusted,
    WrongCluster,
)
from opskit.core.kinds import Kind, Object
from opskit.core.kinds_core import NAMESPACE, POD
from opskit.core.live import LiveReader
from opskit.core.live_api import ApiServer
from opskit.core.live_config import credentials

from .conftest import UID, Reply, elapsed, status

WIDGET = Kind("example.org", "v1", "Widget", "widgets", Object)


def pods(*names, token=""):
    items = [{"metadata": {"name": name, "namespace": "a"}} for name in names]
    return Reply({"kind": "PodList", "metadata": {"continue": token}, "items": items})


def test_info_names_what_answers(cluster, api):
    info = cluster.info
    assert (info.name, info.server, info.uid, info.version) == ("test", api.url, UID, "v1.37.2")
    assert info.live
    assert f"{api.url}, v1.37.2, live" in repr(cluster)


def test_opening_another_cluster_than_expected_is_refused(kubeconfig, api):
    from opskit.core.opening import open_cluster

    kubeconfig()
    with open_cluster("test", expect_uid=UID) as cluster:
        assert cluster.live
    with pytest.raises(WrongCluster, match="not to another-uid"):
        open_cluster("test", expect_uid="another-uid")


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (status(401, "Unauthorized", "Unauthorized"), Unauthorized, "expired"),
        (status(403, "Forbidden", 'User "x" cannot list resource "pods"'), Forbidden, 'list resource "pods"'),
        (Reply(b"404 page not found\n", status=404), NotInstalled, "does not serve pods"),
        (Reply(b"<!DOCTYPE html><title>Log in</title>"), BadAnswer, "HTML page answered"),
        (Reply(b"{}", headers={"Content-Type": "text/html"}), BadAnswer, "HTML page answered"),
        (Reply(b'{"items": [{"metadata": {"na'), BadAnswer, "can't be used"),
        (Reply(b'{"items": {"a": 1}}'), BadAnswer, "can't be used"),
        (Reply(b"\xff\xfe\x00"), BadAnswer, "can't be used"),
        (Reply(b""), BadAnswer, "has 0 bytes"),
        (Reply(b"[" * 100_000), BadAnswer, "can't be used"),
        (Reply(b"teapot", status=418), BadAnswer, "418: teapot"),
        (Reply(b"", status=302, headers={"Location": "https://evil.example"}), BadAnswer, "answered 302"),
        (Reply(b"overloaded", status=503), Unreachable, r"503: overloaded \(\d tries within 1 s\)"),
    ],
)
def test_each_refusal_has_its_error(cluster, api, reply, kind, said):
    api.reply = lambda asked: reply if asked.path == "/api/v1/pods" else None
    with pytest.raises(kind, match=said) as raised:
        cluster.list(POD, deadline=1)
    assert raised.value.hint
    assert type(raised.value) is kind
    if kind is not BadAnswer or reply.status != 200:
        assert f"GET {api.url}/api/v1/pods" in raised.value.where


def test_a_missing_object_is_not_a_missing_resource(cluster, api):
    missing = status(404, "NotFound", 'widgets "w" not found', name="w", kind="widgets")
    api.reply = lambda asked: missing if asked.path.endswith("/w") else None
    with pytest.raises(NotFound, match='widgets "w" not found'):
        cluster.get(WIDGET, "w", namespace="a")
    with pytest.raises(NotInstalled, match=r"does not serve widgets\.example\.org"):
        cluster.get(WIDGET, "v", namespace="a")


def test_a_list_without_items_is_empty(cluster, api):
    api.reply = lambda asked: Reply(b'{"kind": "PodList", "items": null}')
    assert cluster.list(POD) == []


def test_pages_are_followed_with_their_limit(cluster, api):
    answers = {"": pods("a", "b", token="t1"), "t1": pods("c", token="t2"), "t2": pods("d")}
    api.reply = lambda asked: answers[asked.query.get("continue", "")]
    assert [pod.name for pod in cluster.list(POD, selector="!gone")] == ["a", "b", "c", "d"]
    assert {asked.query["limit"] for asked in api.requests} == {"500"}
    assert {asked.query["labelSelector"] for asked in api.requests} == {"!gone"}


def test_a_list_that_expires_midway_starts_over(cluster, api):
    expired = [status(410, "Expired", "The provided continue parameter is too old")]

    def reply(asked):
        if not asked.query.get("continue"):
            return pods("a", "b", token="t")
        return expired.pop() if expired else pods("c")

    api.reply = reply
    assert [pod.name for pod in cluster.list(POD)] == ["a", "b", "c"]
    assert len(api.requests) == 4


def test_a_list_that_always_expires_says_so(cluster, api):
    expired = status(410, "Expired", "too old")
    api.reply = lambda asked: expired if asked.query.get("continue") else pods("a", token="t")
    with pytest.raises(ListExpired, match="expired while it was read"):
        cluster.list(POD)
    assert len(api.requests) == 8


def test_nothing_listens(kubeconfig, api):
    kubeconfig(server="https://127.0.0.1:1")
    with pytest.raises(Unreachable, match="connection was refused") as raised:
        LiveReader(ApiServer(credentials("test")), name="test").request("POST", "/x", body=b"{}", deadline=2)
    assert raised.value.sent is False


def test_a_name_that_does_not_resolve(kubeconfig, api):
    kubeconfig(server="https://api.invalid:6443")
    with pytest.raises(Unreachable, match="does not resolve") as raised:
        LiveReader(ApiServer(credentials("test")), name="test").request("GET", "/x", deadline=5)
    assert raised.value.sent is False


def test_a_certificate_of_an_unknown_authority(kubeconfig, api, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    from .conftest import FaultyServer

    FaultyServer(other).close()
    kubeconfig(**{"certificate-authority": str(other / "ca.pem")})
    reader = LiveReader(ApiServer(credentials("test")), name="test")
    with pytest.raises(Untrusted, match="certificate is not trusted") as raised:
        reader.request("GET", "/version", deadline=5)
    assert raised.value.sent is False
    with pytest.raises(Untrusted) as raised:
        reader.info()
    assert "tries" not in str(raised.value), "a certificate does not mend itself"
    assert api.requests == []


@pytest.mark.parametrize("reply", [Reply(reset=True), Reply(b"x" * 1000, cut=10)])
def test_a_write_whose_answer_is_lost_is_sent_once(reader, api, reply):
    api.reply = lambda asked: reply
    with pytest.raises(Unreachable, match="connection broke") as raised:
        reader.request("POST", "/api/v1/namespaces", body=b"{}", deadline=5)
    assert raised.value.sent is True
    assert len(api.requests) == 1


@pytest.mark.parametrize("reply", [Reply(hang=True), Reply(drip=True)])
def test_no_answer_outlasts_its_deadline(reader, api, reply):
    api.reply = lambda asked: reply
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded) as raised:
        reader.request("PATCH", "/x", body=b"{}", deadline=0.5)
    assert raised.value.sent is True
    assert elapsed(began) < 2
    assert len(api.requests) == 1


def test_a_request_says_what_it_carries(reader, api):
    api.reply = lambda asked: Reply({"ok": True}, status=409)
    answer = reader.request(
        "PATCH",
        "/api/v1/namespaces/a b",
        body=b"{}",
        query={"dryRun": "All"},
        content_type="application/apply-patch+yaml",
    )
    assert (answer.status, answer.body) == (409, b'{"ok": true}')
    (asked,) = api.requests
    assert asked.path == "/api/v1/namespaces/a%20b"
    assert asked.query == {"dryRun": "All"}
    assert asked.headers["Content-Type"] == "application/apply-patch+yaml"
    assert asked.headers["Authorization"] == "Bearer right"


def test_retry_after_is_waited_for(cluster, api):
    busy = [Reply(b"", status=429, headers={"Retry-After": "1"})]
    api.reply = lambda asked: busy.pop() if busy else pods("a")
    began = time.monotonic()
    assert len(cluster.list(POD)) == 1
    assert elapsed(began) >= 1


def test_a_wait_longer_than_the_deadline_is_not_begun(cluster, api):
    api.reply = lambda asked: Reply(b"", status=429, headers={"Retry-After": "60"})
    began = time.monotonic()
    with pytest.raises(Unreachable, match="429"):
        cluster.list(POD, deadline=2)
    assert elapsed(began) < 1


def test_three_faults_in_ten_are_survived_within_twice_the_requests(cluster, api):
    dice = random.Random(11)
    faults = [
        Reply(b"", status=429, headers={"Retry-After": "0"}),
        Reply(b"", status=500),
        Reply(b"", status=503),
        Reply(reset=True),
        Reply(b"x" * 1000, cut=10),
    ]
    api.reply = lambda asked: dice.choice(faults) if dice.random() < 0.3 else pods("a")
    reads, succeeded = 200, 0
    for _ in range(reads):
        with contextlib.suppress(OpsError):
            succeeded += len(cluster.list(POD))
    assert succeeded >= 0.99 * reads
    assert len(api.requests) <= 2 * reads


def test_slow_answers_leave_time_for_another_try(cluster, api):
    slow = [Reply(hang=True)]
    api.reply = lambda asked: slow.pop() if slow else pods("a")
    assert len(cluster.list(POD, deadline=4)) == 1


def test_a_server_that_is_down_is_not_beaten(cluster, api):
    api.reply = lambda asked: Reply(b"", status=503)
    for _ in range(30):
        with pytest.raises(Unreachable):
            cluster.list(POD, deadline=10)
    assert len(api.requests) <= 2 * 30 + 10


def test_a_forbidden_uid_leaves_the_cluster_readable_but_unpinned(kubeconfig, api):
    from opskit.core.opening import open_cluster

    kubeconfig()
    forbidden = status(403, "Forbidden", "no")
    api.reply = lambda asked: forbidden if asked.path.endswith("kube-system") else None
    with open_cluster("test") as cluster:
        assert cluster.info.uid == ""
    with pytest.raises(WrongCluster, match="unreadable"):
        open_cluster("test", expect_uid=UID)


def test_a_namespace_narrows_the_path(cluster, api):
    api.reply = lambda asked: pods("a")
    assert [pod.name for pod in cluster.list(POD, namespace="a")] == ["a"]
    assert api.requests[0].path == "/api/v1/namespaces/a/pods"
    api.reply = lambda asked: Reply({"metadata": {"name": "n", "uid": "u"}})
    assert cluster.get(NAMESPACE, "n").metadata.uid == "u"
