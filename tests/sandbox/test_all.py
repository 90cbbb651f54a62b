"""All systems side by side: a fault each, seen by its own tool and by opskit; then nothing is left."""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from opskit.sandbox import Sandbox
from opskit.sandbox.mesh.workloads import prefix
from opskit.sandbox.overview import overview
from opskit.sandbox.profiles import PROFILES
from opskit.sandbox.rehearsing.asking import ask_all, environment, statement_of
from opskit.sandbox.rehearsing.witness import Answers, Witness
from opskit.sandbox.rehearsing.witnesses import WITNESSES, condition, pods_are_ready
from opskit.sandbox.site import sandbox_names
from opskit.sandbox.waiting import wait_until
from tests import figures
from tests.lent import LENT, sandbox_of
from tests.sandbox.killing.machine import listing

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
    "kubeadm": ("kubelet-stopped", WITNESSES["kubeadm"], "kubeadm/KUBELET_STOPPED"),
}
"""By system: the fault, the witness, and how the finding's code begins."""

BUDGET_MIB = 12 * 1024
MEASURED: dict[str, str] = {}


@pytest.fixture(scope="module")
def everything() -> Generator[Sandbox]:
    if os.geteuid() != 0:
        pytest.skip("the profile `all` needs root")
    begin = monotonic()
    with sandbox_of("all", "all") as sandbox:
        MEASURED["up, until every part is ready"] = f"{monotonic() - begin:.0f} s"
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
    begin = monotonic()
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
        MEASURED[f"{system}: `{fault}`, until both have told of it"] = f"{monotonic() - begin:.0f} s"
    finally:
        sandbox.heal()


def test_it_fits_into_twelve_gibibytes(everything: Sandbox) -> None:
    names = {each.name for each in (everything, *everything.companions())}
    held = sum(each.memory_mib for each in overview("all").sandboxes if each.name in names)
    assert 1024 < held < BUDGET_MIB
    MEASURED["memory"] = f"{held:,} MiB"


class Traces:
    """What there is of these sandboxes on this machine, where others may be up beside them."""

    def __init__(self, every: list[Sandbox]) -> None:
        self.sites = [each.site for each in every]
        self.processes = [each.processes for each in self.sites]
        self.names = [prefix(self.sites[0]), *(each.key for each in self.sites)]

    def __call__(self) -> list[str]:
        site = self.sites[0]
        found = listing(key="opskit", run=site.run, state=site.state)
        parts = ("network namespaces", "interfaces", "addresses", "routes", "nft", "mounts", "cgroups")
        return [
            *(f"process: {each.pid}" for one in self.processes for each in one.marked()),
            *(f"folder: {path}" for one in self.sites for path in (one.state, one.run) if path.exists()),
            *(f"{what}: {line}" for what in parts for line in found[what] if self._is_ours(line)),
        ]

    def _is_ours(self, line: str) -> bool:
        return any(name in line for name in self.names)


def test_down_leaves_no_process_and_no_folder(everything: Sandbox) -> None:
    if LENT:
        pytest.skip("a lent sandbox stays up")
    traces = Traces([everything, *everything.companions()])
    before = {line.partition(":")[0] for line in traces()}
    assert before >= {"process", "folder", "network namespaces", "interfaces", "nft", "cgroups"}
    begin = monotonic()
    everything.down()
    MEASURED["down"] = f"{monotonic() - begin:.1f} s"
    assert not {each.name for each in traces.sites} & set(sandbox_names())
    assert traces() == []
    if len(MEASURED) == len(CASES) + 3:
        figures.keep(
            "Profile `all`",
            "All systems on one machine, kubeadm's cluster beside the others; a fault in each, seen by the "
            "system's own tool and named by `opskit findings`; nothing is left after `down`.",
            MEASURED,
        )
