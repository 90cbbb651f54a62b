"""Every system at once: one that fails, hangs or breaks takes none of the others along."""

import json
import threading
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from opskit.cli.main import app
from opskit.core.cluster import Cluster
from opskit.core.conditions import Conditions
from opskit.core.errors import NotInstalled, Unreachable
from opskit.core.findings import Data, Finding, Severity
from opskit.core.parts import Unread, absence, attempt
from opskit.core.secrets import Secret
from opskit.core.system import System
from opskit.runner import exports, survey


class Facts(Data, frozen=True):
    main: int | Unread = 0
    other: int | Unread = 0


def room(
    name: str,
    facts: Callable[[Cluster], Facts] = lambda _: Facts(),
    checks: Callable[[Facts], list[Finding]] | None = None,
    **more: Any,
) -> System[Facts]:
    found = Finding(code=f"{name}/BAD", severity=Severity.ERROR, subject=name, summary=f"{name} is bad.")
    return System(
        name=name, facts=facts, checks=checks or (lambda _: [found]), conditions=Conditions(), **more
    )


def raising(error: Exception):
    def read(_: object):
        raise error

    return read


GOOD = room("good")


def test_rooms_are_read_at_the_same_time(cluster: Cluster) -> None:
    meeting = threading.Barrier(3, timeout=10)

    def read(_: Cluster) -> Facts:
        meeting.wait()
        return Facts()

    seen = survey.survey(cluster, [room(name, read) for name in "abc"])
    assert [each.subject for each in seen.findings] == ["a", "b", "c"]
    assert seen.unread == ()


def test_a_room_that_can_not_be_read_is_a_line(cluster: Cluster) -> None:
    lost = room("vault", raising(Unreachable("No answer.", where="https://vault", hint="see its pods")))
    seen = survey.survey(cluster, [lost, GOOD])
    assert seen.unread == ("vault: No answer. [https://vault] Next: see its pods",)
    assert [each.code for each in seen.findings] == ["good/BAD"]


def test_a_room_that_hangs_is_a_line(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "GRACE", 0.2)
    release = threading.Event()
    told: list[str] = []
    hung = room("dex", lambda _: release.wait() and Facts())
    seen = survey.survey(cluster, [hung, GOOD], seconds=0.1, told=told.append)
    release.set()
    assert [each.code for each in seen.findings] == ["good/BAD"]
    assert seen.unread[0].startswith("dex: It did not answer within 0.3 s")
    assert "opskit findings --system dex" in seen.unread[0]


def test_what_was_read_before_the_time_was_over_is_judged(cluster: Cluster) -> None:
    def read(within: Cluster) -> Facts:
        from time import sleep

        sleep(0.2)
        return Facts(main=1, other=attempt("other", lambda: len(within.path("/version"))))

    seen = survey.survey(cluster, [room("slow", read)], seconds=0.1)
    assert [each.code for each in seen.findings] == ["slow/BAD"]
    assert "slow: other: The 0.1 s for reading slow are over" in seen.unread[0]


def test_a_defect_of_a_room_hides_nothing(cluster: Cluster) -> None:
    token = Secret("hunter2hunter2").reveal()
    seen = survey.survey(cluster, [room("istio", checks=raising(ValueError(f"odd {token}"))), GOOD])
    assert [each.code for each in seen.findings] == ["good/BAD"]
    assert [(each.system, each.error) for each in seen.defects] == [("istio", "ValueError: odd [secret]")]
    assert "Traceback" in seen.defects[0].trace
    assert token not in seen.defects[0].trace


def test_an_absent_system_is_one_quiet_line(cluster: Cluster) -> None:
    gone = Unread(part="crd", error=NotInstalled.__name__, reason="No CRDs.")
    absent = room("vault", lambda _: Facts(main=gone, other=gone), absent=lambda facts: absence(facts.main))
    seen = survey.survey(cluster, [absent, GOOD])
    assert seen.absent == ("vault: not installed",)
    assert seen.unread == ()
    assert [each.code for each in seen.findings] == ["good/BAD"]


def test_a_part_that_a_sound_system_may_lack_is_no_gap(cluster: Cluster) -> None:
    def read(_: Cluster) -> Facts:
        return Facts(
            main=Unread(part="main", error="NotInstalled", reason="No server. [demo] Next: name it."),
            other=Unread(part="other", error="NotInstalled", reason="No CRDs."),
        )

    seen = survey.survey(cluster, [room("x", read, optional=frozenset({"main"}))])
    assert seen.lacking == ("x: main: No server. [demo] Next: name it.",)
    assert seen.unread == ("x: other: No CRDs.",)


def test_parts_that_are_unread_for_one_reason_are_one_line(cluster: Cluster) -> None:
    def read(_: Cluster) -> Facts:
        return Facts(
            main=Unread(part="main", error="Forbidden", reason="No."),
            other=Unread(part="other", error="Forbidden", reason="No."),
        )

    assert survey.survey(cluster, [room("x", read)]).unread == ("x: main, other: No.",)


SEEN = survey.Survey(
    cluster="c",
    findings=(Finding(code="a/B", severity=Severity.ERROR, subject="s", summary="It is bad."),),
    unread=("x: part: No.",),
    absent=("vault: not installed",),
    defects=(survey.Defect(system="istio", error="ValueError: odd", trace="…"),),
)


def test_gaps_stand_in_every_format() -> None:
    assert exports.as_json(SEEN)["unread"] == ["x: part: No."]
    assert exports.as_json(SEEN)["absent"] == ["vault: not installed"]
    assert exports.as_json(SEEN)["defects"] == [{"system": "istio", "error": "ValueError: odd"}]
    invocation = exports.as_sarif(SEEN)["runs"][0]["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert [each["level"] for each in invocation["toolExecutionNotifications"]] == ["warning", "error"]
    suite = ElementTree.fromstring(exports.as_junit(SEEN))
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors"), suite.get("skipped")) == (
        "3",
        "1",
        "1",
        "1",
    )


def test_a_defect_is_exit_1_after_everything_was_printed(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    broken = room("istio", raising(ValueError("odd")))
    monkeypatch.setattr(survey, "rooms", lambda names: (broken, GOOD))
    files = ["--sarif", str(tmp_path / "s.json"), "--junit", str(tmp_path / "j.xml")]
    ended = CliRunner().invoke(app, ["findings", "--cluster", "demo", "--json", "--fail-on", "info", *files])
    assert ended.exit_code == 1
    assert [each["code"] for each in json.loads(ended.stdout)["findings"]] == ["good/BAD"]
    assert "A defect of opskit in istio: ValueError: odd. Traceback: " in ended.stderr
    assert json.loads((tmp_path / "s.json").read_text())["version"] == "2.1.0"
    assert ElementTree.parse(tmp_path / "j.xml").getroot().get("errors") == "1"


def test_a_file_that_can_not_be_written_is_wrong_use(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(survey, "rooms", lambda names: (GOOD,))
    ended = CliRunner().invoke(app, ["findings", "--cluster", "demo", "--sarif", str(tmp_path / "no" / "s")])
    assert ended.exit_code == 2
    assert "can't be written" in ended.stderr
