"""Warm kernels: each serves one run and no other, and none stays behind."""

from collections.abc import Callable
from pathlib import Path

import pytest

from opskit.core.errors import ApprovalRejected, UsageError
from opskit.runner import headless
from opskit.runner.contract import Runbook
from opskit.runner.pool import Pool

MakeRunbook = Callable[..., Runbook]


def test_each_run_gets_a_kernel_of_its_own(make: MakeRunbook, bare: Path, tmp_path: Path) -> None:
    mark = "assert 'seen' not in globals()\nseen = True\nimport os\nopen(f'{}/{{os.getpid()}}', 'w').close()"
    runbook = make(mark.format(tmp_path), "run.verify()")
    with Pool(size=1) as pool:
        kernels = [pool.take(), pool.take()]
        ended = [headless.run(runbook, {"cluster": str(bare)}, kernel=kernel)[1] for kernel in kernels]
        waiting = pool.take()
        pids = [each.process.pid for each in (*kernels, waiting)]
        assert [each.exit_code for each in ended] == [0, 0]
        assert all((tmp_path / str(pid)).exists() for pid in pids[:2])
        assert not any(each.alive for each in kernels)
        waiting.dispose()
    assert len(set(pids)) == 3


def test_a_dead_kernel_is_not_handed_out() -> None:
    with Pool(size=1) as pool:
        pool.wait()
        pool._ready[0].result().kill()
        kernel = pool.take()
        assert kernel.alive
        kernel.dispose()


def test_a_run_that_is_refused_leaves_no_kernel_behind(make: MakeRunbook, tmp_path: Path) -> None:
    options = headless.Options(approval=tmp_path / "none.json")
    with Pool(size=1) as pool:
        kernel = pool.take()
        with pytest.raises(ApprovalRejected):
            headless.run(make("run.verify()"), {"cluster": "demo"}, options, kernel=kernel)
        assert not kernel.alive


def test_a_closed_pool_has_none() -> None:
    pool = Pool(size=1)
    pool.close()
    with pytest.raises(UsageError):
        pool.take()
