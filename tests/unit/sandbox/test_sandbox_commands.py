import json
import os
import signal

import pytest
from typer.testing import CliRunner

from opskit.cli.sandbox import app
from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site

RUN = CliRunner()


def test_status_tells_of_programs_and_of_no_sandbox() -> None:
    done = RUN.invoke(app, ["status", "--json"])
    seen = json.loads(done.stdout)
    assert seen["sandboxes"] == []
    assert {"kube-apiserver", "etcd", "kwok", "ceph-osd", "radosgw"} <= {
        each["name"] for each in seen["programs"]
    }
    assert all(each["path"] or each["remedy"] for each in seen["programs"])


def test_every_fault_says_what_is_seen() -> None:
    rows = json.loads(RUN.invoke(app, ["fault", "list", "--json"]).stdout)
    assert {"osd-down", "host-down", "pg-inconsistent"} <= {row["name"] for row in rows}
    assert all(row["does"] and row["seen"] for row in rows)
    assert "osd-down" in RUN.invoke(app, ["fault", "list"]).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["up", "--profile", "ligth"], 2, "did you mean light"),
        (["up", "--mons", "2"], 2, "use 1 or 3"),
        (["up", "--provider", "podman"], 2, "no provider"),
        (["fault", "inject", "osd-down"], 5, "No sandbox 'light' is up"),
        (["fault", "heal"], 5, "opskit sandbox up"),
    ],
)
def test_wrong_use_ends_with_its_exit_code_and_says_what_next(
    arguments: list[str], code: int, said: str
) -> None:
    done = RUN.invoke(app, arguments)
    assert (done.exit_code, said in done.stderr) == (code, True), done.stderr


def test_down_of_nothing_is_no_error() -> None:
    assert RUN.invoke(app, ["down", "--name", "nothing"]).exit_code == 0


def test_a_sandbox_whose_processes_are_gone_has_ended() -> None:
    site = Site("gone")
    site.make()
    site.write_record(phase="ready", profile="light", options={})
    started = site.processes.start("etcd", Command(argv=("sleep", "60")))
    (seen,) = json.loads(RUN.invoke(app, ["status", "--json"]).stdout)["sandboxes"]
    assert (seen["phase"], seen["parts"][0]["alive"]) == ("ready", True)
    os.kill(started.pid, signal.SIGKILL)
    os.waitpid(started.pid, 0)
    (seen,) = json.loads(RUN.invoke(app, ["status", "--json"]).stdout)["sandboxes"]
    assert (seen["phase"], seen["parts"][0]["alive"]) == ("ended", False)
    done = RUN.invoke(app, ["fault", "inject", "osd-down", "--name", "gone"])
    assert (done.exit_code, "runs any more" in done.stderr, "up --profile light" in done.stderr) == (
        5,
        True,
        True,
    )
    assert RUN.invoke(app, ["down", "--name", "gone"]).exit_code == 0
    assert json.loads(RUN.invoke(app, ["status", "--json"]).stdout)["sandboxes"] == []
