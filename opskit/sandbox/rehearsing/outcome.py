"""How a rehearsal went, and how it is judged."""

from typing import Any, Literal

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


By = Literal["whole", "goal", "answer"]
"""What is judged: whether all is well; a maintenance by its goal alone, for it leaves something out of use on
purpose; what only answers by its answer alone."""


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
    by: By = "whole"
    """What is judged."""
    seconds: float = 0.0
    """From the fault to the verdict."""
    run: str = ""
    versions: dict[str, str] = {}

    @property
    def agreed(self) -> bool:
        """Whether the run came to its end, and opskit and the witness say the same."""
        borne_out = all(each.well for each in self.witness)
        return self.well is not None and (borne_out if self.by == "answer" else self.well == borne_out)


def with_verdict(told: Rehearsal, verdict: dict[str, Any], witness: list[Statement]) -> Rehearsal:
    """The same with opskit's verdict, as in verdict.json, and the witnesses' testimonies."""
    reached = bool(verdict["goal"]) and all(each["ok"] for each in verdict["goal"])
    well = reached if told.by == "goal" else verdict["good"]
    return msgspec.structs.replace(told, well=well, verdict=verdict["sentence"], witness=witness)


def judged(told: Rehearsal, *, changing: bool) -> Rehearsal:
    """The exit code and a sentence. Pure."""
    if not told.agreed:
        what = "answer" if told.by == "answer" else "verdict"
        code, sentence = _DISAGREE, f"opskit's {what} and the system's own tool differ: a defect of opskit."
    elif told.by == "answer":
        code, sentence = 0, "opskit's answer and the system's own tool agree."
    elif told.well or not changing:
        attained = "the goal is reached" if told.by == "goal" else "all is well"
        state = attained if told.well else "it is not well, as was to be shown"
        code, sentence = 0, f"opskit's verdict and the system's own tool agree: {state}."
    else:
        code, sentence = _NOT_WELL, "The runbook ran to its end, and both say that it is not well."
    return msgspec.structs.replace(told, exit_code=code, sentence=sentence)


def versions(system: str) -> dict[str, str]:
    """The versions of what a system's runbooks run against in a sandbox."""
    programs = {"kubernetes": "kube-apiserver", **_SOFTWARE.get(system, {})}
    return {name: found for name, program in programs.items() if (found := find(program).version)}
