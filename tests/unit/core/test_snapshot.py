"""A recording answers as the cluster did, holds no secret, and is never guessed at."""

import base64
import json
import stat
import time
import zipfile

import pytest

from opskit.core import scrubbing
from opskit.core.cluster import Cluster
from opskit.core.errors import (
    ConfigError,
    Forbidden,
    NotFound,
    NotInSnapshot,
    NotInstalled,
    SnapshotDamaged,
    ToolFailed,
    Unreachable,
)
from opskit.core.kinds import Kind, Object
from opskit.core.kinds_core import CONFIG_MAP, NODE, POD, SECRET, SERVICE
from opskit.core.opening import open_cluster
from opskit.core.reads import Local
from opskit.core.recorder import Recorder
from opskit.core.secrets import Secret
from opskit.core.snapshot import SnapshotReader

from .conftest import UID, Reply, status

WIDGET = Kind("example.org", "v1", "Widget", "widgets", Object)


def named(name, namespace="a", **labels):
    return {"metadata": {"name": name, "namespace": namespace, "labels": labels}}


def listed(kind, *items, token=""):
    return Reply(
        {"kind": f"{kind}List", "apiVersion": "v1", "metadata": {"continue": token}, "items": list(items)}
    )


PODS = [named("p1", app="web"), named("p2", app="db"), named("p1", "b", app="web")]


@pytest.fixture
def recorded(reader, api, tmp_path):
    """Record what `reads` does to a cluster with such answers; gives the snapshot."""

    def record(answers, reads, **settings):
        api.reply = lambda asked: answers.get(asked.path)
        recorder = Recorder(reader)
        reads(Cluster(recorder))
        path = recorder.save(tmp_path / "a.opskit", settings=settings)
        return Cluster(SnapshotReader(path))

    return record


def test_the_cluster_is_the_recorded_one_and_not_live(recorded, api):
    snapshot = recorded({}, lambda cluster: None, rook={"namespace": "my-rook"})
    info = snapshot.info
    assert (info.name, info.server, info.uid, info.version, info.live) == (
        "test",
        api.url,
        UID,
        "v1.37.2",
        False,
    )
    assert snapshot.now() == info.taken
    assert "snapshot of 2" in repr(snapshot)
    with open_cluster(str(snapshot.reader.path)) as opened:
        assert opened.setting("rook", "namespace") == "my-rook"
        assert not opened.live


@pytest.mark.parametrize(
    ("namespace", "selector", "names"),
    [
        (None, None, ["p1", "p2", "p1"]),
        ("a", None, ["p1", "p2"]),
        ("none", None, []),
        (None, "app=web", ["p1", "p1"]),
        ("b", "app in (web,db)", ["p1"]),
        ("a", "app,app!=web", ["p2"]),
    ],
)
def test_a_narrower_list_comes_from_the_recorded_one(recorded, namespace, selector, names):
    snapshot = recorded({"/api/v1/pods": listed("Pod", *PODS)}, lambda cluster: cluster.list(POD))
    assert [pod.name for pod in snapshot.list(POD, namespace=namespace, selector=selector)] == names


def test_a_wider_list_is_not_made_of_a_narrower(recorded):
    snapshot = recorded(
        {"/api/v1/namespaces/a/pods": listed("Pod", *PODS[:2])},
        lambda cluster: cluster.list(POD, namespace="a", selector="app=web"),
    )
    assert [pod.name for pod in snapshot.list(POD, namespace="a", selector="app=web")] == ["p1"]
    for wider in ({}, {"namespace": "a"}, {"selector": "app=web"}, {"namespace": "b"}):
        with pytest.raises(NotInSnapshot, match="does not hold the list of pods"):
            snapshot.list(POD, **wider)


def test_all_pages_are_kept(reader, api, tmp_path):
    pages = {"": listed("Pod", PODS[0], token="t"), "t": listed("Pod", *PODS[1:])}
    api.reply = lambda asked: pages[asked.query.get("continue", "")] if asked.path == "/api/v1/pods" else None
    recorder = Recorder(reader)
    live = Cluster(recorder).list(POD)
    assert Cluster(SnapshotReader(recorder.save(tmp_path / "a.opskit"))).list(POD) == live


