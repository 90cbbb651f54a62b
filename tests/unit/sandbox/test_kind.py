"""What is said where a cluster of kind's can't be had; scripts stand in for the tools, in their words."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from opskit.cli.sandbox import app
from opskit.core.errors import NotInstalled
from opskit.sandbox import Sandbox, binaries
from opskit.sandbox.foreign import register
from opskit.sandbox.kind import cluster, engine

RUN = CliRunner()
NOT_RUNNING = "Cannot connect to the Docker daemon at unix:///run/docker.sock. Is the docker daemon running?"
VERSION = ("--client", "v1.37.2", 0)


class Tools:
    """A folder of scripts, first on PATH, that note how they were called."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.calls = folder, folder / "calls"
        self.calls.touch()

    def say(self, name: str, *cases: tuple[str, str, int]) -> None:
        """Let a tool answer: words that it is called with → what it prints, and its exit code."""
        lines = [_case(*each) for each in cases]
        script = self.folder / name
        script.write_text("\n".join(["#!/bin/sh", f'echo "{name} $*" >>{self.calls}', *lines, "exit 0"]))
        script.chmod(0o755)

    def called(self, words: str) -> bool:
        """Whether a tool was called with these words."""
        return words in self.calls.read_text()


def _case(words: str, said: str, code: int) -> str:
    where = ">&2" if code else ""
    return f"case \"$*\" in *'{words}'*) cat <<'END' {where}\n{said}\nEND\nexit {code};; esac"


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    """Docker that answers, kind without clusters, and kubectl."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("OPSKIT_BIN", str(folder))
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.delenv(engine.VARIABLE, raising=False)
    made = Tools(folder)
    made.say("docker")
    made.say("kind")
    made.say("kubectl", VERSION)
    return made


def up(*words: str) -> tuple[int, str]:
    """Exit code, and all that is said."""
    done = RUN.invoke(app, ["up", "--provider", "kind", "--name", "one", *words])
    return done.exit_code, " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("tool", "words", "told"),
    [
        ("docker", NOT_RUNNING, NOT_RUNNING),
        ("docker", f"ERROR: {NOT_RUNNING}\nerrors pretty printing info", "errors pretty printing info"),
        (
            "podman",
            'Error: default OCI runtime "nowhere" not found: invalid argument',
            'default OCI runtime "nowhere" not found: invalid argument',
        ),
        (
            "podman",
            'time="2026-01-02T03:04:05Z" level=error msg="reading \\"/etc/containers.conf\\": line 12"',
            'reading "/etc/containers.conf": line 12',
        ),
    ],
)
def test_an_engine_that_does_not_answer_is_told_with_what_to_do(
    tools: Tools, tool: str, words: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(engine.VARIABLE, tool)
    tools.say(tool, ("info", words, 1))
    code, said = up()
    assert (code, f"{tool} is installed but does not answer ({told})" in said) == (5, True), said
    assert {"docker": "systemctl start docker", "podman": "run `podman info`"}[tool] in said


def test_an_engine_that_opskit_does_not_know_is_named(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(engine.VARIABLE, "nerdctl")
    code, said = up()
    assert (code, "names nerdctl; opskit knows docker and podman" in said) == (5, True)


def test_a_file_that_is_not_there_is_named_before_anything_is_made(tools: Tools) -> None:
    code, said = up("--config", "nowhere.yaml")
    assert (code, "There is no file 'nowhere.yaml'" in said, tools.called("kind create")) == (2, True, False)


def test_kinds_flags_are_passed_on(tools: Tools, tmp_path: Path) -> None:
    (tmp_path / "kind.yaml").write_text("nodes: []\n")
    tools.say("kind", ("create", "ERROR: failed to create cluster: no", 1))
    up("--image", "kindest/node:v1.37.2", "--config", str(tmp_path / "kind.yaml"))
    assert tools.called("--name opskit-one --kubeconfig")
    assert tools.called(f"--image kindest/node:v1.37.2 --config {tmp_path / 'kind.yaml'}")


def test_a_cluster_of_that_name_that_is_another_ones_is_never_deleted(tools: Tools) -> None:
    tools.say("kind", ("get clusters", "opskit-one", 0))
    code, said = up()
    assert (code, "this sandbox did not make it" in said) == (6, True)
    for way in ("another --name", "--context kind-opskit-one", "kind delete cluster --name opskit-one"):
        assert way in said
    assert RUN.invoke(app, ["down", "--name", "one"]).exit_code == 0
    assert not tools.called("kind delete")


def test_what_kind_began_is_deleted_by_down_and_only_then(tools: Tools) -> None:
    tools.say("kind", ("create", "ERROR: failed to create cluster: exit status 1\nStack Trace:", 1))
    code, said = up()
    assert (code, "kind made no cluster: failed to create cluster: exit status 1." in said) == (6, True)
    assert "cluster.log" in said
    tools.say("kind", ("get clusters", "opskit-one", 0))
    assert RUN.invoke(app, ["down", "--name", "one"]).exit_code == 0
    assert tools.called("kind delete cluster --name opskit-one")


@pytest.mark.parametrize(
    ("tool", "asked", "hints"),
    [
        ("docker", "a:1", ("docker load -i FILE", "docker images")),
        ("podman", "docker.io/library/a:1", ("podman load -i FILE", "podman images", "write localhost/NAME")),
    ],
)
def test_an_image_that_can_not_be_pulled_is_named_as_kind_asked_for_it(
    tools: Tools, tool: str, asked: str, hints: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(engine.VARIABLE, tool)
    tools.say(tool)
    told = f'ERROR: failed to create cluster: failed to pull image "{asked}": command'
    tools.say("kind", ("create", told, 1))
    code, said = up("--image", "a:1")
    assert (code, f"image {asked} is not on this machine, and {tool} can't pull it" in said) == (6, True), (
        said
    )
    assert [hint for hint in hints if hint not in said] == []


@pytest.mark.parametrize(
    ("tool", "hint"), [("docker", "dockerd's own log"), ("podman", "apt-get install netavark aardvark-dns")]
)
def test_nodes_that_do_not_reach_one_another_need_a_name_server(
    tools: Tools, tool: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(engine.VARIABLE, tool)
    tools.say(tool)
    words = (
        "couldn't validate the identity of the API Server: failed to request the cluster-info ConfigMap: Get"
    )
    for why in (
        "dial tcp: lookup opskit-one-control-plane on 10.0.0.1:53: no such host",
        "context deadline exceeded",
    ):
        told = f'error: {words} "https://opskit-one-control-plane:6443/api": {why}'
        tools.say("kind", ("create", f"ERROR: failed to create cluster: exit status 1\n{told}", 1))
        code, said = up()
        assert (code, "does not reach the first one by its name" in said, hint in said) == (6, True, True), (
            said
        )


def test_podman_that_is_missing_is_named_with_all_that_it_needs(
    tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(engine.VARIABLE, "podman")
    monkeypatch.setattr(binaries, "_DEBIAN_PATH", "/nowhere")
    monkeypatch.setenv("PATH", str(tools.folder))
    code, said = up()
    wanted = "`apt-get install --no-install-recommends podman netavark aardvark-dns iptables`"
    assert (code, wanted in said) == (5, True), said


def test_down_does_not_forget_a_cluster_that_kind_can_not_delete(tools: Tools) -> None:
    tools.say("kind", ("create", "ERROR: failed to create cluster: no", 1))
    up()
    tools.say("kind", ("get clusters", NOT_RUNNING, 1))
    done = RUN.invoke(app, ["down", "--name", "one"])
    assert (done.exit_code != 0, NOT_RUNNING.split()[0] in done.stderr) == (True, True)
    assert Sandbox("one").site.record["made"] == "opskit-one"


def test_without_a_pod_network_no_node_is_waited_for(tools: Tools, tmp_path: Path) -> None:
    site = Sandbox("bare").site
    site.make()
    file = tmp_path / "kind.yaml"
    for text, wanted in (
        ("networking: {disableDefaultCNI: true}", True),
        ("networking: {}", False),
        ("nodes: []", False),
    ):
        file.write_text(text)
        site.write_record(options={"config": str(file)})
        assert cluster.without_network(site) is wanted
    tools.say("kubectl", VERSION, ("get", json.dumps({"items": [{"metadata": {"name": "a"}}]}), 0))
    assert cluster.ailments(site) == ["the node a is not ready", "the pod a is not ready"]


def test_a_context_that_does_not_answer_is_not_remembered(tools: Tools) -> None:
    tools.say("kubectl", VERSION, ("--context=nowhere", 'error: context "nowhere" does not exist', 1))
    done = RUN.invoke(app, ["up", "--context", "nowhere", "--name", "lent"])
    said = " ".join(done.stderr.split())
    assert "The context 'nowhere' can't be used" in said
    assert "kubectl config get-contexts" in said
    assert not Sandbox("lent").site.exists


def test_a_context_without_kubectl_is_not_remembered(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    (tools.folder / "kubectl").unlink()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tools.folder / "none"))
    done = RUN.invoke(app, ["up", "--context", "nowhere", "--name", "lent"])
    assert (done.exit_code, "kubectl is missing" in done.stderr) == (5, True)
    assert not Sandbox("lent").site.exists


def test_a_fault_of_ceph_says_that_there_is_no_rook(tools: Tools) -> None:
    missing = 'Error from server (NotFound): namespaces "rook-ceph" not found'
    tools.say("kubectl", VERSION, ("exec", missing, 1))
    lent = register("lent", context="mine")
    with pytest.raises(NotInstalled, match="no Rook toolbox behind the context 'mine'"):
        lent.inject("forgotten-flag")
    assert lent.injected() == {}
    lent.down()
    assert not tools.called("kind delete")
