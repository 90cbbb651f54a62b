"""Killed at every boundary of every step, a replacement ends as if it had never been killed."""

from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from rook_lab import Headless, assert_replaced_once, deployment, killed, osd

from opskit.sandbox.sandbox import Sandbox
from tests import figures

pytestmark = [pytest.mark.sandbox, pytest.mark.proof, pytest.mark.timeout(7200)]

OSD = 1
ACTING = (
    f"mark-out-osd-{OSD}",
    "pause-operator",
    f"stop-osd-{OSD}",
    f"purge-osd-{OSD}",
    f"remove-deployment-osd-{OSD}",
    "resume-operator",
)
BOUNDARIES = ("intent", "send", "ack", "commit")
MOST = 60


def test_killed_at_every_boundary(lab: Headless, sandbox: Sandbox, tmp_path: Path) -> None:
    before, began = _state(sandbox), monotonic()
    last = sandbox.ceph("osd", "dump")["epoch"]
    spared, everywhere = tmp_path / "spared", ",".join(BOUNDARIES)
    ran = lab.plan("rook/replace-osd", osd=OSD).run(kill_at=everywhere, spared=spared)
    codes = [ran.exit_code]
    while killed(codes[-1]) and len(codes) < MOST:
        codes.append(lab.resume(ran.folder, kill_at=everywhere, spared=spared))
    assert codes[-1] == 0, codes
    places = spared.read_text().split()
    assert {f"{step}:{boundary}" for step in ACTING for boundary in BOUNDARIES} <= set(places), places
    assert len(codes) == len(places) + 1
    _as_if_never_killed(sandbox, before)
    assert_replaced_once(sandbox, OSD, ran.journal, since=last)
    _keep(places, codes, seconds=monotonic() - began)


def _keep(places: list[str], codes: list[int], *, seconds: float) -> None:
    """The figures, once all of it held."""
    figures.keep(
        "Kill matrix: replace-osd",
        "A replacement of an OSD on a real Ceph, killed by SIGKILL with its runner at each boundary (intent, "
        "send, ack, commit) of each step, and resumed each time.",
        {
            "steps killed at all four boundaries": f"{len(ACTING)}",
            "boundaries at which it was killed": f"{len(places)}",
            "kills, each followed by `opskit resume`": f"{sum(map(killed, codes))}",
            "exit code of the last": f"{codes[-1]}",
            "end state, but for the new OSD's identity": "equal",
            "done twice, by Ceph's maps": "0",
            "all of it": f"{seconds:.0f} s",
        },
    )


def _state(sandbox: Sandbox) -> dict[str, Any]:
    """What the end state is compared by: everything but the identity of the OSD that is replaced."""
    dump = sandbox.ceph("osd", "dump")
    tree = sandbox.ceph("osd", "tree")["nodes"]
    return {
        "osds": {each["osd"]: (each["up"], each["in"]) for each in dump["osds"]},
        "others": {each["osd"]: each["uuid"] for each in dump["osds"] if each["osd"] != OSD},
        "flags": sorted(dump["flags_set"]),
        "node flags": dump["crush_node_flags"],
        "weights": {each["name"]: each.get("crush_weight") for each in tree},
        "hosts": {each["name"]: sorted(each["children"]) for each in tree if each["type"] == "host"},
        "operator": deployment(sandbox, "rook-ceph-operator")["spec"]["replicas"],
        "pgs": sandbox.ceph("pg", "stat")["pg_summary"]["num_pgs"],
        "uuid": osd(sandbox, OSD)["uuid"],
    }


def _as_if_never_killed(sandbox: Sandbox, before: dict[str, Any]) -> None:
    now = _state(sandbox)
    assert now.pop("uuid") != before.pop("uuid")
    assert now == before
    states = [each["state_name"] for each in sandbox.ceph("status")["pgmap"]["pgs_by_state"]]
    assert all(state.startswith("active+clean") for state in states)
