"""The bad inputs that each system's operators meet: one clear sentence that names it and says what next.

The survey goes on whatever one system's reads come to: no defect, no false alarm, and the rest is judged. The
API server is a local HTTPS server that answers what was recorded; servers around the cluster are local, too.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import certifi
import msgspec
import pytest

from opskit import systems
from opskit.core.cluster import Cluster
from opskit.core.config import Server
from opskit.core.findings import Severity
from opskit.core.live import LiveReader
from opskit.core.live_api import ApiServer
from opskit.core.live_config import credentials
from opskit.runner.survey import Survey, rooms, survey
from tests.unit.core.conftest import Asked, FaultyServer, Reply, status
from tests.unit.core.recorded_api import RecordedApi, served

KUBERNETES = ("operators", "certmanager", "istio", "calico", "openshift", "rook")
"""Systems that are read mostly from the API server."""
Broken = Callable[[Asked], Reply | None]
NOWHERE = "https://127.0.0.1:1"


def fine(_: Asked) -> Reply | None:
    return None


def every(reply: Reply) -> Broken:
    return lambda _: reply


def refused(asked: Asked) -> Reply | None:
    """No right to list anything, as RBAC says it."""
    if asked.path.startswith(("/api/", "/apis/")) and "kube-system" not in asked.path:
        plural = asked.path.rpartition("/")[2]
        message = f'{plural} is forbidden: User "reader" cannot list resource "{plural}" at the cluster scope'
        return status(403, "Forbidden", message)
    return None


@pytest.fixture
def look(
    kubeconfig: Callable[..., Path], api: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Survey]:
    """Survey one system over the network."""

    def look(
        system: str, broken: Broken = fine, *, lists: Any = None, servers: Any = None, **settings: str
    ) -> Survey:
        monkeypatch.setattr("opskit.core.live_retry.ATTEMPTS", 2)
        monkeypatch.setenv("OPSKIT_TEST_TOKEN", "s.expired")
        kubeconfig(**settings)
        RecordedApi(api, served(system) if lists is None else lists, broken)
        reader = LiveReader(ApiServer(credentials("test")), name="test", servers=servers or {})
        with Cluster(reader) as cluster:
            cluster.reader._info = _INFO  # type: ignore[attr-defined]
            return survey(cluster, rooms([system]), seconds=30)

    return look


def _info() -> Any:
    from opskit.core.reads import ClusterInfo

    return ClusterInfo(name="test", server="s", uid="u", version="v1.37.2", live=True)


_INFO = _info()


def sound(seen: Survey) -> None:
    """What holds whatever is bad: no defect, and what can't be read is told with what next."""
    assert seen.defects == ()
    for line in seen.unread:
        assert "Next: " in line, line
        assert "Traceback" not in line


ADDRESS: list[tuple[str, dict[str, str], Broken, str]] = [
    ("wrong address", {"server": NOWHERE}, fine, "nothing listens there"),
    ("wrong name", {"server": "https://no-such-host.invalid:6443"}, fine, "does not resolve"),
    ("TLS not trusted", {"certificate-authority": certifi.where()}, fine, "certificate is not trusted"),
    ("a login page", {}, every(Reply(b"<html>Log in</html>", headers={"Content-Type": "text/html"})),
     "An HTML page answered instead of the API"),
    ("expired token", {}, every(status(401, "Unauthorized", "Unauthorized")),
     "The credential is missing, wrong or expired"),
    ("no rights", {}, refused, "is forbidden: User \"reader\" cannot list"),
    ("overloaded", {}, every(status(503, "ServiceUnavailable", "not ready yet")), "not ready yet"),
    ("half an answer", {}, every(Reply({"items": []}, cut=5)), "The connection broke while it was answering"),
    ("no JSON", {}, every(Reply(b"{]")), ""),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "broken", "said"), [pytest.param(*r, id=name) for name, *r in ADDRESS])
@pytest.mark.parametrize("system", systems.NAMES)
def test_what_the_api_server_will_not_give_is_one_clear_sentence(
    look: Callable[..., Survey], system: str, settings: dict[str, str], broken: Broken, said: str
) -> None:
    seen = look(system, broken, **settings)
    sound(seen)
    assert not [each for each in seen.findings if each.severity > Severity.WARNING]
    assert any(said in line for line in (*seen.unread, *(each.summary for each in seen.findings))), seen


