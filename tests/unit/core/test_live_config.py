"""Credentials of every sort of kubeconfig, and what is said when they do not work."""

import json
import stat

import pytest

from opskit.core.errors import ConfigError, Unauthorized, UnknownName
from opskit.core.live_api import ApiServer
from opskit.core.live_config import contexts, credentials
from opskit.core.opening import open_cluster

from .conftest import Reply, status


def only(token):
    """A server that knows one token."""

    def reply(asked):
        right = asked.headers.get("Authorization") == f"Bearer {token}"
        return Reply({"gitVersion": "v1"}) if right else status(401, "Unauthorized", "Unauthorized")

    return reply


@pytest.fixture
def plugin(tmp_path):
    """An exec plug-in whose credential a test writes; each call of it leaves a line."""
    path, answer, calls = tmp_path / "plugin", tmp_path / "answer.json", tmp_path / "calls"

    def write(token=None, *, fail=""):
        body = {
            "apiVersion": "client.authentication.k8s.io/v1",
            "kind": "ExecCredential",
            "status": {"token": token},
        }
        answer.write_text(json.dumps(body))
        end = f"echo '{fail}' >&2; exit 7" if fail else f"cat {answer}"
        path.write_text(f"#!/bin/sh\necho call >> {calls}\n{end}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return {
            "exec": {
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": str(path),
                "interactiveMode": "Never",
            }
        }

    write.calls = lambda: len(calls.read_text().splitlines())
    return write


def test_an_exec_plugin_is_run(kubeconfig, api, plugin):
    kubeconfig(user=plugin("one"))
    api.reply = only("one")
    server = ApiServer(credentials("test"))
    assert server.read("/version").status == 200
    assert server.read("/version").status == 200
    assert plugin.calls() == 1


def test_an_exec_plugin_is_run_again_when_its_token_is_refused(kubeconfig, api, plugin):
    kubeconfig(user=plugin("one"))
    api.reply = only("two")
    server = ApiServer(credentials("test"))
    plugin("two")
    assert server.read("/version").status == 200
    assert plugin.calls() == 2


def test_an_exec_plugin_that_fails_is_named(kubeconfig, api, plugin):
    kubeconfig(user=plugin(fail="please log in again"))
    with pytest.raises(Unauthorized, match=r"plugin` gave no credential.*please log in again"):
        ApiServer(credentials("test"))


def test_a_rotated_token_file_is_read_again(kubeconfig, api, tmp_path):
    file = tmp_path / "token"
    file.write_text("one")
    kubeconfig(user={"tokenFile": str(file)})
    api.reply = only("one")
    server = ApiServer(credentials("test"))
    assert server.read("/version").status == 200
    file.write_text("two")
    api.reply = only("two")
    assert server.read("/version").status == 200
    assert [asked.headers["Authorization"] for asked in api.requests[-2:]] == ["Bearer one", "Bearer two"]


def test_a_write_with_a_rotated_token_happens_once(kubeconfig, api, tmp_path):
    file = tmp_path / "token"
    file.write_text("one")
    kubeconfig(user={"tokenFile": str(file)})
    server = ApiServer(credentials("test"))
    file.write_text("two")
    api.reply = only("two")
    assert server.request("POST", "/x", body=b"{}").status == 200
    assert [asked.headers["Authorization"] for asked in api.requests] == ["Bearer one", "Bearer two"]


def test_an_expired_token_says_so(kubeconfig, api):
    kubeconfig(user={"token": "expired"})
    api.reply = only("right")
    with pytest.raises(Unauthorized, match="missing, wrong or expired") as raised:
        open_cluster("test")
    assert "log in again" in raised.value.hint
    assert "expired" not in raised.value.where


def test_basic_authentication(kubeconfig, api):
    kubeconfig(user={"username": "a", "password": "b"})
    ApiServer(credentials("test")).request("GET", "/version")
    assert api.requests[0].headers["Authorization"] == "Basic YTpi"


def test_several_kubeconfigs_are_merged(kubeconfig, api, tmp_path, monkeypatch):
    first = kubeconfig()
    second = tmp_path / "second"
    second.write_text(first.read_text().replace('"test"', '"other"'))
    monkeypatch.setenv("KUBECONFIG", f"{first}:{second}:{tmp_path}/missing")
    assert contexts() == ["test", "other"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "empty"),
        ("{", "can't be used"),
        ("[1, 2]", "expected shape"),
        ("clusters: 7", "expected shape"),
        ("apiVersion: v1\ncontexts: [{name: test, context: {cluster: gone}}]", "name gone"),
        ("\x00", "can't be used"),
    ],
)
def test_a_damaged_kubeconfig_is_named(tmp_path, monkeypatch, content, said):
    path = tmp_path / "kubeconfig"
    path.write_text(content)
    monkeypatch.setenv("KUBECONFIG", str(path))
    with pytest.raises(ConfigError, match=said) as raised:
        credentials("test").load()
    assert str(path) in str(raised.value)


def test_an_unknown_context_names_the_nearest(kubeconfig):
    kubeconfig()
    with pytest.raises(UnknownName, match="did you mean test"):
        open_cluster("tset")


def test_a_kubeconfig_is_never_rewritten(kubeconfig, api):
    path = kubeconfig()
    before = path.read_bytes()
    ApiServer(credentials("test")).request("GET", "/version")
    assert path.read_bytes() == before
