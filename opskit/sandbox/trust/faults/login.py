"""What keeps people from logging in: the directory, Dex, and what the API server believes."""

import secrets
from typing import Any

from opskit.sandbox.faults import Broken, Fault
from opskit.sandbox.keeper.probing import answers
from opskit.sandbox.pki import Authority
from opskit.sandbox.trust import authentication, dex, openldap
from opskit.sandbox.trust.addresses import where
from opskit.sandbox.trust.authority import common_name
from opskit.sandbox.trust.faults.common import healed, hold_down, let_go, roll_out, seen
from opskit.sandbox.trust.login import Refused, log_in
from opskit.sandbox.trust.people import BIND_DN, SUFFIX
from opskit.sandbox.waiting import wait_until


def _login_error(sandbox: Broken) -> str:
    """What a person sees who gives the right password; empty where it lets them in."""
    try:
        log_in(sandbox.site, "alice", openldap.passwords(sandbox.site)["alice"])
    except Refused as error:
        return str(error)
    return ""


def _directory_down(sandbox: Broken) -> dict[str, Any]:
    hold_down(sandbox, openldap.PROCESS)
    seen(lambda: "500" in _login_error(sandbox), what="nobody can log in")
    return {}


def _directory_up(sandbox: Broken) -> None:
    let_go(sandbox, openldap.PROCESS)
    healed(lambda: not _login_error(sandbox), what="people can log in")


LDAP_DOWN = Fault(
    name="ldap-down",
    summary="slapd is killed with SIGKILL, and does not come back.",
    seen='Login shows `Login error.` (500). Dex\' log: `LDAP Result Code 200 "Network Error"`; its /healthz '
    "stays OK. Tokens that were given go on working.",
    inject=_directory_down,
    heal=_directory_up,
    victims=("people's login",),
)


def _rotate_bind_password(sandbox: Broken) -> dict[str, Any]:
    """Somebody changed the password in the directory, and nobody told Dex."""
    openldap.set_password(sandbox.site, BIND_DN, secrets.token_urlsafe(12))
    seen(lambda: "500" in _login_error(sandbox), what="nobody can log in")
    return {}


def _restore_bind_password(sandbox: Broken) -> None:
    openldap.set_password(sandbox.site, BIND_DN, openldap.passwords(sandbox.site)["dex"])
    healed(lambda: not _login_error(sandbox), what="people can log in")


WRONG_BIND_PASSWORD = Fault(
    name="dex-wrong-bind-password",
    summary="The password of Dex' own entry is changed in the directory, and Dex still has the old one.",
    seen="Login shows `Login error.` (500). Dex' log: `initial bind for user … LDAP Result Code 49 "
    '"Invalid Credentials"`; its /healthz stays OK.',
    inject=_rotate_bind_password,
    heal=_restore_bind_password,
    victims=("people's login",),
)


def _dex_down(sandbox: Broken) -> dict[str, Any]:
    hold_down(sandbox, dex.PROCESS)
    return {}


def _dex_up(sandbox: Broken) -> None:
    let_go(sandbox, dex.PROCESS)
    healed(lambda: not _login_error(sandbox), what="people can log in")


DEX_DOWN = Fault(
    name="dex-down",
    summary="Dex is killed with SIGKILL, and does not come back.",
    seen="The login page does not answer; the pod is in CrashLoopBackOff. Tokens that were given go on "
    "working until they end.",
    inject=_dex_down,
    heal=_dex_up,
    victims=("people's login",),
)


def _wrong_groups(sandbox: Broken) -> dict[str, Any]:
    """Somebody renamed where the groups are in Dex' configuration, and nowhere else."""
    _reconfigure(sandbox, groups_base=f"ou=teams,{SUFFIX}")
    seen(lambda: "500" in _login_error(sandbox), what="nobody can log in")
    return {}


def _reconfigure(sandbox: Broken, **wrong: str) -> None:
    dex.configure(sandbox.site, **wrong)
    roll_out(sandbox, dex.PROCESS)
    seen(lambda: _answers(sandbox), what="Dex answers again")


def _as_it_was(sandbox: Broken) -> None:
    _reconfigure(sandbox)
    healed(lambda: not _login_error(sandbox), what="people can log in")


WRONG_GROUP_BASE = Fault(
    name="dex-wrong-group-base",
    summary="groupSearch.baseDN of Dex' connector names an entry that the directory does not have; Dex is "
    "restarted.",
    seen="Login shows `Login error.` (500). Dex' log: `failed to query groups … LDAP Result Code 32 "
    '"No Such Object"`; its /healthz stays OK.',
    inject=_wrong_groups,
    heal=_as_it_was,
    victims=("people's login",),
)


