"""`opskit.toml`: clusters by name and the servers around them.

[clusters.prod]
kubeconfig = "~/.kube/prod"                    # default: $KUBECONFIG, else ~/.kube/config
context = "prod-admin"                         # default: the cluster's name

[clusters.prod.rook]
namespace = "rook-ceph"
toolbox = "app=rook-ceph-tools"                # label selector of the toolbox pod

[clusters.prod.servers.prometheus]
url = "https://prometheus.example.net"         # or: service = "monitoring/prometheus-operated:9090"
ca = "/etc/ssl/site-ca.pem"
token = "env:PROMETHEUS_TOKEN"                 # a reference, never the secret itself

[clusters.prod.nodes]
user = "ops"
key = "~/.ssh/id_ed25519"
known_hosts = "~/.ssh/known_hosts"
address = "{name}.example.net"                 # default: the node's name
sudo = true
"""

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec

from opskit.core.errors import ConfigError, UnknownName
from opskit.core.secret_sources import is_reference

FILE = "opskit.toml"
VARIABLE = "OPSKIT_CONFIG"


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: unknown keys are errors."""


class Server(_Section, frozen=True):
    """One server around a cluster. With neither `url` nor `service` it is looked for in the cluster."""

    url: str = ""
    service: str = ""
    """`namespace/name:port`, reached through a port-forward."""
    ca: str = ""
    """Path of a PEM file; with one, a service of any port is spoken to over TLS."""
    token: str = ""
    """Reference to a bearer token."""
    user: str = ""
    password: str = ""
    """Reference to the password of `user`."""
    tls_name: str = ""
    """Name that its certificate is checked against when it is reached through a port-forward."""


class Nodes(_Section, frozen=True):
    """How nodes are reached over SSH."""

    user: str = ""
    key: str = ""
    """Path of a private key; empty: the agent's or the usual ones."""
    known_hosts: str = "~/.ssh/known_hosts"
    address: str = "{name}"
    addresses: dict[str, str] = {}
    """The address of each node that the pattern does not fit."""
    port: int = 22
    sudo: bool = False
    """Run commands through `sudo -n`."""


class Rook(_Section, frozen=True):
    """Where Rook lives."""

    namespace: str = "rook-ceph"
    operator_namespace: str = ""
    """Empty: the same namespace."""
    toolbox: str = "app=rook-ceph-tools"
    """Label selector of the pod that has `ceph`."""


class CertManager(_Section, frozen=True):
    """Where cert-manager lives, and where its certificates are served."""

    namespace: str = "cert-manager"
    selector: str = "app.kubernetes.io/name=cert-manager,app.kubernetes.io/component=controller"
    """Label selector of the controller's pods, whose log holds what no object says."""
    endpoints: list[str] = []
    """`NAMESPACE/CERTIFICATE=HOST:PORT`: where a certificate is served, beside what Ingresses tell."""


class Vault(_Section, frozen=True):
    """Vault or OpenBao: its server is `servers.vault`."""

    namespace: str = ""
    """Of its pods; empty: looked for."""
    selector: str = ""
    """Label selector of the server's pods; empty: the usual ones."""
    nodes: list[str] = []
    """URLs of its nodes, or names under `servers`; empty: its pods."""


class Dex(_Section, frozen=True):
    """Where Dex lives: its server is `servers.dex`."""

    namespace: str = ""
    """Empty: looked for."""
    selector: str = "app.kubernetes.io/name=dex"
    """Label selector of its Deployment and pods."""
    authentication_config: str = ""
    """Path, on this machine, of a copy of the API servers' `--authentication-config`; empty: it is read on
    their nodes, over SSH."""


class ClusterConfig(_Section, frozen=True):
    """One cluster."""

    kubeconfig: str = ""
    context: str = ""
    uid: str = ""
    """UID of its kube-system namespace: another cluster is refused."""
    rook: Rook | None = None
    certmanager: CertManager | None = None
    vault: Vault | None = None
    dex: Dex | None = None
    servers: dict[str, Server] = {}
    nodes: Nodes | None = None

    def settings(self) -> dict[str, dict[str, Any]]:
        """What it says of the systems in it, by system."""
        sections = {
            "rook": self.rook,
            "certmanager": self.certmanager,
            "vault": self.vault,
            "dex": self.dex,
        }
        found = {name: _said(section) for name, section in sections.items() if section}
        named = list(self.nodes.addresses) if self.nodes else []
        # Known without an API server: what a cluster is judged by while none answers.
        return found | ({"kubeadm": {"nodes": named}} if named else {})


