"""The released CRDs: their pins, their places, and their download from a real server."""

import hashlib
import re
import socket
import stat
import threading
from collections.abc import Callable, Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from opskit.cli.sandbox import app
from opskit.core.errors import BadAnswer, ConfigError, NotInstalled, Unreachable
from opskit.sandbox import released
from opskit.sandbox.pins import ReleasedCrds, program, released_crds
from opskit.sandbox.profiles import PROFILES
from opskit.sandbox.released import (
    Projects,
    cache_folder,
    find_crds,
    get_crds,
    get_what_can_be_had,
    projects_of,
    require_crds,
)
from tests.unit.sandbox.conftest import forget_pins

RUN = CliRunner()
GOOD = b"kind: CustomResourceDefinition\n"
PAGES = {"/o/n/c0ffee/a/one.yaml": GOOD, "/o/n/c0ffee/b/two.yaml": b"# the second\n" + GOOD}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        # A proxy is asked with the whole address.
        path = self.path.removeprefix("http://releases.invalid")
        if path.startswith("/o/n/cutoff/"):
            self.answer(200, GOOD, length=len(GOOD) + 10)
        elif path in PAGES:
            self.answer(200, PAGES[path])
        else:
            self.answer(404, b"404: Not Found")

    def answer(self, status: int, content: bytes, *, length: int = 0) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length or len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Generator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def nobody() -> str:
    """An address that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture(autouse=True)
def nothing_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(released, "BESIDE", tmp_path / "shared" / "crds")
    return tmp_path / "shared" / "crds"


@pytest.fixture
def pin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ReleasedCrds]:
    """Pins of a project of its own, from an address of the test's."""

    def pinned(
        address: str, *, commit: str = "c0ffee", second: bytes = b"# the second\n" + GOOD
    ) -> ReleasedCrds:
        sums = {"a/one.yaml": GOOD, "b/two.yaml": second}
        files = "\n".join(f'"{path}" = "{hashlib.sha256(text).hexdigest()}"' for path, text in sums.items())
        own = tmp_path / "own.toml"
        own.write_text(
            f'[downloads]\ncrds = "{address}/{{repository}}/{{commit}}/{{path}}"\n'
            f'[crds.sample]\nrepository = "o/n"\ncommit = "{commit}"\n[crds.sample.files]\n{files}\n'
        )
        monkeypatch.setenv("OPSKIT_PINS", str(own))
        forget_pins()
        return released_crds()["sample"]

    return pinned


def get(project: str = "sample") -> list[str]:
    told: list[str] = []
    get_crds([project], profile="network", progress=told.append)
    return told


def left() -> list[str]:
    """What the cache holds besides its lock."""
    folder = cache_folder(released_crds()["sample"]).parent
    return [each.name for each in folder.glob("*") if each.name != "lock"]


def test_what_is_pinned_is_got_whole_and_private(server: str, pin: Callable[..., ReleasedCrds]) -> None:
    wanted = pin(server)
    assert find_crds("sample", profile="network").remedy == "opskit sandbox build --profile network"
    assert get() == ["[1/1] CRDs of sample: 2 from o/n"]
    found = find_crds("sample")
    assert (found.source, found.version, Path(found.path)) == ("cache", "c0ffee", cache_folder(wanted))
    files = sorted(Path(found.path).iterdir())
    assert {file.name: file.read_bytes() for file in files} == {
        "one.yaml": GOOD,
        "two.yaml": b"# the second\n" + GOOD,
    }
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    folders = (cache_folder(wanted), cache_folder(wanted).parent)
    assert [stat.S_IMODE(each.stat().st_mode) for each in folders] == [0o700, 0o700]
    assert get() == []


def test_another_pin_is_another_folder(server: str, pin: Callable[..., ReleasedCrds]) -> None:
    pin(server)
    get()
    pin(server, second=b"newer")
    assert find_crds("sample").path == ""