@pytest.mark.parametrize("system", KUBERNETES)
def test_a_system_that_is_not_there_is_one_quiet_line(look: Callable[..., Survey], system: str) -> None:
    core = {path: [] for path in served(system) if path.startswith("/api/")}
    seen = look(system, lists=core)
    sound(seen)
    assert seen.findings == ()
    assert seen.absent == (f"{system}: not installed",) or system == "operators"


# --- CRDs: of another version, or only some of them ---

VERSIONED = {
    "certmanager": ("cert-manager.io", "certificates"),
    "istio": ("networking.istio.io", "virtualservices"),
    "calico": ("projectcalico.org", "ippools"),
    "openshift": ("config.openshift.io", "clusterversions"),
    "rook": ("ceph.rook.io", "cephclusters"),
    "dex": ("dex.coreos.com", "offlinesessionses"),
    "vault": ("secrets.hashicorp.com", "vaultauths"),
    "operators": ("operators.coreos.com", "clusterserviceversions"),
}


@pytest.mark.parametrize("system", VERSIONED)
def test_crds_of_another_version_are_named_with_the_one_that_is_read(
    look: Callable[..., Survey], system: str
) -> None:
    group, plural = VERSIONED[system]
    lists = {path: found for path, found in served(system).items() if f"/{group}/" not in path}

    def other(asked: Asked) -> Reply | None:
        match asked.path.removeprefix(f"/apis/{group}").strip("/"):
            case "":
                return Reply({"versions": [{"version": "v9beta1"}]}) if group in asked.path else None
            case "v9beta1":
                return Reply({"resources": [{"name": plural}]})
        return None

    seen = look(system, other, lists=lists)
    sound(seen)
    said = f"The cluster serves {plural}.{group} as v9beta1, and not as v"
    assert any(said in line for line in seen.unread), seen
    assert seen.absent == ()


@pytest.mark.parametrize("system", VERSIONED)
def test_of_a_system_that_is_half_installed_the_rest_is_judged(
    look: Callable[..., Survey], system: str
) -> None:
    """Each second resource is not served: what is there is read, and nothing breaks."""
    whole = served(system)
    own = sorted(path for path in whole if path.startswith("/apis/"))
    seen = look(system, lists={path: found for path, found in whole.items() if path not in own[::2]})
    assert seen.defects == ()


def test_no_right_to_one_list_leaves_all_others(look: Callable[..., Survey]) -> None:
    def but_secrets(asked: Asked) -> Reply | None:
        return refused(asked) if asked.path.endswith("/certificaterequests") else None

    seen = look("certmanager", but_secrets)
    sound(seen)
    (line,) = [each for each in seen.unread if "certificaterequests is forbidden" in each]
    assert "ask for a Role that grants this verb on this resource" in line
    assert "certmanager/REQUEST_NOT_MADE" not in {each.code for each in seen.findings}


# --- servers around the cluster ---


class Around:
    """A second HTTPS server: Vault, Dex, istiod or Prometheus, as told."""

    def __init__(self, folder: Path, reply: Broken) -> None:
        folder.mkdir()
        self.http = FaultyServer(folder)
        self.http.reply = reply

    def named(self, **settings: str) -> Server:
        return Server(**{"url": self.http.url, "ca": str(self.http.ca), **settings})


@pytest.fixture
def around(tmp_path: Path) -> Iterator[Callable[[Broken], Around]]:
    made: list[Around] = []

    def make(reply: Broken) -> Around:
        made.append(Around(tmp_path / f"around{len(made)}", reply))
        return made[-1]

    yield make
    for each in made:
        each.http.close()


SEALED = {"type": "shamir", "initialized": True, "sealed": True, "t": 2, "n": 3, "version": "2.7.2"}


def sealed(asked: Asked) -> Reply | None:
    if asked.path == "/v1/sys/seal-status":
        return Reply(SEALED)
    if asked.path == "/v1/sys/health":
        return Reply({**SEALED, "standby": True}, status=503)
    return Reply({"errors": ["Vault is sealed"]}, status=503)


