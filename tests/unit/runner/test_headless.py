"""A run's exit code, status and files, for each way in which its cells can end."""

import json
import re
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from opskit.core.errors import BadValue, UnknownName
from opskit.runner import headless
from opskit.runner.contract import Runbook
from opskit.runner.headless import Options
from opskit.runner.record import Status
from opskit.runner.stopping import Stopper

MakeRunbook = Callable[..., Runbook]

LOOK = ("run.findings()", "run.verify()")


def statuses(folder: Path) -> list[str]:
    notebook = json.loads((folder / "notebook.ipynb").read_text())
    return [cell["metadata"]["papermill"]["status"] for cell in notebook["cells"]]


def test_a_diagnosis_to_its_verdict(make: MakeRunbook, bare: Path) -> None:
    own, record = headless.run(make(*LOOK), {"cluster": str(bare)})
    assert (record.status, record.exit_code) == (Status.COMPLETED, 0)
    assert {path.name for path in own.path.iterdir()} == {
        "run.json",
        "verdict.json",
        "notebook.ipynb",
        "report.html",
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in own.path.iterdir()} == {0o600}
    assert stat.S_IMODE(own.path.stat().st_mode) == 0o700
    assert set(statuses(own.path)) == {"completed"}
    verdict = json.loads(own.verdict.read_text())
    assert verdict["cluster"]
    assert verdict["findings"]
    assert not re.search(r"(src|url\()\W*http", own.report.read_text())


@pytest.mark.parametrize(
    ("cell", "exit_code", "said"),
    [
        ("1 / 0", 1, "ZeroDivisionError"),
        ("import sys; sys.exit(0)", 1, "SystemExit"),
        ("input('name?')", 4, "nobody is there to answer"),
        ("import getpass; getpass.getpass()", 4, "nobody is there to answer"),
        ("import os; os.kill(os.getpid(), 9)", 1, "kernel died"),
        ("from opskit.core.errors import Refused\nraise Refused('No.', hint='wait')", 5, "No. Next: wait"),
        ("run.secret('cluster')", 2, "reference"),
    ],
)
def test_a_cell_that_fails(make: MakeRunbook, bare: Path, cell: str, exit_code: int, said: str) -> None:
    own, record = headless.run(make(cell, *LOOK), {"cluster": str(bare)})
    assert record.exit_code == exit_code
    assert said in record.sentence
    assert statuses(own.path)[-3:] == ["failed", "pending", "pending"]
    assert not own.verdict.exists()


def test_our_errors_are_a_sentence_and_the_traceback_is_kept(make: MakeRunbook, bare: Path) -> None:
    own, _ = headless.run(make("run.apply()"), {"cluster": str(bare)})
    notebook = json.loads(own.notebook.read_text())
    error = notebook["cells"][-1]["outputs"][0]
    assert len(error["traceback"]) == 1
    assert error["traceback"][0].startswith("Refused: There is no plan yet.")
    assert "Traceback (most recent call last)" in own.log.read_text()


def test_no_verdict_is_no_success(make: MakeRunbook, bare: Path) -> None:
    _, record = headless.run(make("run.findings()"), {"cluster": str(bare)})
    assert (record.exit_code, record.status) == (1, Status.DEFECT)


def test_findings_at_or_above(make: MakeRunbook, bare: Path) -> None:
    _, record = headless.run(make(*LOOK), {"cluster": str(bare)}, Options(fail_on="info"))
    assert (record.exit_code, record.status) == (3, Status.FINDINGS)


def test_an_unknown_cluster(make: MakeRunbook) -> None:
    _, record = headless.run(make(*LOOK), {"cluster": "nowhere"})
    assert record.exit_code == 2
    assert "'nowhere'" in record.sentence


@pytest.mark.parametrize(("given", "error"), [({"odd": "1"}, UnknownName), ({"wait": "soon"}, BadValue)])
def test_wrong_parameters_start_nothing(
    make: MakeRunbook, runs_home: Path, given: dict[str, str], error: type[Exception]
) -> None:
    runbook = make(parameters=[{"name": "wait", "type": "duration", "default": "1m"}])
    with pytest.raises(error):
        headless.run(runbook, given)
    assert not runs_home.exists()


def test_values_arrive_as_they_were_declared(make: MakeRunbook, bare: Path) -> None:
    declared = [
        {"name": "version", "default": "1"},
        {"name": "confirm", "type": "boolean", "default": True},
        {"name": "wait", "type": "duration", "default": "1m"},
        {"name": "hosts", "type": "list", "default": []},
    ]
    cell = "assert (version, confirm, wait, hosts) == ('1.30', False, '2h30m', ['a', 'b'])"
    given = {"cluster": str(bare), "version": "1.30", "confirm": "false", "wait": "150m", "hosts": "a,b"}
    _, record = headless.run(make(cell, "run.verify()", parameters=declared), given)
    assert record.sentence.startswith("Findings")


@pytest.mark.parametrize(
    ("options", "said"),
    [(Options(cell_seconds=1.0), "A cell took too long"), (Options(seconds=6.0), "whole run's deadline")],
)
def test_time_is_up(make: MakeRunbook, bare: Path, options: Options, said: str) -> None:
    began = time.monotonic()
    own, record = headless.run(make("while True: pass", *LOOK), {"cluster": str(bare)}, options)
    assert (record.exit_code, record.status) == (5, Status.REFUSED)
    assert said in record.sentence
    assert statuses(own.path)[-2:] == ["pending", "pending"]
    assert time.monotonic() - began < 60


def test_a_dead_kernel_is_noticed_at_once(make: MakeRunbook, bare: Path) -> None:
    cell = "import os, time; open('{}', 'w').write(str(time.monotonic())); os.kill(os.getpid(), 9)"
    mark = bare.parent / "died"
    headless.run(make(cell.format(mark)), {"cluster": str(bare)})
    assert time.monotonic() - float(mark.read_text()) < 5


def children() -> list[Any]:
    return [
        each for each in psutil.Process().children(recursive=True) if "opskit.runner.kernel" in each.cmdline()
    ]


def test_a_stop_before_the_kernel_answers(make: MakeRunbook, bare: Path) -> None:
    stopper = Stopper()
    stopper.request("SIGTERM")
    own, record = headless.run(make(*LOOK), {"cluster": str(bare)}, stopper=stopper)
    assert (record.exit_code, record.status) == (143, Status.STOPPED)
    assert "completed" not in statuses(own.path)
    assert not children()


def test_a_stop_in_a_cell_that_hangs(make: MakeRunbook, bare: Path) -> None:
    stopper, mark = Stopper(), bare.parent / "hangs"
    mark.unlink(missing_ok=True)
    loop = "while True:\n    try:\n        while True: pass\n    except KeyboardInterrupt: pass"
    hang = f"open('{mark}', 'w').close()\n{loop}"

    def ask() -> None:
        while not mark.exists():
            threading.Event().wait(0.02)
        stopper.request("SIGINT")

    asker = threading.Thread(target=ask)
    asker.start()
    _, record = headless.run(make(hang, *LOOK), {"cluster": str(bare)}, stopper=stopper)
    asker.join()
    assert (record.exit_code, record.status) == (130, Status.STOPPED)
    assert not children()


def test_the_kernel_is_gone_and_so_are_its_sockets(
    make: MakeRunbook, bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    headless.run(make(*LOOK), {"cluster": str(bare)})
    assert not children()
    assert not [*tmp_path.glob("opskit-*")]
