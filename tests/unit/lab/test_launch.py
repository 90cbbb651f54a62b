import json
import os
from pathlib import Path

import pytest

from opskit.core.errors import UsageError
from opskit.lab import launch


def test_the_front_end_and_the_server_extension_are_found_however_opskit_was_installed() -> None:
    given = launch.environment({"PATH": "/bin", "JUPYTER_PATH": "/mine"})
    data, _, own = given["JUPYTER_PATH"].partition(os.pathsep)
    assert own == "/mine"
    package = json.loads((Path(data) / "labextensions" / "opskit" / "package.json").read_text())
    assert (Path(data) / "labextensions" / "opskit" / package["jupyterlab"]["_build"]["load"]).is_file()
    configs = [Path(each) for each in given["JUPYTER_CONFIG_PATH"].split(os.pathsep)]
    enabled = [
        json.loads(each.read_text()) for c in configs for each in c.glob("jupyter_server_config.d/*.json")
    ]
    assert enabled == [{"ServerApp": {"jpserver_extensions": {"opskit.lab": True}}}]


def test_it_listens_on_loopback_and_keeps_the_token() -> None:
    argv = launch.arguments(Path("/w"), port=1234, browser=False)
    assert "--ServerApp.ip=127.0.0.1" in argv
    assert "--ServerApp.open_browser=False" in argv
    assert not any("token" in each or "password" in each for each in argv)


def test_the_version_is_the_packages_own() -> None:
    from opskit import __version__

    package = json.loads((launch.SHARE / "jupyter/labextensions/opskit/package.json").read_text())
    assert package["version"] == __version__


def test_a_workspace_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="--dir"):
        launch.prepare(tmp_path / "file" / "workspace")


def test_a_long_home_gets_a_short_runtime_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / ("x" * 60)))
    with launch.runtime_folder() as given:
        folder = Path(given["JUPYTER_RUNTIME_DIR"])
        assert len(str(folder)) <= launch.LONGEST_RUNTIME_PATH
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()


def test_a_short_one_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", "/run/j")
    with launch.runtime_folder() as given:
        assert given == {}
