"""Promise 7: a canary goes through every path of a run and stands nowhere afterwards."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from opskit.core import scrubbing
from opskit.runner import headless
from opskit.runner.contract import Runbook
from tests.watching import Watching

MakeRunbook = Callable[..., Runbook]

CANARY = 'c4n4ry/+"se cret<&>é'
FORMS = {
    "raw": CANARY,
    "base64": base64.b64encode(CANARY.encode()).decode(),
    "urlsafe": base64.urlsafe_b64encode(CANARY.encode()).decode().rstrip("="),
    "url": quote(CANARY, safe=""),
    "json": json.dumps(CANARY)[1:-1],
    "html": CANARY.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
}

LEAKS = """
import base64, html, json, logging, subprocess, sys, urllib.parse, warnings
from IPython.display import HTML, display, update_display
secret = run.secret("token")
value = secret.reveal()
print(secret, value, base64.b64encode(value.encode()).decode(), urllib.parse.quote(value, safe=""))
print(json.dumps({"v": value}), html.escape(value), repr(value))
for part in (value[:4], value[4:9], value[9:]):
    sys.stdout.write(part); sys.stdout.flush()
for letter in value:
    sys.stderr.write(letter); sys.stderr.flush()
display(HTML(f"<b>{value}</b>"), metadata={"note": value})
display({"application/json": {value: [value]}}, raw=True, display_id="d")
update_display({"text/plain": value}, raw=True, display_id="d")
logging.getLogger().warning("token %s", value)
warnings.warn(value, stacklevel=1)
subprocess.run(["cat"], input=value, text=True)
"""
RAISE = "raise ValueError('with ' + run.secret('token').reveal())"
OURS = "from opskit.core.errors import Refused\nraise Refused(value, where=value, hint=value)"
DECLARED = [{"name": "token", "type": "secret", "default": "env:CANARY"}]


@pytest.fixture(autouse=True)
def _canary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("CANARY", CANARY)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    yield
    scrubbing.forget_all()


def hits(*roots: Path) -> list[str]:
    files = [path for root in roots for path in root.rglob("*") if path.is_file()]
    assert files
    return [
        f"{path}: {name}"
        for path in files
        for name, form in FORMS.items()
        if form.encode() in path.read_bytes()
    ]


@pytest.mark.parametrize("last", ["run.verify()", RAISE, OURS])
def test_nowhere_after_a_run(
    make: MakeRunbook, bare: Path, tmp_path: Path, runs_home: Path, last: str
) -> None:
    with Watching(FORMS.values()) as watching:
        own, _ = headless.run(make(LEAKS, last, parameters=DECLARED), {"cluster": str(bare)})
    assert hits(runs_home, tmp_path / "ipython" if (tmp_path / "ipython").exists() else runs_home) == []
    assert watching.found == []
    outputs = own.notebook.read_text()
    assert outputs.count("[secret]") >= 9
    assert "Secret(env:CANARY)" in outputs


def test_the_runner_scrubs_once_more(make: MakeRunbook, bare: Path, runs_home: Path) -> None:
    unhook = "get_ipython().kernel.session.__dict__.pop('send')"
    headless.run(make(unhook, LEAKS, "run.verify()", parameters=DECLARED), {"cluster": str(bare)})
    assert hits(runs_home) == []


def test_a_secret_given_itself_is_refused_and_not_kept(
    make: MakeRunbook, bare: Path, tmp_path: Path, runs_home: Path
) -> None:
    runbook = make("run.verify()", parameters=DECLARED)
    argv = [
        sys.executable,
        "-m",
        "opskit",
        "run",
        runbook.path,
        "-p",
        f"token={CANARY}",
        "--cluster",
        str(bare),
    ]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert ended.returncode == 2
    assert CANARY not in ended.stdout + ended.stderr
    assert not runs_home.exists()


def test_plain_papermill_with_the_engine(
    make: MakeRunbook, bare: Path, tmp_path: Path, runs_home: Path
) -> None:
    runbook = make(LEAKS, "run.verify()", parameters=DECLARED)
    out = tmp_path / "out" / "done.ipynb"
    out.parent.mkdir()
    argv = [
        sys.executable,
        "-m",
        "papermill",
        "--engine",
        "opskit",
        runbook.path,
        str(out),
        "-p",
        "cluster",
        str(bare),
    ]
    ended = subprocess.run([*argv, "--log-output"], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert hits(runs_home, out.parent) == []
    assert not [form for form in FORMS.values() if form in ended.stdout + ended.stderr]
    assert out.stat().st_mode & 0o777 == 0o600
