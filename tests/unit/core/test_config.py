"""opskit.toml is checked strictly, and its errors say where and what else was meant."""

import pytest

from opskit.core.config import Config, find, load, parse
from opskit.core.errors import ConfigError, UnknownName, Unreachable
from opskit.core.opening import cluster_names, open_cluster

from .conftest import UID

WHOLE = """
runbooks = ["~/runbooks"]

[approval]
allowed_signers = "/etc/opskit/signers"

[clusters.prod]
kubeconfig = "~/.kube/prod"
context = "prod-admin"
uid = "u-1"

[clusters.prod.rook]
namespace = "my-rook"

[clusters.prod.servers.prometheus]
url = "https://prometheus.example.net"
ca = "/etc/ca.pem"
token = "env:PROMETHEUS_TOKEN"

[clusters.prod.servers.dex]
service = "dex/dex:5556"

[clusters.prod.nodes]
user = "ops"
port = 2222
address = "{name}.example.net"
sudo = true

[clusters."kind-a.b"]
"""


@pytest.fixture(autouse=True)
def _alone(tmp_path, monkeypatch):
    """No file of the machine's own is in force."""
    monkeypatch.delenv("OPSKIT_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def test_a_whole_file():
    config = parse(WHOLE, where="opskit.toml")
    prod = config.clusters["prod"]
    assert (prod.kubeconfig, prod.context, prod.uid) == ("~/.kube/prod", "prod-admin", "u-1")
    assert prod.settings() == {"rook": {"namespace": "my-rook", "toolbox": "app=rook-ceph-tools"}}
    assert prod.servers["prometheus"].token == "env:PROMETHEUS_TOKEN"
    assert prod.servers["dex"].service == "dex/dex:5556"
    assert prod.nodes
    assert (prod.nodes.user, prod.nodes.port, prod.nodes.sudo) == ("ops", 2222, True)
    assert config.clusters["kind-a.b"].settings() == {}
    assert config.runbooks == ["~/runbooks"]
    assert config.approval.allowed_signers == "/etc/opskit/signers"


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("x = = 1", ConfigError, r"no TOML.*line 1"),
        ("cluster = 1", UnknownName, r"named 'cluster'.*opskit.toml, line 1: cluster.*did you mean clusters"),
        ("[clusters.a]\ncontxt = 'x'", UnknownName, r"line 2: clusters\.a\.contxt.*did you mean context"),
        (
            "[clusters.a.servers.prometheus]\nulr = 'x'",
            UnknownName,
            r"line 2: clusters\.a\.servers\.prometheus\.ulr.*did you mean url",
        ),
        ("[clusters.a.nodes]\nport = 'x'", ConfigError, r"`clusters\.a\.nodes\.port` is wrong.*line 2"),
        ("[clusters.a]\nnodes = 3", ConfigError, r"`clusters\.a\.nodes` is wrong"),
        ("clusters = 3", ConfigError, r"`clusters` is wrong"),
        ("runbooks = 'x'", ConfigError, r"`runbooks` is wrong"),
        ("[clusters.a]\nservers = [1]", ConfigError, r"`clusters\.a\.servers` is wrong"),
    ],
)
def test_a_wrong_file_says_where_and_what(text, error, said):
    with pytest.raises(error, match=said):
        parse(text, where="opskit.toml")


def test_a_secret_in_the_file_is_refused_and_not_repeated():
    with pytest.raises(ConfigError, match=r"servers\.vault\.token` must be a reference") as raised:
        parse("[clusters.a.servers.vault]\ntoken = 'hvs.canary'", where="opskit.toml")
    assert "canary" not in str(raised.value)


def test_no_file_is_an_empty_configuration():
    assert find() is None
    assert load() == Config()


def test_the_nearest_file_counts(tmp_path, monkeypatch):
    user = tmp_path / "xdg" / "opskit" / "opskit.toml"
    user.parent.mkdir(parents=True)
    user.write_text("[clusters.user]")
    assert list(load().clusters) == ["user"]
    (tmp_path / "opskit.toml").write_text("[clusters.above]")
    assert list(load().clusters) == ["above"]
    (tmp_path / "here" / "opskit.toml").write_text("[clusters.here]")
    assert list(load().clusters) == ["here"]
    monkeypatch.setenv("OPSKIT_CONFIG", str(user))
    assert list(load().clusters) == ["user"]
    monkeypatch.setenv("OPSKIT_CONFIG", str(tmp_path / "missing"))
    with pytest.raises(ConfigError, match="OPSKIT_CONFIG names no file"):
        load()


def test_a_named_cluster_is_opened_with_its_settings(tmp_path, kubeconfig, api, monkeypatch):
    path = kubeconfig()
    monkeypatch.setenv("KUBECONFIG", "/nonexistent")
    lines = ["[clusters.prod]", f'kubeconfig = "{path}"', 'context = "test"', f'uid = "{UID}"']
    text = "\n".join([*lines, "[clusters.prod.rook]", 'namespace = "r"'])
    (tmp_path / "here" / "opskit.toml").write_text(text)
    with open_cluster("prod") as cluster:
        assert (cluster.info.name, cluster.info.server) == ("prod", api.url)
        assert cluster.setting("rook", "namespace") == "r"


def test_a_named_cluster_of_another_uid_is_refused(tmp_path, kubeconfig):
    from opskit.core.errors import WrongCluster

    kubeconfig()
    (tmp_path / "here" / "opskit.toml").write_text('[clusters.prod]\ncontext = "test"\nuid = "other"')
    with pytest.raises(WrongCluster, match="not to other"):
        open_cluster("prod")


def test_an_unknown_cluster_names_the_nearest_of_all_sorts(tmp_path, kubeconfig):
    kubeconfig()
    (tmp_path / "here" / "opskit.toml").write_text("[clusters.production]")
    assert {"production", "test"} <= set(cluster_names())
    with pytest.raises(UnknownName, match="did you mean production"):
        open_cluster("prodction")
    with pytest.raises(UnknownName, match="did you mean test"):
        open_cluster("tst")


def test_a_snapshot_path_that_does_not_exist(kubeconfig):
    kubeconfig()
    with pytest.raises(UnknownName, match=r"no cluster named '/tmp/none\.opskit'"):
        open_cluster("/tmp/none.opskit")


def test_a_cluster_that_does_not_answer_is_opened_only_when_asked_to(tmp_path, kubeconfig):
    kubeconfig(server="https://127.0.0.1:1")
    text = '[clusters.prod]\ncontext = "test"\nuid = "x"\n[clusters.prod.nodes.addresses]\ncp1 = "192.0.2.1"'
    (tmp_path / "here" / "opskit.toml").write_text(text)
    with pytest.raises(Unreachable):
        open_cluster("prod")
    with open_cluster("prod", unanswered=True) as cluster:
        assert cluster.setting("kubeadm", "nodes") == ["cp1"]
        with pytest.raises(Unreachable):
            cluster.info  # noqa: B018
    with pytest.raises(Unreachable):
        open_cluster("prod", expect_uid="x", unanswered=True)