def test_a_list_that_was_left_midway_is_not_recorded(reader, api, tmp_path):
    api.reply = lambda asked: listed("Pod", PODS[0], token="t") if asked.path == "/api/v1/pods" else None
    recorder = Recorder(reader)
    from opskit.core.reads import ListObjects

    pages = recorder.pages(ListObjects(group="", version="v1", plural="pods"), deadline=5)
    next(pages)
    pages.close()
    with pytest.raises(NotInSnapshot):
        Cluster(SnapshotReader(recorder.save(tmp_path / "a.opskit"))).list(POD)


def test_an_object_is_found_in_a_recorded_list(recorded):
    snapshot = recorded({"/api/v1/pods": listed("Pod", *PODS)}, lambda cluster: cluster.list(POD))
    assert snapshot.get(POD, "p1", namespace="b").labels == {"app": "web"}
    raw = snapshot.raw(POD, "p1", namespace="b")
    assert (raw["apiVersion"], raw["kind"]) == ("v1", "Pod")
    with pytest.raises(NotFound, match="was no pods 'p3'"):
        snapshot.get(POD, "p3", namespace="a")


def test_an_object_outside_of_the_recorded_list_is_unknown(recorded):
    snapshot = recorded(
        {"/api/v1/namespaces/a/pods": listed("Pod", *PODS[:2])},
        lambda cluster: cluster.list(POD, namespace="a"),
    )
    with pytest.raises(NotInSnapshot, match="does not hold pods b/p1"):
        snapshot.get(POD, "p1", namespace="b")


def quietly(*reads):
    """Make reads whose failures are what is recorded."""

    def read(cluster):
        from opskit.core.errors import ReadError

        for each in reads:
            with pytest.raises(ReadError):
                each(cluster)

    return read


def test_failures_are_replayed(recorded):
    forbidden = status(403, "Forbidden", "no right to list nodes")
    missing = status(404, "NotFound", 'services "s" not found', name="s")
    snapshot = recorded(
        {"/api/v1/nodes": forbidden, "/api/v1/namespaces/a/services/s": missing},
        quietly(
            lambda cluster: cluster.list(NODE),
            lambda cluster: cluster.list(WIDGET),
            lambda cluster: cluster.get(SERVICE, "s", namespace="a"),
            lambda cluster: cluster.tool(["no-such-tool"], place=Local()),
        ),
    )
    with pytest.raises(Forbidden, match="no right to list nodes") as raised:
        snapshot.list(NODE)
    assert raised.value.hint
    with pytest.raises(NotInstalled, match=r"does not serve widgets\.example\.org"):
        snapshot.list(WIDGET)
    with pytest.raises(NotInstalled, match="does not serve"):
        snapshot.list(WIDGET, namespace="a")
    with pytest.raises(NotInstalled, match="does not serve"):
        snapshot.get(WIDGET, "w", namespace="a")
    with pytest.raises(NotFound, match='services "s" not found'):
        snapshot.get(SERVICE, "s", namespace="a")
    with pytest.raises(NotInstalled, match="can't be run"):
        snapshot.tool(["no-such-tool"], place=Local())


def test_a_forbidden_wide_list_says_nothing_of_a_narrow_one(recorded):
    snapshot = recorded(
        {"/api/v1/pods": status(403, "Forbidden", "no")}, quietly(lambda cluster: cluster.list(POD))
    )
    with pytest.raises(NotInSnapshot):
        snapshot.list(POD, namespace="a")


