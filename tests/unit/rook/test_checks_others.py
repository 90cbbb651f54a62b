"""The other checks, on recorded states with single parts replaced."""

import json
from datetime import timedelta

import msgspec
import pytest

from opskit.core.findings import Severity
from opskit.core.kinds_workloads import Pod
from opskit.core.parts import Unread
from opskit.systems.rook import answers, kinds, workloads
from opskit.systems.rook.answers_daemons import Device, FsDump, MonDump, OsdPerf, Rule, TimeSync
from opskit.systems.rook.checks import check
from opskit.systems.rook.codes import TABLE
from opskit.systems.rook.sources import Growth

from .conftest import codes, of


def found(findings, code):
    return next(each for each in findings if each.code == f"rook/{code}")


def raising(severity="HEALTH_WARN", muted=False, detail=(), **checks):
    return msgspec.convert(
        {
            "status": severity,
            "checks": {
                code: {
                    "severity": severity,
                    "summary": {"message": message, "count": 1},
                    "detail": [{"message": line} for line in detail],
                    "muted": muted,
                }
                for code, message in checks.items()
            },
        },
        answers.Health,
    )


def test_flags_of_the_whole_cluster_are_named_with_what_they_stop(recorded):
    flag = found(check(recorded("osd-down-flags")), "OSDMAP_FLAGS")
    assert "noout is set for the whole cluster" in flag.summary
    assert flag.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("hours", "code", "severity"),
    [(2, "MAINTENANCE", Severity.INFO), (-2, "FORGOTTEN_MAINTENANCE", Severity.WARNING)],
)
def test_noout_of_an_announced_maintenance(recorded, hours, code, severity):
    facts = recorded("osd-down-flags")
    mark = json.dumps({"until": (facts.now + timedelta(hours=hours)).isoformat(), "run": "run-7"})
    each = found(check(recorded("osd-down-flags", marks={"opskit/noout/node-2": mark})), code)
    assert each.severity is severity
    assert "run-7" in each.cause


def test_a_mark_that_cannot_be_read_counts_as_passed(recorded):
    findings = check(recorded("osd-down-flags", marks={"opskit/noout/node-2": "not json"}))
    assert "FORGOTTEN_MAINTENANCE" in codes(findings)


def test_nearfull_names_the_osds_and_the_live_ratio(recorded):
    first = check(recorded("nearfull"))[0]
    assert first.code == "rook/OSD_NEARFULL"
    assert "ratio of 1%" in first.summary


def test_a_muted_code_is_only_told(recorded):
    findings = check(recorded("muted"))
    muted = found(findings, "POOL_NO_REDUNDANCY")
    assert muted.severity is Severity.INFO
    assert "muted" in muted.summary
    assert [each for each in findings if each.severity >= Severity.WARNING] == []


def test_no_manager_is_told_and_what_it_answers_is_not_asked(recorded):
    facts = recorded("mgr-down")
    assert check(facts)[0].code == "rook/MGR_DOWN"
    assert isinstance(facts.osd_df, Unread)
    assert facts.osd_df.error == "NotInstalled"


def test_an_unknown_code_of_the_future_is_a_finding_as_grave_as_ceph_says(recorded):
    facts = recorded("healthy", health=raising("HEALTH_ERR", FROM_THE_FUTURE="something new is wrong"))
    first = check(facts)[0]
    assert (first.code, first.severity) == ("rook/FROM_THE_FUTURE", Severity.ERROR)
    assert first.summary == "something new is wrong."


@pytest.mark.parametrize("code", sorted(TABLE))
def test_every_known_code_is_told_when_ceph_raises_it(recorded, code):
    findings = check(recorded("healthy", health=raising(**{code: "it is so"})))
    each = next(each for each in findings if each.code == f"rook/{code}")
    assert each.cause
    assert each.remedy is not None
    assert each.remedy.text
    assert each.source.startswith("https://")


def test_a_damaged_pg_names_its_osds_and_the_repair(recorded):
    pg = answers.Pg(
        pgid="2.1f",
        state="active+clean+inconsistent",
        acting=[3, 0, 5],
        stat_sum=answers.PgStats(num_scrub_errors=1),
    )
    health = raising("HEALTH_ERR", PG_DAMAGED="Possible data damage", OSD_SCRUB_ERRORS="1 scrub errors")
    findings = check(recorded("healthy", pgs=[pg], health=health))
    assert codes(findings)[0] == "PG_DAMAGED"
    assert "OSD_SCRUB_ERRORS" not in codes(findings)
    assert findings[0].subject == "pg 2.1f on osd.3,osd.0,osd.5"
    assert findings[0].remedy is not None
    assert findings[0].remedy.parameters == {"pg": "2.1f"}