def test_a_file_that_is_not_the_pinned_one_leaves_nothing(
    server: str, pin: Callable[..., ReleasedCrds]
) -> None:
    pin(server, second=b"what the publisher had")
    with pytest.raises(
        BadAnswer, match=r"sample/two\.yaml has SHA-256 [0-9a-f]{64}, not the pinned"
    ) as caught:
        get()
    assert caught.value.where == f"{server}/o/n/c0ffee/b/two.yaml"
    assert (left(), find_crds("sample").path) == ([], "")


@pytest.mark.parametrize(
    ("commit", "said"),
    [("gone", r"was answered with 404"), ("cutoff", r"IncompleteRead")],
)
def test_a_file_that_is_gone_or_cut_off_leaves_nothing(
    server: str, pin: Callable[..., ReleasedCrds], commit: str, said: str
) -> None:
    pin(server, commit=commit)
    with pytest.raises(Unreachable, match=rf"The download of sample/one\.yaml .*{said}") as caught:
        get()
    assert "OPSKIT_CRDS" in caught.value.hint
    assert (left(), find_crds("sample").path) == ([], "")


def test_where_nobody_answers_it_says_what_else_can_be_done(
    nobody: str, pin: Callable[..., ReleasedCrds]
) -> None:
    pin(nobody)
    with pytest.raises(Unreachable) as caught:
        get()
    assert caught.value.what == "The download of sample/one.yaml failed: Connection refused."
    assert caught.value.where == f"{nobody}/o/n/c0ffee/a/one.yaml"
    assert caught.value.hint == (
        "run `opskit sandbox build --profile network` again where this address can be reached, or name a "
        "folder that holds `sample/` with the released files: --crds, or OPSKIT_CRDS."
    )
    assert left() == []


def test_what_is_left_of_a_killed_download_is_no_hindrance(
    server: str, pin: Callable[..., ReleasedCrds]
) -> None:
    part = cache_folder(pin(server)).with_suffix(".part")
    part.mkdir(parents=True)
    (part / "three.yaml").write_text("half")
    assert find_crds("sample").path == ""
    get()
    assert sorted(each.name for each in Path(find_crds("sample").path).iterdir()) == ["one.yaml", "two.yaml"]
    assert not part.exists()


