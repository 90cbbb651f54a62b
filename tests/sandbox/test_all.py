"""All systems side by side: a fault each, seen by its own tool and by opskit; then nothing is left."""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from opskit.sandbox import Sandbox
from opskit.sandbox.overview import overview
from opskit.sandbox.profiles import PROFILES
from opskit.sandbox.rehearsing.asking import ask_all, environment, statement_of
from opskit.sandbox.rehearsing.witness import Answers, Witness
from opskit.sandbox.rehearsing.witnesses import WITNESSES, condition, pods_are_ready
from opskit.sandbox.site import sandbox_names
from opskit.sandbox.waiting import wait_until

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1800)]


def _has_replicas(answers: Answers) -> Iterator[str]:
    for each in answers.items:
        if not each["status"].get("readyReplicas"):
            yield f"{each['metadata']['name']} has no replica"


def _is_issued(answers: Answers) -> Iterator[str]:
    for each in answers.items:
        if condition(each, "Ready") != "True":
            yield f"{each['metadata']['name']} is not issued"


ISTIOD = Witness(command="kubectl -n istio-system get deployments -o json", judge=_has_replicas)
REQUESTS = Witness(command="kubectl get certificaterequests -A -o json", judge=_is_issued)
DEX = Witness(command="kubectl -n dex get pods -o json", judge=pods_are_ready)
CASES: dict[str, tuple[str, tuple[Witness, ...], str]] = {
    "rook": ("osd-down", WITNESSES["rook"], "rook/OSD_DOWN"),
    "operators": ("etcd-member-killed", WITNESSES["operators"], "operators/QUORUM_MEMBER_DOWN"),
    "openshift": ("ingress-degraded", WITNESSES["openshift"], "openshift/"),
    "certmanager": ("issuer-missing", (REQUESTS,), "certmanager/"),
    "vault": ("openbao-sealed", WITNESSES["vault"], "vault/"),
    "dex": ("dex-down", (DEX,), "dex/"),
    "istio": ("istiod-down", (ISTIOD,), "istio/ISTIOD_DOWN"),
    "calico": ("bird-down", WITNESSES["calico"], "calico/"),
    "kubeadm": ("kubelet-stopped", WITNESSES["kubeadm"], "kubeadm/NODE_NOT_READY"),
}
"""By system: the fault, the witness, and how the finding's code begins."""

BUDGET_MIB = 12 * 1024


@pytest.fixture(scope="module")
def everything() -> Generator[Sandbox]:
    if os.geteuid() != 0:
        pytest.skip("the profile `all` needs root")
    lent = os.environ.get("OPSKIT_TEST_SANDBOX")
    if lent:
        yield Sandbox.attach(lent)
        return
    with Sandbox.up(profile="all", name=f"all-{os.getpid()}") as sandbox:
        yield sandbox


def of(everything: Sandbox, system: str) -> Sandbox:
    """The sandbox that has the system: kubeadm's cluster is one of its own."""
    every = (everything, *everything.companions())
    found = [each for each in every if system in each.profile.systems]
    return found[0] if found else pytest.skip(PROFILES["kubeadm"].unfit)


def codes(sandbox: Sandbox, system: str) -> set[str]:
    """What `opskit findings` says, at warning or above."""
    env = {**os.environ, **environment(sandbox)}
    words = ("findings", "--json", "--system", system, "--cluster", sandbox.context)
    argv = [sys.executable, "-m", "opskit", *words]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    every: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
    return {each["code"] for each in every if each["severity"] != "info"}


def record(system: str, state: str, sandbox: Sandbox, witnesses: tuple[Witness, ...]) -> None:
    """Keep what the witnesses say, where OPSKIT_RECORD_WITNESSES names a folder: the unit tests' tables."""
    if folder := os.environ.get("OPSKIT_RECORD_WITNESSES"):
        said = ask_all(sandbox, witnesses, {})
        (Path(folder) / f"{system}-{state}.json").write_text(json.dumps(said, indent=1) + "\n")


@pytest.mark.parametrize("system", CASES)
def test_a_fault_is_seen_by_the_systems_own_tool_and_by_opskit(system: str, everything: Sandbox) -> None:
    fault, witnesses, code = CASES[system]
    sandbox = of(everything, system)
    sandbox.wait_healthy()
    before = codes(sandbox, system)
    assert not any(each.startswith(code) for each in before), before
    assert all(statement_of(sandbox, each, {}, before="").well for each in witnesses)
    record(system, "well", sandbox, witnesses)
    sandbox.inject(fault)
    try:
        wait_until(
            lambda: not all(statement_of(sandbox, each, {}, before="").well for each in witnesses),
            what="the system's own tool shows it",
            deadline=60.0,
            every=1.0,
        )
        record(system, "broken", sandbox, witnesses)
        wait_until(
            lambda: any(each.startswith(code) for each in codes(sandbox, system) - before),
            what=f"opskit says {code}",
            deadline=120.0,
            every=2.0,
        )
    finally:
        sandbox.heal()


def test_it_fits_into_twelve_gibibytes(everything: Sandbox) -> None:
    names = {each.name for each in (everything, *everything.companions())}
    held = sum(each.memory_mib for each in overview("all").sandboxes if each.name in names)
    assert 1024 < held < BUDGET_MIB


def test_down_leaves_no_process_and_no_folder() -> None:
    with Sandbox.up(profile="all", name=f"gone-{os.getpid()}") as sandbox:
        every = [sandbox, *sandbox.companions()]
    assert [each.name for each in every if list(each.site.processes.marked())] == []
    assert not {each.name for each in every} & set(sandbox_names())
    assert not any(each.site.state.exists() or each.site.run.exists() for each in every)