def test_a_tool_is_replayed_with_its_exit_code(recorded):
    argv = ["sh", "-c", "echo out; echo err >&2; exit 3"]
    snapshot = recorded({}, lambda cluster: cluster.tool(argv, place=Local(), exit_codes=(3,)))
    answer = snapshot.tool(argv, place=Local(), exit_codes=(3,))
    assert (answer.body, answer.stderr, answer.exit_code) == (b"out\n", "err\n", 3)
    with pytest.raises(ToolFailed, match="exit code 3: err"):
        snapshot.tool(argv, place=Local())
    with pytest.raises(NotInSnapshot, match="does not hold `sh -c other`") as raised:
        snapshot.tool(["sh", "-c", "other"], place=Local())
    assert "opskit capture" in raised.value.hint


def test_an_unreachable_server_is_replayed(recorded):
    snapshot = recorded({}, quietly(lambda cluster: cluster.path("/nowhere")))
    with pytest.raises(NotFound, match="no such path"):
        snapshot.path("/nowhere")


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda cluster: cluster.path("/metrics"), "the path /metrics"),
        (lambda cluster: cluster.metrics("up", window_seconds=60), "query 'up' over 60 s in steps of 60 s"),
        (lambda cluster: cluster.http("dex", "/healthz"), "/healthz of the server dex"),
        (lambda cluster: cluster.logs("a", "app=x"), "logs of app=x in a over 3600 s"),
        (
            lambda cluster: cluster.list(WIDGET, namespace="n", selector="a=b"),
            "widgets.example.org in namespace n with a=b",
        ),
    ],
)
def test_what_is_not_held_is_named(recorded, read, said):
    with pytest.raises(NotInSnapshot, match=said):
        read(recorded({}, lambda cluster: None))


PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIICANARYcanaryCANARYcanary\n-----END RSA PRIVATE KEY-----"
CEPHX = "AQCanaryCanaryCanaryCanaryCanaryCanary=="
JWT = "eyJhbGciOiJDQU5BUlkifQ.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ"
CANARIES = {
    "secret": "canary-in-secret-data",
    "string": "canary-in-string-data",
    "applied": "canary-in-last-applied",
    "env": "canary-in-env-value",
    "url": "canary-in-url",
    "bearer": "canary-in-bearer-token",
    "password": "canary-in-password-field",
    "known": "canary-of-this-process",
    "vault": "hvs.CANARYCANARYCANARYCANARY",
    "pem": "MIICANARYcanaryCANARYcanary",
    "cephx": CEPHX,
    "jwt": JWT,
    "text": "canary-in-plain-text",
}


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def secret_object():
    applied = json.dumps({"kind": "Secret", "stringData": {"x": CANARIES["applied"]}})
    return {
        "metadata": {
            "name": "s",
            "namespace": "a",
            "managedFields": [{"manager": "canary-manager"}],
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied, "keep": "this"},
        },
        "type": "Opaque",
        "data": {"key": encoded(CANARIES["secret"])},
        "stringData": {"other": CANARIES["string"]},
    }


def telling_pod():
    applied = json.dumps({"spec": {"password": CANARIES["applied"]}})
    return {
        "metadata": {
            "name": "p",
            "namespace": "a",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied},
        },
        "spec": {
            "containers": [
                {
                    "name": "c",
                    "env": [
                        {"name": "DB_PASSWORD", "value": CANARIES["env"]},
                        {"name": "MODE", "value": "kept"},
                    ],
                    "args": [
                        f"--db=postgres://me:{CANARIES['url']}@db/x",
                        f"Authorization: Bearer {CANARIES['bearer']}",
                        PEM,
                        f"--key={CEPHX}",
                        JWT,
                        CANARIES["vault"],
                        f"about {CANARIES['known']}.",
                    ],
                }
            ]
        },
    }


