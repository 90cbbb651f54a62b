"""OpenBao: a sealed node, a killed leader, an audit device that takes nothing, a right that is gone."""

from pathlib import Path
from signal import SIGHUP
from typing import Any

from opskit.core.errors import OpsError
from opskit.sandbox.faults import Broken, Fault
from opskit.sandbox.trust import openbao
from opskit.sandbox.trust.bao_api import NODES, BaoApi, leader
from opskit.sandbox.trust.bao_engines import write_policy
from opskit.sandbox.trust.faults.asked import ASKED_FOR, ask, drop, request_says
from opskit.sandbox.trust.faults.common import crash, healed, hold_down, let_go, node_named, seen


def status(sandbox: Broken, node: str) -> int:
    """Of a node's health, as HTTP status: 200 leads, 429 stands by, 503 is sealed, 0 does not answer."""
    try:
        return BaoApi(sandbox.site, node).status("sys/health")[0]
    except OpsError:
        return 0


def _seal(sandbox: Broken, *, node: Any = 2) -> dict[str, Any]:
    """A node that was restarted comes back sealed: nothing unseals it by itself."""
    name = node_named(node)
    crash(sandbox, name)
    seen(lambda: status(sandbox, name) == 503, what=f"{name} is sealed")
    return {"node": name}


def _unseal(sandbox: Broken, *, node: Any = 2) -> None:
    name = node_named(node)
    healed(lambda: status(sandbox, name) != 0, what=f"{name} answers")
    if status(sandbox, name) == 503:
        openbao.unseal(sandbox.site, name)
    healed(lambda: status(sandbox, name) in (200, 429), what=f"{name} is unsealed")


SEALED = Fault(
    name="openbao-sealed",
    summary="An OpenBao node is killed and started again, as when its pod is moved: it comes back sealed.",
    seen="`bao status` in its pod: Sealed true; sys/health 503; the pod openbao-N is not Ready, RESTARTS 1.",
    inject=_seal,
    heal=_unseal,
    victims=("OpenBao's quorum",),
    arguments={"node": "its number (2)"},
)


def _kill_leader(sandbox: Broken) -> dict[str, Any]:
    gone = leader(sandbox.site) or NODES[0]
    hold_down(sandbox, gone)
    seen(lambda: leader(sandbox.site) not in (None, gone), what="another node leads")
    return {"node": gone}


def _revive(sandbox: Broken, *, node: str = "") -> None:
    for name in [node] if node else NODES:
        let_go(sandbox, name)
        _unseal(sandbox, node=name)
    healed(lambda: leader(sandbox.site) is not None, what="a node leads")


LEADER_KILLED = Fault(
    name="openbao-leader-killed",
    summary="The leading OpenBao node is killed with SIGKILL, and does not come back.",
    seen="Another node leads after some seconds; `bao operator raft autopilot state` is unhealthy; "
    "failure tolerance 0; its pod is in CrashLoopBackOff.",
    inject=_kill_leader,
    heal=_revive,
    victims=("OpenBao's quorum",),
)


def _block_audit(sandbox: Broken) -> dict[str, Any]:
    """Put a file where the folder of the log was, as when its volume is gone, and have it opened again."""
    node = leader(sandbox.site) or NODES[0]
    folder = _audit_folder(sandbox, node)
    folder.rename(folder.with_name("audit.gone"))
    folder.write_text("")
    sandbox.site.processes.signal(node, SIGHUP)
    seen(lambda: not _serves(sandbox, node), what=f"{node} serves no request")
    return {"node": node}


def _serves(sandbox: Broken, node: str) -> bool:
    try:
        openbao.root(sandbox.site, node).get("sys/mounts")
    except OpsError:
        return False
    return True


def _free_audit(sandbox: Broken, *, node: str = "") -> None:
    for name in [node] if node else NODES:
        folder = _audit_folder(sandbox, name)
        if folder.is_file():
            folder.unlink()
            folder.with_name("audit.gone").rename(folder)
        sandbox.site.processes.signal(name, SIGHUP)
    healed(lambda: _serves(sandbox, leader(sandbox.site) or NODES[0]), what="OpenBao serves requests")


def _audit_folder(sandbox: Broken, node: str) -> Path:
    return (sandbox.site.folder(node) / openbao.AUDIT_LOG).parent


AUDIT_BLOCKED = Fault(
    name="openbao-audit-blocked",
    summary="The folder of the leader's only audit log is gone, and the log is opened anew (SIGHUP).",
    seen="Every request fails with 500 internal error, while sys/health stays 200; the node's log says "
    "`no audit backend succeeded in logging the request`.",
    inject=_block_audit,
    heal=_free_audit,
)


def _revoke_right(sandbox: Broken) -> dict[str, Any]:
    write_policy(openbao.root(sandbox.site), "cert-manager", deny=True)
    ask(sandbox, "openbao")
    seen(lambda: "permission denied" in request_says(sandbox), what="OpenBao refuses to sign")
    return {}


def _give_right(sandbox: Broken) -> None:
    write_policy(openbao.root(sandbox.site), "cert-manager")
    drop(sandbox)


RIGHT_REVOKED = Fault(
    name="openbao-right-revoked",
    summary="The policy `cert-manager` denies what it allowed, to sign by the PKI role; the certificate "
    "`storefront` is asked for.",
    seen="The issuer stays Ready, for it can log in. CertificateRequest Ready=False Failed: `Vault failed to "
    "sign certificate: … permission denied`; the Certificate is tried again after a back-off.",
    inject=_revoke_right,
    heal=_give_right,
    victims=(ASKED_FOR,),
)


FAULTS = (SEALED, LEADER_KILLED, AUDIT_BLOCKED, RIGHT_REVOKED)
"""All of OpenBao."""
