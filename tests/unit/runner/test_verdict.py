"""What spoils a verdict, and what is only said."""

from datetime import UTC, datetime

import pytest

from opskit import systems
from opskit.core.cluster import Cluster
from opskit.core.conditions import Conditions
from opskit.core.findings import Data, Finding, Severity
from opskit.core.parts import Unread
from opskit.core.system import System
from opskit.runner import verifying
from opskit.runner.record import Record, Status
from opskit.runner.verdict import Verdict


class Facts(Data, frozen=True):
    status: int | Unread = 0
    growth: int | Unread = 0


ROOM: System[Facts] = System(
    name="room",
    facts=lambda _: Facts(),
    checks=lambda _: [],
    conditions=Conditions(),
    optional=frozenset({"growth"}),
)


REASON = "No server in opskit.toml. [the cluster demo] Next: name it."


def judged(cluster: Cluster, facts: Facts) -> Verdict:
    record = Record(run="r", runbook="room/health", started=datetime.now(UTC), status=Status.RUNNING)
    gaps = verifying.gaps(ROOM, facts)
    return verifying.verdict(cluster, record, found=(), goal=(), changed=False, gaps=gaps)


def missing(part: str, error: str) -> Unread:
    return Unread(part=part, error=error, reason=REASON)


def test_what_may_be_lacking_is_said_and_spoils_nothing(cluster: Cluster) -> None:
    verdict = judged(cluster, Facts(growth=missing("growth", "NotInstalled")))
    assert verdict.good
    assert (verdict.unread, verdict.lacking) == ((), (f"growth: {REASON}",))
    assert verdict.sentence == "No findings. Judged without growth: No server in opskit.toml."


@pytest.mark.parametrize(
    "facts",
    [
        Facts(growth=missing("growth", "Unreachable")),
        Facts(growth=missing("growth", "Forbidden")),
        Facts(status=missing("status", "NotInstalled")),
    ],
)
def test_what_must_be_read_spoils_the_verdict(cluster: Cluster, facts: Facts) -> None:
    verdict = judged(cluster, facts)
    assert not verdict.good
    assert (len(verdict.unread), verdict.lacking) == (1, ())
    assert "not the whole picture" in verdict.sentence


@pytest.mark.parametrize("name", systems.NAMES)
def test_optional_facts_are_fields_of_the_facts(name: str, cluster: Cluster) -> None:
    room = systems.load(name)
    assert room.optional <= set(room.facts(cluster).__struct_fields__)


@pytest.mark.parametrize("name", systems.NAMES)
def test_a_cluster_without_the_system_is_no_alarm(name: str, cluster: Cluster) -> None:
    room = systems.load(name)
    facts = room.facts(cluster)
    assert room.absent(facts) or not room.checks(facts)


@pytest.mark.parametrize(
    ("why", "code"), [("not installed", "NOT_INSTALLED"), ("not in this snapshot", "NOT_RECORDED")]
)
def test_of_a_system_that_is_not_there_one_finding_says_so_and_no_alarm_is_raised(
    why: str, code: str
) -> None:
    def alarm(_: Facts) -> list[Finding]:
        raise AssertionError("nothing must be judged")

    room: System[Facts] = System(
        name="room", facts=lambda _: Facts(), checks=alarm, conditions=Conditions(), absent=lambda _: why
    )
    facts = Facts(status=missing("status", "NotInstalled"))
    (one,) = room.judge(facts)
    assert (one.code, one.severity) == (f"room/{code}", Severity.WARNING)
    assert one.summary == f"room is {why}: nothing of it was judged."
    assert verifying.gaps(room, facts) == verifying.Gaps()