def test_no_secret_is_recorded(recorded):
    scrubbing.forget_all()
    Secret(CANARIES["known"])
    certificate = encoded("-----BEGIN CERTIFICATE-----\nkept")
    config = named("cm") | {
        "data": {
            "password": CANARIES["password"],
            "ca": certificate,
            "key": encoded(PEM),
            "n": CANARIES["known"],
        }
    }
    keyring = f"[client.admin]\n\tkey = {CEPHX}\n\tcaps = allow\n password={CANARIES['text']}\n"
    said = json.dumps({"key": CEPHX, "keyring": "x", "auth": [{"token": CANARIES["password"]}], "kept": 1})

    def reads(cluster):
        for kind in (SECRET, POD, CONFIG_MAP):
            cluster.list(kind)
        cluster.get(SECRET, "s", namespace="a")
        cluster.tool(["printf", "%s", keyring.replace(CEPHX, "$0")], place=Local())
        cluster.tool(["sh", "-c", 'cat; exit 0 # "$1"'], place=Local())
        cluster.path("/keyring")
        cluster.path("/auth")

    snapshot = recorded(
        {
            "/api/v1/secrets": listed("Secret", secret_object()),
            "/api/v1/namespaces/a/secrets/s": Reply({"kind": "Secret"} | secret_object()),
            "/api/v1/pods": listed("Pod", telling_pod()),
            "/api/v1/configmaps": listed("ConfigMap", config),
            "/keyring": Reply(keyring.encode()),
            "/auth": Reply(said.encode()),
        },
        reads,
    )
    scrubbing.forget_all()
    with zipfile.ZipFile(snapshot.reader.path) as archive:
        whole = b"".join(archive.read(name) for name in archive.namelist())
    for name, canary in CANARIES.items():
        if name == "text":
            continue
        assert canary.encode() not in whole, name
        assert base64.b64encode(canary.encode()) not in whole, name
    assert b"canary-manager" not in whole
    assert encoded(PEM).encode() not in whole
    assert CANARIES["text"].encode() not in snapshot.path("/keyring")
    kept = snapshot.raw(POD, "p", namespace="a")["spec"]["containers"][0]
    assert kept["env"][1]["value"] == "kept"
    assert "postgres://me:REDACTED@db/x" in kept["args"][0]
    assert snapshot.raw(SECRET, "s", namespace="a")["metadata"]["annotations"] == {"keep": "this"}
    assert set(snapshot.raw(SECRET, "s", namespace="a")["data"]) == {"key"}
    assert snapshot.raw(CONFIG_MAP, "cm", namespace="a")["data"]["ca"] == certificate
    assert json.loads(snapshot.path("/auth"))["kept"] == 1


def test_a_snapshot_is_private_and_replaces_its_forerunner_whole(recorded, tmp_path):
    snapshot = recorded({}, lambda cluster: None)
    path = snapshot.reader.path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    recorded({"/x": Reply(b"x")}, lambda cluster: cluster.path("/x"))
    assert [each.name for each in tmp_path.glob("*.opskit*")] == ["a.opskit"]
    assert [each.name for each in tmp_path.glob(".a.opskit*")] == []
    assert Cluster(SnapshotReader(path)).path("/x") == b"x"


def test_equal_recordings_are_equal_files(reader, api, tmp_path):
    api.reply = lambda asked: listed("Pod", *PODS) if asked.path == "/api/v1/pods" else None
    recorder = Recorder(reader)
    Cluster(recorder).list(POD)
    first, second = recorder.save(tmp_path / "1"), recorder.save(tmp_path / "2")
    assert first.read_bytes() == second.read_bytes()


def test_a_folder_that_is_not_there(reader, tmp_path):
    with pytest.raises(ConfigError, match="can't be written: No such file"):
        Recorder(reader).save(tmp_path / "none" / "a.opskit")


@pytest.fixture
def intact(recorded):
    return recorded({"/api/v1/pods": listed("Pod", *PODS)}, lambda cluster: cluster.list(POD)).reader.path


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_cut_off_snapshot_is_refused(intact, part):
    content = intact.read_bytes()
    intact.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(SnapshotDamaged, match="damaged") as raised:
        open_cluster(str(intact))
    assert str(intact) in raised.value.where