def test_a_damaged_pg_is_told_from_the_detail_when_it_could_not_be_listed(recorded):
    lines = ["pg 2.1f is active+clean+inconsistent, acting [3,0,5]"]
    health = raising("HEALTH_ERR", detail=lines, PG_DAMAGED="Possible data damage: 1 pg inconsistent")
    unread = Unread(part="pgs", error="BadAnswer", reason="cut off")
    first = check(recorded("healthy", pgs=unread, health=health))[0]
    assert first.subject == "pg 2.1f on osd.3,osd.0,osd.5"


def test_clock_skew_names_monitor_and_seconds(recorded):
    skew = msgspec.convert({"time_skew_status": {"b": {"skew": 1.25, "latency": 0.001}}}, TimeSync)
    health = raising(
        detail=["mon.b clock skew 1.25s > max 0.05s"], MON_CLOCK_SKEW="clock skew detected on mon.b"
    )
    first = check(recorded("healthy", time_sync=skew, health=health))[0]
    assert (first.code, first.subject) == ("rook/MON_CLOCK_SKEW", "mon.b")
    assert "1.25 s ahead" in first.summary


def skews_of(**seconds):
    """`ceph time-sync-status`, and the health check, of a leader `a` and others so far ahead."""
    measured = {name: {"skew": skew, "latency": 0.001} for name, skew in {"a": 0.0, **seconds}.items()}
    lines = [f"mon.{name} clock skew {abs(skew)}s > max 0.05s" for name, skew in seconds.items() if skew]
    return {
        "time_sync": msgspec.convert({"time_skew_status": measured}, TimeSync),
        "health": raising(detail=lines, MON_CLOCK_SKEW="clock skew detected"),
    }


@pytest.mark.parametrize(
    ("skews", "subjects", "words"),
    [
        ({"b": -2.001, "c": -1.999}, ["mon.a"], "mon.a is 2 s ahead of all others'"),
        ({"b": -2.0, "c": 0.0}, ["mon.b"], "mon.b is 2 s behind the leader's"),
        ({"b": -2.0, "c": 3.0}, ["mon.b", "mon.c"], "behind the leader's"),
        ({"b": -2.0}, ["mon.b"], "mon.b is 2 s behind the leader's"),
    ],
)
def test_a_leader_whose_clock_alone_is_wrong_is_named_itself(recorded, skews, subjects, words):
    findings = check(recorded("healthy", **skews_of(**skews)))
    told = [each for each in findings if each.code == "rook/MON_CLOCK_SKEW"]
    assert [each.subject for each in told] == subjects
    assert words in told[0].summary


@pytest.mark.parametrize(
    ("quorum", "severity"), [([0, 1, 2, 3], Severity.WARNING), ([0, 1, 2], Severity.ERROR)]
)
def test_a_monitor_out_of_quorum_is_as_grave_as_what_is_left(recorded, quorum, severity):
    mons = [{"rank": rank, "name": name} for rank, name in enumerate("abcde")]
    dump = msgspec.convert({"mons": mons, "quorum": quorum}, MonDump)
    first = check(recorded("healthy", mon_dump=dump))[0]
    assert (first.code, first.severity) == ("rook/MON_DOWN", severity)


def test_the_one_slow_osd_is_named(recorded):
    times = {osd: 12 + osd for osd in range(6)} | {4: 900}
    perf = {
        "osdstats": {
            "osd_perf_infos": [{"id": o, "perf_stats": {"commit_latency_ms": t}} for o, t in times.items()]
        }
    }
    first = check(recorded("healthy", perf=msgspec.convert(perf, OsdPerf)))[0]
    assert (first.code, first.subject) == ("rook/OSD_SLOW", "osd.4 on node-2")


def test_a_forecast_needs_growth_that_ends_soon(recorded):
    facts = recorded("healthy")
    size = facts.osds[1].bytes_total
    slow, fast = Growth(osds={"osd.1": size / 86_400 / 100}), Growth(osds={"osd.1": size / 86_400 / 5})
    assert "CAPACITY_FORECAST" not in codes(check(recorded("healthy", growth=slow)))
    assert check(recorded("healthy", growth=fast))[0].subject == "osd.1 on node-0"


