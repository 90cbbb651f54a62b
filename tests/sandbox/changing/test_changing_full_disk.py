"""Without a durable record nothing is changed."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from changing_lab import CODE, Lab, conditions, open_at
from changing_proxy import Proxy

from opskit.core.engine import Engine
from opskit.core.errors import JournalUnwritable
from opskit.core.journal import Journal, read
from opskit.core.lock import LeaseLock, identity
from opskit.core.progress import Progress
from opskit.core.writes import Writer
from opskit.sandbox.site import Site

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root"),
]


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def fill(disk: Path) -> None:
    """Until not one byte is left."""
    with suppress(OSError), (disk / "filler").open("ab", buffering=0) as filler:
        for size in (4096, 1):
            with suppress(OSError):
                while True:
                    filler.write(b"\0" * size)


@pytest.mark.parametrize("full", ["journal", "heads"])
@pytest.mark.parametrize("at", ["start", "scale-osd-1", "scale-osd-2"])
def test_a_full_disk_lets_no_change_through(full: str, at: str, lab: Lab, site: Site, tmp_path: Path) -> None:
    lab.make_deployment("osd", replicas=0)
    plan = lab.plan(*(lab.scale_step("osd", before=n, after=n + 1) for n in range(3)))
    with (
        small_disk(tmp_path / "disk") as disk,
        Proxy(site, tmp_path) as proxy,
        open_at(proxy.kubeconfig) as cluster,
    ):
        folders = {"journal": tmp_path / "run-1", "heads": tmp_path / "heads"} | {full: disk / full}
        folders["journal"].mkdir()
        path = folders["journal"] / "journal.jsonl"

        def watch(progress: Progress) -> None:
            if (progress.step, progress.phase) == (at, "checking"):
                fill(disk)

        with Journal.create(path, run="run-1", heads=folders["heads"]) as journal:
            if at == "start":
                fill(disk)
            lock = LeaseLock(cluster, plan.lock, holder=identity("run-1"), run="run-1", seconds=9)
            engine = Engine(
                cluster,
                plan,
                approval=lab.approved(plan),
                conditions=conditions,
                writer=Writer(cluster),
                journal=journal,
                lock=lock,
                code=CODE,
                watch=watch,
            )
            outcome = engine.apply()
        changed = proxy.effects("deployments")
        intents = [record for record in journal.records if record.phase == "intent"]
        assert outcome.error is not None
        assert outcome.error["error"] in {JournalUnwritable.__name__, "StepFailed"}, outcome
        assert "No space left on device" in outcome.text
        assert len(changed) <= len(intents)
        assert outcome.exit_code == (5 if not changed else 6)
        assert lab.replicas("osd") == len(changed) < 3

        (disk / "filler").unlink()
        with suppress(FileNotFoundError):
            assert read(path, heads=folders["heads"]) == list(journal.records)
        with Journal.open(path, heads=folders["heads"]) as again:
            lock = LeaseLock(cluster, plan.lock, holder=identity("run-1"), run="run-1", seconds=9)
            resumed = Engine(
                cluster,
                plan,
                approval=lab.approved(plan),
                conditions=conditions,
                writer=Writer(cluster),
                journal=again,
                lock=lock,
                code=CODE,
            ).resume()
        assert (resumed.status, lab.replicas("osd"), len(proxy.effects("deployments"))) == ("done", 3, 3), (
            resumed
        )
