"""Frames: documented columns, also of nothing, and figures that say their conclusion."""

from math import inf, isnan, nan

import numpy as np
import pandas as pd
import pytest

from opskit.core.errors import BadValue
from opskit.core.parts import Unread
from opskit.plots import downsample, rook, style
from opskit.systems.rook import facts, views
from opskit.systems.rook.sources import Growth
from opskit.systems.rook.views_trends import days_left

DRAWN = {
    "osds": None,
    "hosts": None,
    "pools": None,
    "mons": None,
    "daemons": None,
    "capacity": rook.capacity,
    "crush": rook.crush_tree,
    "health": rook.health,
    "latency": rook.latency,
    "pg_states": rook.pg_states,
    "recovery": rook.recovery,
}


def blind(read):
    values = {name: getattr(read, name) for name in facts.Facts.__struct_fields__}
    gone = {
        name: Unread(part=name, error="Forbidden", reason="no")
        for name in values
        if name not in ("namespace", "now")
    }
    return facts.Facts(**(values | gone))


@pytest.mark.parametrize("state", ["healthy", "osd-down-flags", "host-down", "nearfull"])
@pytest.mark.parametrize("name", sorted(DRAWN))
def test_each_view_keeps_its_columns_and_is_drawn(recorded, state, name):
    view, draw = getattr(views, name), DRAWN[name]
    full, empty = view(recorded(state)), view(blind(recorded(state)))
    assert list(full.dtypes.items()) == list(empty.dtypes.items())
    assert empty.empty
    for frame in (full, empty):
        if draw is not None:
            assert len(style.sentence(draw(frame))) > 10


def test_osds_hosts_and_the_tree_agree(recorded):
    read = recorded("host-down")
    osds, hosts, tree = views.osds(read), views.hosts(read), views.crush(read)
    assert int(hosts["osds"].sum()) == len(osds) == int(tree.loc[tree["depth"] == 0, "osds"].sum())
    assert (
        rook.sentence(rook.crush_tree(tree)) == "2 of 6 OSDs are down, on 1 of 3 hosts; wholly down: node-2"
    )


@pytest.mark.parametrize(
    ("used", "limit", "daily", "days"),
    [(90, 85, 1, 0), (50, 100, 10, 5), (50, 100, 0, inf), (50, 100, -3, inf), (50, 0, 1, inf)],
)
def test_days_left(used, limit, daily, days):
    assert days_left(used, limit, daily) == days


def test_days_left_are_unknown_without_history():
    assert isnan(days_left(1, 2, nan))


def test_capacity_counts_days_to_the_live_ratio(recorded):
    size = recorded("healthy").osds[0].bytes_total
    read = recorded("healthy", growth=Growth(osds={"osd.0": size / 86_400 / 100}))
    row = views.capacity(read).set_index("name").loc["osd.0"]
    assert 85 < row["days_to_full"] < 95.1
    with pytest.raises(BadValue, match="rack"):
        views.capacity(read, by="rack")


def test_a_large_cluster_is_drawn_as_a_profile_and_a_folded_tree():
    names = [f"osd.{number}" for number in range(4_000)]
    frame = pd.DataFrame({"kind": "osd", "name": names, "bytes": 100, "used": 50})
    frame["utilization"] = np.linspace(0.93, 0.4, 4_000)
    for column, value in (("nearfull", 0.85), ("backfillfull", 0.9), ("full", 0.95), ("days_to_full", inf)):
        frame[column] = value
    made = rook.capacity(frame)
    assert len(made.data) == 1
    assert rook.sentence(made).startswith(
        "604 of 4000 OSDs are over nearfull (85%); osd.0 is the fullest with 93%"
    )


def test_many_points_become_few_and_peaks_stay():
    level = np.zeros(1_000_000, dtype="float32")
    level[777_777] = 2
    time = pd.date_range("2026-01-01", periods=len(level), freq="s", tz="UTC")
    trace = rook.health_over_time(pd.DataFrame({"time": time, "level": level})).data[0]
    assert len(trace.x) <= downsample.POINTS_PER_TRACE
    assert max(trace.y) == 2


def test_recovery_estimates_its_end_from_the_last_half():
    time = pd.date_range("2026-01-01", periods=101, freq="60s", tz="UTC")
    left = np.linspace(2_000, 1_000, 101)
    frame = pd.DataFrame({"time": time, "degraded": left, "misplaced": 0.0})
    assert rook.sentence(rook.recovery_progress(frame)) == (
        "1,000 object copies are left to recover: about 1 h 40 min more at the present pace"
    )


def test_recovery_that_does_not_move_promises_nothing():
    time = pd.date_range("2026-01-01", periods=10, freq="60s", tz="UTC")
    frame = pd.DataFrame({"time": time, "degraded": 500.0, "misplaced": 0.0})
    assert "not getting fewer" in rook.sentence(rook.recovery_progress(frame))
