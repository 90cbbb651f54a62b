"""`light` as a user who is not root, with a home of its own; the witnesses are ceph and /proc."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from opskit.sandbox.binaries import find
from opskit.sandbox.overview import programs_needed

pytestmark = pytest.mark.timeout(600)
USER = 65534
ROOT = Path(__file__).parents[2]


@pytest.fixture
def home() -> Generator[Path]:
    """A home of that user's own, with the built programs in a folder that OPSKIT_BIN names."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user; every other test of `light` runs as this user then")
    made = Path(tempfile.mkdtemp(prefix="opskit-home-"))
    try:
        (made / "bin").mkdir()
        for each in map(find, programs_needed("light")):
            if each.source == "cache":
                shutil.copy(each.path, made / "bin" / each.name)
                (made / "bin" / each.name).chmod(0o755)
        os.chown(made, USER, USER)
        yield made
    finally:
        shutil.rmtree(made)


def interpreter() -> str:
    """A Python of this version that everybody may run: that of the tests may lie in a home of root's."""
    named = f"python{sys.version_info.major}.{sys.version_info.minor}"
    every = [sys.executable, *filter(None, [shutil.which(named, path="/usr/local/bin:/usr/bin")])]
    for path in every:
        way = Path(path).resolve().parents
        if all(each.stat().st_mode & 0o001 for each in way):
            return path
    return pytest.skip(f"no {named} here that another user may run")


def as_other_user(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "OPSKIT_BIN": str(home / "bin"),
        "PYTHONPATH": f"{ROOT}:{sysconfig.get_path('purelib')}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    become = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs")
    done = subprocess.run(
        [*become, *words], env=env, cwd=home, capture_output=True, text=True, check=False, timeout=400
    )
    print(done.stderr)
    return done


def processes() -> list[str]:
    """What runs as that user; what has ended and was not reaped yet has no command line."""
    return sorted(filter(None, map(_program, Path("/proc").glob("[0-9]*"))))


def _program(entry: Path) -> str:
    try:
        if entry.stat().st_uid != USER:
            return ""
        return (entry / "cmdline").read_bytes().split(b"\0")[0].decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def test_light_comes_up_and_goes_without_any_right_of_root(home: Path) -> None:
    opskit = (interpreter(), "-m", "opskit", "sandbox")
    refused = as_other_user(home, *opskit, "up", "--profile", "mesh")
    assert refused.returncode == 5
    assert "without root there are: light, platform, trust" in refused.stderr
    before = processes()
    up = as_other_user(home, *opskit, "up", "--name", "theirs", "--osds", "3", "--no-prometheus")
    try:
        assert up.returncode == 0, up.stderr
        kubeconfig = home / ".local/state/opskit/sandbox/theirs/kubeconfig"
        assert (kubeconfig.stat().st_uid, kubeconfig.stat().st_mode & 0o777) == (USER, 0o600)
        toolbox = ("-n", "rook-ceph", "exec", "deploy/rook-ceph-tools", "--", "ceph", "health")
        said = as_other_user(home, str(home / "bin/kubectl"), f"--kubeconfig={kubeconfig}", *toolbox)
        assert said.stdout.strip() == "HEALTH_OK"
        fault = as_other_user(home, *opskit, "fault", "inject", "osd-down", "-a", "osd=1", "--name", "theirs")
        assert fault.returncode == 0, fault.stderr
    finally:
        down = as_other_user(home, *opskit, "down", "--name", "theirs")
    assert down.returncode == 0, down.stderr
    assert processes() == before
