"""A fault that was captured is diagnosed later, elsewhere, as it was on the spot: findings and figures."""

import json
from pathlib import Path

import nbformat
import pytest
from rook_lab import Headless

from opskit.sandbox.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(900)]


def test_what_was_captured_is_diagnosed_without_the_cluster(
    lab: Headless, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.inject("osd-down", osd=3)
    file, out = tmp_path / "broken.opskit", tmp_path / "health"
    done = lab.opskit("capture", "--cluster", sandbox.context, "--system", "rook", "-o", str(file))
    assert done.returncode == 0, done.stderr
    sandbox.heal()
    lab.kubeconfig = tmp_path / "none"
    done = lab.opskit("run", "rook/health", "--cluster", str(file), "--out", str(out), "--fail-on", "warning")
    assert done.returncode == 3, done.stderr
    first = json.loads((out / "verdict.json").read_text())["findings"][0]
    assert first["code"] == "rook/OSD_DOWN"
    assert first["subject"].startswith("osd.3")
    assert first["remedy"]["runbook"] == "rook/osd-down"
    outputs = [
        each for cell in nbformat.read(out / "notebook.ipynb", 4).cells for each in cell.get("outputs", [])
    ]
    assert "error" not in {each.output_type for each in outputs}
    assert "does not hold" not in str(outputs)
