"""kill -9 of `up` at random moments: the next `up` works, and after `down` the machine is as it was."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from opskit.sandbox.profiles import PROFILES
from tests import figures

pytestmark = [pytest.mark.proof, pytest.mark.timeout(3600)]

ALONE = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
ROOT = Path(__file__).parents[3]

CASES = [
    pytest.param("light", 10, 20.0, ("--osds", "3", "--no-prometheus"), id="light"),
    pytest.param("network", 10, 15.0, (), id="network"),
    pytest.param("mesh", 10, 20.0, (), id="mesh"),
    pytest.param("kubeadm", 10, 40.0, ("--workers", "1"), id="kubeadm"),
]


@pytest.mark.parametrize(("profile", "kills", "longest", "options"), CASES)
def test_a_killed_up_leaves_nothing_that_down_does_not_find(
    profile: str, kills: int, longest: float, options: tuple[str, ...], tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("a view of the machine of its own needs root")
    if lack := PROFILES[profile].unfit:
        pytest.skip(lack)
    words = (profile, f"kill-{profile}", "20261125", str(kills), str(longest), *options)
    env = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), "PYTHONPATH": str(ROOT)}
    argv = [*ALONE, sys.executable, "-m", "tests.sandbox.killing.driver", *words]
    done = subprocess.run(argv, env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=3500)
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    print(done.stdout)
    assert len(told) == kills
    for each in told:
        assert (each["up"], each["down"], each["left"], each["bystander"]) == (0, 0, [], True), each
    keep(profile, options, told)


def keep(profile: str, options: tuple[str, ...], told: list[dict[str, Any]]) -> None:
    moments = sorted(each["after"] for each in told)
    seconds = sorted(each["seconds"] for each in told)
    figures.keep(
        f"kill -9 of `up`: {profile}",
        f"`opskit sandbox up --profile {' '.join((profile, *options))}` killed at random moments. Each time "
        "the next `up` works, and after `down` processes, namespaces, interfaces, routes, nft rules, mounts, "
        "cgroups, open ports, kernel settings and files are listed as before.",
        {
            "kills": f"{len(told)}, {moments[0]} s to {moments[-1]} s after the start",
            "of them while it was still coming up": str(sum(each["had_ended"] is None for each in told)),
            "the next `up`, ready": f"{seconds[0]} s to {seconds[-1]} s",
            "left after `down`": str(sum(len(each["left"]) for each in told)),
        },
    )
