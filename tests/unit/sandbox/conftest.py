"""A home of its own for each test: no sandbox of the developer's is in sight."""

from pathlib import Path

import pytest

from opskit.sandbox import pins


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("STATE", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    # tempfile asks the environment only once a process.
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.delenv("OPSKIT_BIN", raising=False)
    monkeypatch.delenv("OPSKIT_PINS", raising=False)
    monkeypatch.delenv("OPSKIT_CRDS", raising=False)
    forget_pins()
    yield tmp_path
    forget_pins()


def forget_pins() -> None:
    pins.programs.cache_clear()
    pins.released_crds.cache_clear()