def altered(path, name, change):
    with zipfile.ZipFile(path) as archive:
        files = {each: archive.read(each) for each in archive.namelist()}
        comment = archive.comment
    files = {each: change(body) if each == name else body for each, body in files.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for each, body in files.items():
            if body is not None:
                archive.writestr(each, body)
        archive.comment = comment


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        (
            "answers/00000-0000",
            lambda body: body.replace(b"web", b"bew"),
            "entry answers/00000-0000 is not what",
        ),
        ("answers/00000-0000", lambda body: body + b" ", "entry answers/00000-0000 is not what"),
        ("answers/00000-0000", lambda body: None, "entry answers/00000-0000 is missing"),
        ("manifest.json", lambda body: body.replace(b"v1.37.2", b"v1.36.1"), "manifest.json is not what"),
        ("manifest.json", lambda body: None, "manifest.json can't be read"),
    ],
)
def test_a_tampered_snapshot_names_the_entry(intact, name, change, said):
    altered(intact, name, change)
    with pytest.raises(SnapshotDamaged, match=said):
        SnapshotReader(intact)


def test_a_flipped_byte_anywhere_is_noticed_or_harmless(intact):
    content = intact.read_bytes()
    with open_cluster(str(intact)) as cluster:
        expected = (cluster.info, cluster.list(POD))
    noticed = 0
    for place in range(0, len(content), 3):
        intact.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        try:
            with open_cluster(str(intact)) as cluster:
                assert (cluster.info, cluster.list(POD)) == expected
        except SnapshotDamaged:
            noticed += 1
    assert noticed > len(content) // 6


def test_an_unknown_format_is_named(intact):
    import hashlib

    with zipfile.ZipFile(intact) as archive:
        body = archive.read("manifest.json").replace(b'"format":1', b'"format":9')
    with zipfile.ZipFile(intact, "w") as archive:
        archive.writestr("manifest.json", body)
        archive.comment = b"opskit snapshot, manifest sha256:" + hashlib.sha256(body).hexdigest().encode()
    with pytest.raises(SnapshotDamaged, match="has format 9, and this opskit reads format 1"):
        SnapshotReader(intact)


def test_no_zip_at_all(tmp_path):
    path = tmp_path / "x.opskit"
    path.write_text("hello")
    with pytest.raises(SnapshotDamaged, match="no snapshot"):
        open_cluster(str(path))


def test_an_unreachable_answer_keeps_whether_it_was_sent():
    from opskit.core.snapshot_format import error_of, failure_of

    error = error_of(failure_of(Unreachable("gone", sent=True, where="w", hint="h")))
    assert isinstance(error, Unreachable)
    assert (error.what, error.sent, error.where, error.hint) == ("gone", True, "w", "h")
    tool = error_of(failure_of(ToolFailed("no", exit_code_of_tool=4, stderr="e")))
    assert isinstance(tool, ToolFailed)
    assert (tool.exit_code_of_tool, tool.stderr) == (4, "e")


def test_five_thousand_nodes_open_and_list_in_about_a_second(reader, api, tmp_path):
    labels = {f"label-{n}.example.org/name": f"value-{n}" for n in range(8)}
    conditions = [{"type": f"C{n}", "status": "True", "message": "kubelet is fine " * 4} for n in range(8)]
    images = [
        {"names": [f"registry.example.org/image-{n}@sha256:{'ab' * 32}"], "sizeBytes": n} for n in range(4)
    ]
    node = {"status": {"conditions": conditions, "images": images}}
    pages = {
        str(page or ""): Reply(
            listed(
                "Node",
                *({"metadata": {"name": f"n{page * 500 + n}", "labels": labels}} | node for n in range(500)),
                token=str(page + 1) if page < 9 else "",
            ).content
        )
        for page in range(10)
    }
    api.reply = lambda asked: (
        pages[asked.query.get("continue", "")] if asked.path == "/api/v1/nodes" else None
    )
    recorder = Recorder(reader)
    Cluster(recorder).list(NODE, deadline=120)
    path = recorder.save(tmp_path / "a.opskit")
    began = time.process_time()
    with open_cluster(str(path)) as cluster:
        nodes = cluster.list(NODE)
    spent = time.process_time() - began
    assert len(nodes) == 5000
    assert spent < 2, f"{spent:.2f} s"
