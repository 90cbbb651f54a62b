"""Whether opskit is right about machines: kubeadm's own preflight on the machine."""

import re
from collections.abc import Iterator

from opskit.sandbox.kubeadm import layout, machine
from opskit.sandbox.rehearsing.scene import Scene
from opskit.sandbox.rehearsing.witness import Answers, Parameters, Witness
from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.site import Site

_UNFIT = "w1"
_FORWARDING = "net.ipv4.ip_forward"

SAME = {
    "runtime": ("CRI",),
    "cgroups": ("SystemVerification",),
    "swap": ("Swap",),
    "forwarding": ("FileContent--proc-sys-net-ipv4-ip_forward",),
    "name": ("Hostname",),
    "kubeadm": ("KubeletVersion", "KubernetesVersion"),
}
"""Rule of opskit → what kubeadm calls the same. Kubeadm asks for no clock, UUID or endpoint; and of ports and
leftovers opskit says another thing once the machine has joined, which the preflight does not ask."""


def preflight(site: Site, parameters: Parameters) -> str:
    """What kubeadm's preflight says on the machine; that it fails is an answer, too."""
    node = layout.node_named(site, str(parameters["machines"]))
    token = "abcdef.0123456789abcdef"  # noqa: S105 (none is asked for before the checks)
    words = f"kubeadm join phase preflight {layout.endpoint(site)} --token {token}"
    asked = f"{words} --discovery-token-unsafe-skip-ca-verification 2>&1 || true"
    return machine.on(node, "sh", "-c", asked, deadline=120.0)


def machines_are_told_as_kubeadm_does(answers: Answers) -> Iterator[str]:
    """Whatever kubeadm complains of, opskit does, and nothing else that kubeadm looks at."""
    against = set(re.findall(r"\[(?:ERROR|WARNING) ([^\]]+)\]", answers.after))
    if "Running pre-flight checks" not in answers.after:
        yield f"kubeadm did not look: {answers.after[-200:]}"
    verdicts = {each["check"]: each["verdict"] for each in answers.shown.rows("machine", "check", "verdict")}
    for rule, checks in SAME.items():
        wrong, told = bool(against & {*checks}), verdicts.get(rule, "nothing")
        if wrong != (told in ("bad", "doubtful")):
            state = "complains of it" if wrong else "has nothing against it"
            yield f"opskit says {told} of {rule}, and kubeadm {state}"


def _stop_forwarding(sandbox: Sandbox) -> None:
    _set_forwarding(sandbox, on=False)


def _forward_again(sandbox: Sandbox) -> None:
    _set_forwarding(sandbox, on=True)


def _set_forwarding(sandbox: Sandbox, *, on: bool) -> None:
    machine.on(layout.node_named(sandbox.site, _UNFIT), "sysctl", "-w", f"{_FORWARDING}={int(on)}")


SCENES = {
    "kubeadm/check-machines": Scene(
        profile="kubeadm",
        fault="containerd-stopped",
        arguments={"node": _UNFIT},
        enter=_stop_forwarding,
        mend=_forward_again,
        parameters={"machines": _UNFIT},
        answer=(
            Witness(
                command="kubeadm join phase preflight   # on {machines}",
                asked=preflight,
                judge=machines_are_told_as_kubeadm_does,
            ),
        ),
    ),
}
"""By runbook."""
