"""Docker and podman of the tests' own, with a node image made here, and the command line beside each."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opskit.core.errors import OpsError
from opskit.sandbox.binaries import find
from opskit.sandbox.build import build
from tests.sandbox.kind import node_image
from tests.sandbox.kind.engines import DOCKER, PODMAN, Engine
from tests.sandbox.kind.lab import Lab, lacking
from tests.sandbox.kind.lab import lab as lab_of

IMAGE = "opskit.invalid/kind-node:test"
CONFIG = """\
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
networking:
  disableDefaultCNI: true  # the image has one
  kubeProxyMode: nftables
nodes:
  - role: control-plane
  - role: worker
kubeadmConfigPatches:
  - |
    kind: KubeletConfiguration
    failCgroupV1: false
"""


@pytest.fixture(scope="session", params=[DOCKER, PODMAN], ids=lambda engine: engine.name)
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """An engine that has the node image, and nothing else."""
    engine: Engine = request.param
    if lack := lacking(engine):
        pytest.skip(lack)
    try:
        build(["kind"], progress=print)
    except OpsError as lack:
        pytest.skip(f"kind is missing: {lack}")
    archive = node_image.made()
    with lab_of(engine) as made:
        changes = [word for each in node_image.SETTINGS for word in ("--change", each)]
        made.call("import", *changes, str(archive), IMAGE, deadline=1800.0)
        yield made


class Opskit:
    """The command line beside an engine, with a state of its own."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab, self.folder = lab, folder
        self.env = {**os.environ, **lab.env, "XDG_STATE_HOME": str(folder / "state")}
        self.config = folder / "kind.yaml"
        self.config.write_text(CONFIG)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start it."""
        argv = self.lab.within(sys.executable, "-m", "opskit", *arguments)
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.env,
            start_new_session=True,
        )

    def __call__(self, *arguments: str, code: int = 0) -> str:
        """All that it says; any other exit code fails the test."""
        with self.start(*arguments) as process:
            output, told = process.communicate(timeout=900)
        assert process.returncode == code, f"{arguments}: {process.returncode}\n{output}\n{told}"
        return " ".join((output + told).split())

    def up(self, name: str, *, image: str = IMAGE, code: int = 0) -> str:
        """`opskit sandbox up --provider kind`."""
        chosen = ("--name", name, "--image", image, "--config", str(self.config))
        return self("sandbox", "up", "--provider", "kind", *chosen, code=code)

    def seen(self, name: str) -> dict[str, Any]:
        """What `status` says of one sandbox; nothing where it knows none."""
        with self.start("sandbox", "status", "--profile", "kind", "--json") as process:
            told = json.loads(process.communicate(timeout=120)[0])
        return next((each for each in told["sandboxes"] if each["name"] == name), {})

    def use(self, kubeconfig: str) -> None:
        """As `export KUBECONFIG=…`."""
        self.env["KUBECONFIG"] = kubeconfig

    def findings(self, cluster: str) -> list[str]:
        """Codes and subjects at warning or above, worst first."""
        with self.start("findings", "--cluster", cluster, "--system", "kubeadm", "--json") as process:
            output, told = process.communicate(timeout=300)
        assert process.returncode == 0, told
        every = json.loads(output)["findings"]
        return [f"{each['code']} {each['subject']}" for each in every if each["severity"] != "info"]

    def kubectl(self, *arguments: str) -> str:
        """`kubectl` beside the engine."""
        argv = self.lab.within(find("kubectl").path, *arguments)
        return subprocess.run(argv, capture_output=True, text=True, check=True, env=self.env).stdout

    def containers(self, what: str = "{{.Names}}") -> list[str]:
        """The names of all containers of the engine, or what else it knows of each."""
        return sorted(self.lab.call("ps", "--all", "--format", what).split())

    def volumes(self) -> list[str]:
        """The names of all volumes of the engine."""
        return self.lab.call("volume", "ls", "--quiet").split()


@pytest.fixture
def opskit(lab: Lab, tmp_path: Path) -> Iterator[Opskit]:
    made = Opskit(lab, tmp_path)
    yield made
    for name in made.containers():
        lab.call("rm", "--force", "--volumes", name)
