import subprocess

import pytest

from opskit.core.errors import Refused
from opskit.sandbox import Sandbox
from opskit.sandbox.binaries import require
from opskit.sandbox.trust.login import kubeconfig_of, log_in
from opskit.sandbox.trust.openldap import passwords
from opskit.sandbox.waiting import wait_until


def kubectl(kubeconfig: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [require("kubectl"), "--kubeconfig", kubeconfig, *arguments]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)


def logged_in(trust: Sandbox, user: str) -> str:
    return kubeconfig_of(trust.site, user, log_in(trust.site, user, passwords(trust.site)[user]).id_token)


@pytest.mark.parametrize(
    ("user", "arguments", "allowed"),
    [
        ("alice", ("get", "nodes"), True),
        ("bob", ("get", "pods", "-n", "shop"), True),
        ("bob", ("get", "nodes"), False),
        ("carol", ("get", "pods", "-n", "shop"), False),
    ],
)
def test_a_person_of_the_directory_is_let_in_or_refused_by_group(
    trust: Sandbox, user: str, arguments: tuple[str, ...], allowed: bool
) -> None:
    kubeconfig = logged_in(trust, user)
    # The API server trusts Dex a few seconds after Dex has come.
    wait_until(
        lambda: f"oidc:{user}@sandbox.test" in kubectl(kubeconfig, "auth", "whoami").stdout,
        what="the API server knows the person",
        deadline=60.0,
    )
    done = kubectl(kubeconfig, *arguments)
    assert (done.returncode == 0) is allowed
    assert allowed or f'User "oidc:{user}@sandbox.test" cannot' in done.stderr


def test_a_wrong_password_and_a_person_without_mail_are_told_apart(trust: Sandbox) -> None:
    with pytest.raises(Refused, match="Invalid Username and password"):
        log_in(trust.site, "alice", "wrong")
    with pytest.raises(Refused, match="500"):
        log_in(trust.site, "dave", passwords(trust.site)["dave"])
    wait_until(
        lambda: "missing following required attribute" in trust.site.processes.log("dex").read_text(),
        what="Dex' log has the cause",
        deadline=10.0,
    )