def test_more_copies_than_hosts_is_an_error(recorded):
    facts = recorded("healthy")
    pools = [msgspec.structs.replace(pool, size=4) for pool in facts.osd_dump.pools]
    first = check(recorded("healthy", osd_dump=msgspec.structs.replace(facts.osd_dump, pools=pools)))[0]
    assert (first.code, first.severity) == ("rook/FAILURE_DOMAIN_TOO_SMALL", Severity.ERROR)


def test_copies_on_disks_of_one_host_are_told(recorded):
    rule = msgspec.convert({"rule_id": 0, "steps": [{"op": "choose_firstn", "type": "osd"}]}, Rule)
    assert "FAILURE_DOMAIN_OSD" in codes(check(recorded("healthy", rules=[rule])))


def test_two_versions_side_by_side(recorded):
    versions = {
        "mon": {"ceph version 18.2.4 (x) reef (stable)": 3},
        "osd": {"ceph version 17.2.7 (x) quincy (stable)": 6},
    }
    first = check(recorded("healthy", versions=versions))[0]
    assert (first.code, first.subject) == ("rook/VERSION_SKEW", "osd")


def test_a_filesystem_without_mds(recorded):
    dump = msgspec.convert(
        {"filesystems": [{"mdsmap": {"fs_name": "myfs", "failed": [0], "in": [0]}}]}, FsDump
    )
    assert check(recorded("healthy", fs_dump=dump))[0].code == "rook/MDS_ALL_DOWN"


def test_a_device_that_will_fail_names_the_osd_to_replace(recorded):
    facts = recorded("healthy")
    end = (facts.now + timedelta(days=20)).isoformat()
    device = Device(devid="disk-1", daemons=["osd.2"], life_expectancy_max=end)
    first = check(recorded("healthy", devices=[device]))[0]
    assert first.remedy is not None
    assert (first.remedy.runbook, first.remedy.parameters) == ("rook/replace-osd", {"osd": 2})


def test_ready_while_ceph_is_not_is_told(recorded):
    cluster = of(kinds.CephCluster, metadata={"name": "c"}, status={"phase": "Ready"})
    assert "ROOK_READY_NOT_HEALTHY" in codes(check(recorded("osd-down-flags", cluster=cluster)))
    assert "ROOK_READY_NOT_HEALTHY" not in codes(check(recorded("healthy", cluster=cluster)))


def test_what_is_blind_is_not_healthy(recorded):
    unread = Unread(part="health", error="DeadlineExceeded", reason="30 s passed")
    findings = check(recorded("healthy", health=unread))
    assert found(findings, "PART_UNREAD").severity is Severity.WARNING


def test_a_toolbox_that_does_not_run_is_no_word_on_the_monitors(recorded):
    """The host that died took the toolbox along: Ceph was not asked, so nothing is said of its quorum."""
    ready = {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}
    node = of(workloads.Node, metadata={"name": "node-c"}, status={"conditions": [ready]})
    named = {"name": "rook-ceph-tools-1", "labels": {"app": "rook-ceph-tools"}}
    pods = [of(Pod, metadata=named, spec={"nodeName": "node-c"}, status={"phase": "Running"})]
    silent = Unread(part="status", error="PodNotReady", reason="No pod of app=rook-ceph-tools is Ready.")
    findings = check(recorded("host-down", status=silent, cluster=None, pods=pods, nodes=[node]))
    assert "CEPH_SILENT" not in codes(findings)
    told = found(findings, "TOOLBOX_MISSING")
    assert "Node node-c is not Ready" in told.cause
    assert "delete pod" in told.remedy.text


def test_a_right_that_lacks_is_told_once(recorded):
    reason = 'User "night" cannot get resource "pods/exec"'
    parts = {name: Unread(part=name, error="Forbidden", reason=reason) for name in ("status", "tree", "df")}
    findings = check(recorded("healthy", cluster=None, **parts))
    told = found(findings, "TOOLBOX_MISSING")
    assert "credential" in told.cause
    assert "Deploy" not in told.remedy.text
    assert [each for each in findings if each.code == "rook/PART_UNREAD" and reason in each.summary] == []


def test_monitors_that_do_not_answer_are_told_though_the_toolbox_runs(recorded):
    silent = Unread(part="status", error="ToolFailed", reason="error connecting to the cluster")
    assert codes(check(recorded("host-down", status=silent)))[0] == "CEPH_SILENT"