def token_expired(asked: Asked) -> Reply | None:
    if asked.path in ("/v1/sys/seal-status", "/v1/sys/health"):
        return Reply({**SEALED, "sealed": False, "standby": False})
    if asked.path == "/v1/sys/leader":
        return Reply({"ha_enabled": True, "is_self": True, "leader_address": "https://127.0.0.1"})
    return Reply({"errors": ["permission denied"]}, status=403)


PAGE = every(Reply(b"<html>Welcome</html>", headers={"Content-Type": "text/html"}))
NAMED: list[tuple[str, str, Broken, dict[str, str], str]] = [
    ("Vault sealed", "vault", sealed, {}, "sealed"),
    ("Vault at a wrong address", "vault", fine, {"url": NOWHERE}, "Nothing listens there"),
    ("Vault not trusted", "vault", fine, {"ca": certifi.where()}, "not signed by the CA"),
    ("Vault's address is something else", "vault", PAGE, {}, "belongs to something else"),
    ("Vault's token expired", "vault", token_expired, {}, "token"),
    ("Dex at a wrong address", "dex", fine, {"url": NOWHERE}, "nothing listens there"),
    ("Dex not trusted", "dex", fine, {"ca": certifi.where()}, "certificate is not trusted"),
    ("Dex's address is something else", "dex", PAGE, {}, "discovery"),
    ("istiod at a wrong address", "istiod", fine, {"url": NOWHERE}, "No istiod answers"),
    ("istiod not trusted", "istiod", fine, {"ca": certifi.where()}, "certificate is not trusted"),
    ("istiod refuses the token", "istiod", every(Reply(b"Unauthorized", status=401)), {}, "It answered 401"),
    ("istiod of another version", "istiod", every(Reply(b"404", status=404)), {}, "It does not know"),
    ("Prometheus at a wrong address", "prometheus", fine, {"url": NOWHERE}, "nothing listens there"),
    ("Prometheus is something else", "prometheus", PAGE, {}, "prometheus"),
]  # fmt: skip
ROOM = {"istiod": "istio", "prometheus": "istio"}


@pytest.mark.parametrize(("server", "reply", "settings", "said"), [pytest.param(*r, id=n) for n, *r in NAMED])
def test_a_server_around_the_cluster_is_named_with_what_is_wrong(
    look: Callable[..., Survey],
    around: Callable[[Broken], Around],
    server: str,
    reply: Broken,
    settings: dict[str, str],
    said: str,
) -> None:
    named = around(reply).named(**settings)
    system = ROOM.get(server, server)
    token = {"token": "env:OPSKIT_TEST_TOKEN"} if server == "vault" else {}
    seen = look(system, servers={server: msgspec.structs.replace(named, **token)})
    assert seen.defects == ()
    told = [
        *seen.unread,
        *(f"{each.code} {each.summary} {each.cause} {each.remedy}" for each in seen.findings),
    ]
    assert any(said.lower() in line.lower() for line in told), told


DIRECTORY: list[tuple[str, Callable[[Around], dict[str, str]], str]] = [
    ("at a wrong address", lambda _: {"url": "ldaps://127.0.0.1:1"}, "does not answer from here"),
    ("not trusted", lambda one: {"url": _ldaps(one), "ca": certifi.where()}, "dex/LDAP_NOT_TRUSTED"),
    ("something else", lambda one: {"url": _ldaps(one)}, "The directory"),
    ("no address of a directory", lambda one: {"url": one.http.url}, "is no address of a directory"),
    ("without its password", lambda one: {"url": _ldaps(one), "password": ""}, "is not known here"),
]


def _ldaps(one: Around) -> str:
    return one.http.url.replace("https:", "ldaps:")


@pytest.mark.parametrize(("settings", "said"), [pytest.param(*r, id=name) for name, *r in DIRECTORY])
def test_a_directory_is_named_with_what_is_wrong(
    look: Callable[..., Survey],
    around: Callable[[Broken], Around],
    settings: Callable[[Around], dict[str, str]],
    said: str,
) -> None:
    one = around(PAGE)
    named = one.named(**{"password": "env:OPSKIT_TEST_TOKEN", **settings(one)})
    seen = look("dex", servers={"ldap": named})
    assert seen.defects == ()
    told = [
        *seen.unread,
        *seen.lacking,
        *(f"{each.code} {each.summary} {each.evidence}" for each in seen.findings),
    ]
    assert any(said in line for line in told), told