def _wrong_root(sandbox: Broken) -> dict[str, Any]:
    """The directory's CA was made anew under its old name, and only Dex has the new one."""
    other = sandbox.site.folder("other-root")
    Authority(other, name=common_name(sandbox.site))
    _reconfigure(sandbox, root_ca=str(other / "ca.crt"))
    seen(lambda: "500" in _login_error(sandbox), what="nobody can log in")
    return {}


WRONG_ROOT_CA = Fault(
    name="dex-wrong-root-ca",
    summary="rootCA of Dex' connector holds a new CA of the same name, which did not sign the directory's "
    "certificate; Dex is restarted.",
    seen="Login shows `Login error.` (500). Dex' log: `failed to connect: LDAP Result Code 200 … x509: "
    "certificate signed by unknown authority`; its /healthz stays OK.",
    inject=_wrong_root,
    heal=_as_it_was,
    victims=("people's login",),
)


def _log_has(sandbox: Broken, text: str, *, after: int) -> bool:
    with sandbox.site.processes.log("kube-apiserver").open("rb") as log:
        log.seek(after)
        return text.encode() in log.read()


def _mismatch(sandbox: Broken) -> dict[str, Any]:
    """The API server is told the issuer with a slash at its end: a different issuer."""
    authentication.write(sandbox.site, url=f"{authentication.issuer(sandbox.site)}/")
    return {}


def _match(sandbox: Broken) -> None:
    at = sandbox.site.processes.log("kube-apiserver").stat().st_size
    authentication.write(sandbox.site)
    healed(
        lambda: _log_has(sandbox, "authentication config", after=at) or not at,
        what="the API server has read its authentication configuration again",
    )


ISSUER_MISMATCH = Fault(
    name="apiserver-issuer-mismatch",
    summary="The API server's AuthenticationConfiguration names Dex' issuer with a slash at its end.",
    seen="After at most a minute `kubectl` says `You must be logged in to the server (Unauthorized)`, or the "
    "API server's log `failed to update authentication config`: the old one then stays in force.",
    inject=_mismatch,
    heal=_match,
    victims=("the API server's authentication configuration",),
)


def _other_ca(sandbox: Broken) -> dict[str, Any]:
    """The CA was made anew under its old name, and the API server's copy was replaced before Dex' own."""
    folder = sandbox.site.folder("other-ca")
    Authority(folder, name=common_name(sandbox.site))
    at = sandbox.site.processes.log("kube-apiserver").stat().st_size
    authentication.write(sandbox.site, authority=(folder / "ca.crt").read_text())
    # The API server gives a new issuer a minute to answer before it says that it does not.
    wait_until(
        lambda: _log_has(sandbox, "failed to update authentication config", after=at),
        what="the API server refuses the new configuration",
        deadline=120.0,
        every=1.0,
    )
    return {}


WRONG_CA = Fault(
    name="apiserver-wrong-ca",
    summary="The API server's AuthenticationConfiguration holds a new CA of the same name, which did not "
    "sign Dex' certificate.",
    seen="After a minute the API server's log says `failed to update authentication config … x509: "
    "certificate signed by unknown authority`; until its next start the old one stays in force.",
    inject=_other_ca,
    heal=_match,
    victims=("the API server's authentication configuration",),
)


def _nobody_trusted(sandbox: Broken) -> dict[str, Any]:
    """Somebody emptied the list of issuers: that is valid, and is taken."""
    at = sandbox.site.processes.log("kube-apiserver").stat().st_size
    authentication.write_empty(sandbox.site)
    seen(
        lambda: _log_has(sandbox, "reloaded authentication config", after=at),
        what="the API server has taken it",
    )
    return {}


NOBODY_TRUSTED = Fault(
    name="apiserver-no-issuer",
    summary="The list `jwt` of the API server's AuthenticationConfiguration is emptied.",
    seen="After ten seconds `kubectl` says `You must be logged in to the server (Unauthorized)` to everybody "
    "who came by Dex; the API server's log says `reloaded authentication config`, and no error.",
    inject=_nobody_trusted,
    heal=_match,
    victims=("the API server's authentication configuration",),
)


def _answers(sandbox: Broken) -> bool:
    return answers(f"{authentication.issuer(sandbox.site)}/keys")


def ailments(sandbox: Broken) -> list[str]:
    """What keeps people from logging in, by trying it."""
    found = [] if answers(f"tcp://{where(sandbox.site, 'openldap')}") else ["openldap is down"]
    if not _answers(sandbox):
        found.append("dex is down")
    if authentication.read(sandbox.site) != authentication.configuration(sandbox.site):
        found.append("the API server's authentication configuration does not fit Dex")
    if not found and (error := _login_error(sandbox)):
        found.append(f"alice can't log in: {error}")
    return found


FAULTS = (
    LDAP_DOWN,
    WRONG_BIND_PASSWORD,
    WRONG_GROUP_BASE,
    WRONG_ROOT_CA,
    DEX_DOWN,
    ISSUER_MISMATCH,
    WRONG_CA,
    NOBODY_TRUSTED,
)
"""All of them."""