def test_a_proxy_of_the_environment_is_asked(
    server: str, pin: Callable[..., ReleasedCrds], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    pin("http://releases.invalid")
    get()
    assert find_crds("sample").source == "cache"


def test_what_is_only_welcome_may_be_out_of_reach(nobody: str, pin: Callable[..., ReleasedCrds]) -> None:
    pin(nobody)
    told: list[str] = []
    get_what_can_be_had(Projects(welcome=("sample",)), profile="light", progress=told.append)
    assert told[-1].startswith("light makes do without the released CRDs of sample. The download of")
    with pytest.raises(Unreachable):
        get_what_can_be_had(Projects(needed=("sample",)), profile="light", progress=told.append)


def test_a_wrong_file_is_said_even_where_it_is_only_welcome(
    server: str, pin: Callable[..., ReleasedCrds]
) -> None:
    pin(server, second=b"what the publisher had")
    with pytest.raises(BadAnswer, match="not the pinned"):
        get_what_can_be_had(Projects(welcome=("sample",)), profile="light", progress=lambda _: None)


def test_the_places_in_their_order(
    server: str,
    pin: Callable[..., ReleasedCrds],
    tmp_path: Path,
    nothing_beside: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pin(server)
    get()
    places = {"shared/crds": nothing_beside, "OPSKIT_CRDS": tmp_path / "own", "--crds": tmp_path / "named"}
    monkeypatch.setenv("OPSKIT_CRDS", str(places["OPSKIT_CRDS"]))
    seen = [find_crds("sample", named=str(places["--crds"])).source]
    for folder in places.values():
        (folder / "sample").mkdir(parents=True)
        seen.append(find_crds("sample", named=str(places["--crds"])).source)
        (folder / "sample" / "one.yml").write_bytes(GOOD)
        seen.append(find_crds("sample", named=str(places["--crds"])).source)
    # A folder without a file counts for nothing.
    assert seen == ["cache", "cache", *["shared/crds"] * 2, *["OPSKIT_CRDS"] * 2, "--crds"]


def test_pins_that_are_no_pins_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[crds.sample]\nrepository = "o/n"\n')
    monkeypatch.setenv("OPSKIT_PINS", str(own))
    forget_pins()
    with pytest.raises(ConfigError, match="The pin of the CRDs of sample is wrong"):
        find_crds("sample")


def test_every_project_that_a_profile_uses_is_pinned_and_no_other() -> None:
    used = {project for each in PROFILES.values() for project in projects_of(each.everything()).all}
    assert used == set(released_crds())


@pytest.mark.parametrize("project", sorted(released_crds()))
def test_pins_are_whole(project: str) -> None:
    wanted = released_crds()[project]
    assert re.fullmatch(r"[\w.-]+/[\w.-]+", wanted.repository)
    assert re.fullmatch(r"[0-9a-f]{40}", wanted.commit)
    assert all(re.fullmatch(r"[0-9a-f]{64}", pin) for pin in wanted.files.values())
    names = [path.rpartition("/")[2] for path in wanted.files]
    assert names
    assert len(set(names)) == len(names)
    address = wanted.address(next(iter(wanted.files)))
    assert address.startswith(f"https://raw.githubusercontent.com/{wanted.repository}/{wanted.commit}/")


@pytest.mark.parametrize("project", sorted(released_crds()))
def test_pins_are_those_of_the_files_beside_the_checkout(project: str) -> None:
    folder = Path(released.__file__).parents[3] / "shared" / "crds" / project
    if not folder.is_dir():
        pytest.skip(f"there is no {folder} to compare with")
    there = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.glob("*.y*ml")}
    assert {path.rpartition("/")[2]: pin for path, pin in released_crds()[project].files.items()} == there


@pytest.fixture
def all_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every program that a profile without root needs, in its pinned version."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for each in ("trust", "platform"):
        for name in {name for part in PROFILES[each].everything() for name in part.programs}:
            (folder / name).write_text(f"#!/bin/sh\necho {program(name).version}\n")
            (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.usefixtures("all_programs")
def test_up_says_which_command_gets_them_before_anything_is_started(own_home: Path) -> None:
    done = RUN.invoke(app, ["up", "--profile", "trust"])
    said = " ".join(done.stderr.split())
    assert (done.exit_code, "Released CRDs are missing: cert-manager." in said) == (5, True)
    assert "run `opskit sandbox build --profile trust`, or name a folder that holds `cert-manager/`" in said
    assert "as this machine is, there are: platform." in said
    assert not (own_home / "state").exists()


@pytest.mark.usefixtures("all_programs")
@pytest.mark.parametrize(("profile", "code"), [("trust", 5), ("platform", 0)])
def test_build_without_a_network(
    profile: str, code: int, nobody: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(f'[downloads]\ncrds = "{nobody}/{{repository}}/{{commit}}/{{path}}"\n')
    monkeypatch.setenv("OPSKIT_PINS", str(own))
    forget_pins()
    done = RUN.invoke(app, ["build", "--profile", profile])
    said = " ".join(done.stderr.split())
    assert (done.exit_code, "Connection refused. [http://127.0.0.1:" in said) == (code, True), said
    assert ("platform makes do without the released CRDs of olm, openshift" in said) == (
        profile == "platform"
    )


@pytest.mark.usefixtures("all_programs")
def test_status_shows_them_like_programs() -> None:
    shown = " ".join(RUN.invoke(app, ["status", "--profile", "trust"]).stdout.split())
    assert "cert-manager missing opskit sandbox build --profile trust" in shown


def test_require_names_what_is_missing_in_one_sentence() -> None:
    with pytest.raises(NotInstalled, match=r"Released CRDs are missing: calico, istio\."):
        require_crds(["calico", "istio"], profile="all")
