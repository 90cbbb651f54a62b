"""One suite, run against the live cluster and against a snapshot of it: both read the same way."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from opskit.core.cluster import Cluster
from opskit.core.errors import NotFound, NotInSnapshot, NotInstalled, ReadError, ToolFailed, WrongCluster
from opskit.core.kinds import Kind, Object
from opskit.core.kinds_core import CONFIG_MAP, DEPLOYMENT, NAMESPACE, NODE, POD, SECRET, SERVICE
from opskit.core.live import LiveReader
from opskit.core.live_api import ApiServer
from opskit.core.opening import open_cluster
from opskit.core.reads import InPod, ListObjects
from opskit.core.recorder import Recorder
from opskit.core.tables import series_frame

pytestmark = pytest.mark.sandbox

WIDGET = Kind("example.org", "v1", "Widget", "widgets", Object)
TOOLS = InPod(namespace="reading", selector="app=tools")

READS: dict[str, Callable[[Cluster], object]] = {
    "all namespaces": lambda c: sorted(each.name for each in c.list(NAMESPACE)),
    "namespaced": lambda c: [each.name for each in c.list(POD, namespace="reading")],
    "selected": lambda c: [each.name for each in c.list(POD, selector="app=web")],
    "selected by set": lambda c: [each.name for each in c.list(POD, selector="app in (web,db),tier,!gone")],
    "of an empty namespace": lambda c: c.list(POD, namespace="no-such-namespace"),
    "paged": lambda c: [each.data for each in c.list(CONFIG_MAP, namespace="many")],
    "paged and selected": lambda c: len(c.list(CONFIG_MAP, namespace="many", selector="part=1")),
    "empty": lambda c: c.list(DEPLOYMENT),
    "an object": lambda c: c.get(SERVICE, "prometheus-operated", namespace="reading").spec,
    "a cluster-scoped object": lambda c: c.get(NODE, "n1").metadata.uid,
    "a whole object": lambda c: {
        name: value
        for name, value in c.raw(POD, "web", namespace="reading").items()
        if name in ("kind", "apiVersion")
    },
    "a path": lambda c: c.path("/version"),
    "a tool": lambda c: c.tool(["sh", "-c", "printf 'out\\0'; printf err >&2"], place=TOOLS),
    "a tool's exit code": lambda c: c.tool(["sh", "-c", "exit 3"], place=TOOLS, exit_codes=(3,)).exit_code,
    "much output": lambda c: len(c.tool(["head", "-c", "3000000", "/dev/zero"], place=TOOLS).body),
    "a metric range": lambda c: series_frame(c.metrics("up", window_seconds=600)).to_dict("list"),
    "another answer of a server": lambda c: (
        c.http("prometheus", "/nothing").status,
        c.http("prometheus", "/nothing").body,
    ),
}
FAILURES: dict[str, tuple[Callable[[Cluster], object], type[ReadError], str]] = {
    "no such object": (lambda c: c.get(POD, "none", namespace="reading"), NotFound, 'pods "none" not found'),
    "no such resource": (lambda c: c.list(WIDGET), NotInstalled, "does not serve widgets.example.org"),
    "no object of no resource": (lambda c: c.get(WIDGET, "w", namespace="a"), NotInstalled, "does not serve"),
    "no such pod": (
        lambda c: c.tool(["true"], place=InPod(namespace="reading", selector="app=none")),
        NotInstalled,
        "No pod matches app=none",
    ),
    "no such program": (
        lambda c: c.tool(["no-such-program"], place=TOOLS),
        NotInstalled,
        "could not be started",
    ),
    "a tool that fails": (
        lambda c: c.tool(["sh", "-c", "echo no >&2; exit 4"], place=TOOLS),
        ToolFailed,
        "exit code 4: no",
    ),
    "no such server": (lambda c: c.http("vault", "/"), NotInstalled, "No server 'vault'"),
    "no such path": (lambda c: c.path("/nothing"), NotFound, "no such path"),
    "a query refused": (lambda c: c.metrics("down", window_seconds=600), ReadError, "refused the query"),
}


def reads_and_failures(cluster: Cluster) -> None:
    for read in READS.values():
        read(cluster)
    for read, error, _ in FAILURES.values():
        with pytest.raises(error):
            read(cluster)


@pytest.fixture(scope="module")
def live(control):
    cluster = Cluster(LiveReader(ApiServer(control.credentials), name="live"))
    yield cluster
    cluster.close()


@pytest.fixture(scope="module")
def snapshot_path(live, tmp_path_factory) -> Path:
    recorder = Recorder(live.reader)
    cluster = Cluster(recorder)
    reads_and_failures(cluster)
    cluster.list(SECRET, namespace="reading")
    return recorder.save(tmp_path_factory.mktemp("snapshot") / "a.opskit")


@pytest.fixture(scope="module", params=["live", "snapshot"])
def cluster(request, live):
    if request.param == "live":
        yield live
        return
    with open_cluster(str(request.getfixturevalue("snapshot_path"))) as snapshot:
        yield snapshot


@pytest.mark.parametrize("name", READS)
def test_it_reads_as_the_live_cluster_does(cluster, live, name):
    expected = READS[name](live)
    assert READS[name](cluster) == expected


def test_what_the_live_cluster_holds(live):
    assert READS["namespaced"](live) == ["tools", "web"]
    assert READS["selected"](live) == READS["selected by set"](live) == ["web"]
    assert [each["n"] for each in READS["paged"](live)] == [str(number) for number in range(1203)]
    assert READS["paged and selected"](live) == 401
    assert READS["a metric range"](live)["value"] == [2.0]
    assert READS["another answer of a server"](live) == (404, b"not here")
    assert READS["a tool"](live).body == b"out\0"
    assert READS["much output"](live) == 3_000_000


@pytest.mark.parametrize("name", FAILURES)
def test_it_fails_as_the_live_cluster_does(cluster, name):
    read, error, said = FAILURES[name]
    with pytest.raises(error, match=said) as raised:
        read(cluster)
    assert raised.value.hint


def test_it_names_itself(cluster, control):
    info = cluster.info
    uid = cluster.raw(NAMESPACE, "kube-system")["metadata"]["uid"]
    assert (info.uid, info.version) == (uid, "v1.37.2")
    assert info.server.startswith("https://127.0.0.1:")
    assert info.live == (info.taken is None)


def test_the_uid_pins_it(control, live, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(control.kubeconfig))
    with open_cluster(control.context, expect_uid=live.info.uid) as cluster:
        assert cluster.info == live.info or cluster.info.name == control.context
    with pytest.raises(WrongCluster):
        open_cluster(control.context, expect_uid="another")


def test_pages_hold_five_hundred(live):
    read = ListObjects(group="", version="v1", plural="configmaps", namespace="many")
    assert len(list(live.reader.pages(read, deadline=60))) == 3


def test_no_secret_is_in_the_snapshot(snapshot_path):
    with open_cluster(str(snapshot_path)) as snapshot:
        data = snapshot.raw(SECRET, "s", namespace="reading")["data"]
    assert {name: base64.b64decode(value) for name, value in data.items()} == {"password": b"REDACTED"}


def test_what_was_not_read_is_not_known(snapshot_path):
    with open_cluster(str(snapshot_path)) as snapshot:
        with pytest.raises(NotInSnapshot, match="the list of services"):
            snapshot.list(SERVICE)
        with pytest.raises(NotInSnapshot, match="over 900 s"):
            snapshot.metrics("up", window_seconds=900)
        assert [each.name for each in snapshot.list(CONFIG_MAP, namespace="many", selector="part=2")][:1] == [
            "c0002"
        ]


def test_closing_ends_forwards_and_their_threads(control):
    import threading

    def forwards() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if "port-forward" in thread.name]

    before = forwards()
    cluster = Cluster(LiveReader(ApiServer(control.credentials), name="live"))
    cluster.http("prometheus", "/nothing")
    opened = [thread for thread in forwards() if thread not in before]
    assert opened
    cluster.close()
    for thread in opened:
        thread.join(5)
    assert not any(thread.is_alive() for thread in opened)
