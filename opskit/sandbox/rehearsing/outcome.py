"""How a rehearsal went, and how it is judged."""

from typing import Any

import msgspec

from opskit.sandbox.binaries import find
from opskit.sandbox.rehearsing.witness import Statement

_DISAGREE, _NOT_WELL = 1, 3

_SOFTWARE = {
    "rook": {"ceph": "ceph-mon"},
    "operators": {"etcd": "etcd"},
    "certmanager": {"cert-manager": "cert-manager"},
    "vault": {"openbao": "bao"},
    "dex": {"dex": "dex", "openldap": "slapd"},
    "istio": {"istio": "pilot-discovery", "envoy": "envoy"},
    "calico": {"bird": "bird"},
    "kubeadm": {"etcd": "etcd"},
}
"""By system, the software that a stamp names and the program that tells its version."""


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """How a rehearsal went."""

    runbook: str
    profile: str
    sandbox: str
    fault: str
    """With its arguments; empty where nothing was broken."""
    led_by: str
    """The code of the finding that named the runbook; empty where the parameters came from elsewhere."""
    parameters: dict[str, Any]
    exit_code: int
    sentence: str
    well: bool | None = None
    """opskit's verdict; None where the run did not come to one."""
    verdict: str = ""
    witness: list[Statement] = []
    seconds: float = 0.0
    """From the fault to the verdict."""
    run: str = ""
    versions: dict[str, str] = {}

    @property
    def agreed(self) -> bool:
        """Whether the run came to its end, and opskit and the witness say the same."""
        return self.well is not None and self.well == all(each.well for each in self.witness)


def with_verdict(told: Rehearsal, verdict: dict[str, Any], witness: list[Statement]) -> Rehearsal:
    """The same with opskit's verdict and the witnesses' testimonies."""
    return msgspec.structs.replace(told, well=verdict["good"], verdict=verdict["sentence"], witness=witness)


def judged(told: Rehearsal, *, changing: bool) -> Rehearsal:
    """The exit code and a sentence. Pure."""
    if not told.agreed:
        code, sentence = _DISAGREE, "opskit's verdict and the system's own tool differ: a defect of opskit."
    elif told.well or not changing:
        state = "all is well" if told.well else "it is not well, as was to be shown"
        code, sentence = 0, f"opskit's verdict and the system's own tool agree: {state}."
    else:
        code, sentence = _NOT_WELL, "The runbook ran to its end, and both say that it is not well."
    return msgspec.structs.replace(told, exit_code=code, sentence=sentence)


def versions(system: str) -> dict[str, str]:
    """The versions of what a system's runbooks run against in a sandbox."""
    programs = {"kubernetes": "kube-apiserver", **_SOFTWARE.get(system, {})}
    return {name: found for name, program in programs.items() if (found := find(program).version)}