class Approval(_Section, frozen=True):
    """Whose approvals count."""

    allowed_signers: str = ""
    """Path of an OpenSSH allowed-signers file; when set, approvals must be signed by one of them."""


class Config(_Section, frozen=True):
    """The whole file."""

    clusters: dict[str, ClusterConfig] = {}
    runbooks: list[str] = []
    """Folders with runbooks of your own."""
    approval: Approval = Approval()


def load() -> Config:
    """The configuration that is in force; an empty one where there is no file.

    Looked for in `$OPSKIT_CONFIG`, in the working directory and those above it, and in the user's
    configuration directory; the first one counts.

    Raises:
        ConfigError: it can't be read, is no TOML, or holds a wrong value.
        UnknownName: it holds an unknown key.

    """
    path = find()
    return parse(_text(path), where=str(path)) if path else Config()


def find() -> Path | None:
    """The file that is in force.

    Raises:
        ConfigError: `$OPSKIT_CONFIG` names a file that does not exist.

    """
    if named := os.environ.get(VARIABLE):
        path = Path(named).expanduser()
        if not path.is_file():
            raise ConfigError(f"${VARIABLE} names no file.", where=str(path), hint="mend it or unset it")
        return path
    return next((path for path in _places() if path.is_file()), None)


def parse(text: str, *, where: str) -> Config:
    """Check and convert the file's text.

    Raises:
        ConfigError: no TOML, or a wrong value.
        UnknownName: an unknown key; the message names the nearest.

    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"This is no TOML: {error}.", where=where, hint="mend that line") from error
    _check(Config, data, "", _Place(where, text))
    return msgspec.convert(data, Config)


class _Place:
    """Says where in the file a key stands."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._lines = text.splitlines()

    def of(self, path: str) -> str:
        last = re.escape(path.rpartition(".")[2])
        pattern = re.compile(rf"""^\s*["']?{last}["']?\s*=|^\s*\[.*\b{last}["']?\s*\]""")
        number = next((n for n, line in enumerate(self._lines, 1) if pattern.search(line)), 0)
        return f"{self._file}{f', line {number}' if number else ''}: {path}"


def _check(shape: Any, data: Any, path: str, place: _Place) -> None:
    """Like msgspec's own conversion, but each error names its key, and an unknown one the nearest."""
    if isinstance(shape, type) and issubclass(shape, _Section) and isinstance(data, dict):
        fields = {field.name: field.type for field in msgspec.structs.fields(shape)}
        for name, value in _items(data):
            inner = f"{path}.{name}".lstrip(".")
            if name not in fields:
                raise UnknownName.among("setting", name, fields, where=place.of(inner))
            _check(_present(fields[name]), value, inner, place)
    elif shape in (dict[str, Server], dict[str, ClusterConfig]) and isinstance(data, dict):
        for name, value in _items(data):
            _check(get_args(shape)[1], value, f"{path}.{name}", place)
    else:
        _check_value(shape, data, path, place)


def _items(data: Any) -> Iterator[tuple[str, Any]]:
    yield from data.items()


def _present(shape: Any) -> Any:
    """`X` of `X | None`."""
    given = [each for each in get_args(shape) if each is not type(None)]
    return given[0] if len(given) == 1 and type(None) in get_args(shape) else shape


def _check_value(shape: Any, data: Any, path: str, place: _Place) -> None:
    try:
        msgspec.convert(data, shape)
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"`{path}` is wrong: {error}.", where=place.of(path), hint="write a value of that type"
        ) from error
    if path.rpartition(".")[2] in ("token", "password") and data and not is_reference(data):
        raise ConfigError(
            f"`{path}` must be a reference, and is not repeated here.",
            where=place.of(path),
            hint="write env:NAME, file:/path or vault:mount/path#field",
        )


def _said(section: msgspec.Struct) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(section).items() if value not in ("", [])}


def _places() -> Iterator[Path]:
    here = Path.cwd()
    for folder in (here, *here.parents):
        yield folder / FILE
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    yield Path(base).expanduser() / "opskit" / FILE


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"It can't be read: {error}.", where=str(path), hint="check its rights") from error
