"""A cluster that opskit did not make: a kubeconfig context, used as it is.

Nothing is started in it but the faults that are made of `ceph` commands alone, where it has a Rook.
"""

import os

from opskit.core.errors import OpsError, ToolFailed, UnknownName
from opskit.sandbox.files import locked
from opskit.sandbox.sandbox import Sandbox

_PROVIDERS = ("own", "kind")


def register(name: str, *, context: str, profile: str = "light") -> Sandbox:
    """Remember a kubeconfig context as the sandbox of that name, after looking whether it answers.

    Args:
        name: of the sandbox.
        context: in the kubeconfig that KUBECONFIG names, or the user's own.
        profile: whose faults it may have.

    Raises:
        ToolFailed: `kubectl` or the cluster does not answer.
        Refused: a sandbox of that name is up.

    """
    sandbox = Sandbox(name)
    with locked(sandbox.site.lock, busy=f"Another process is bringing the sandbox {name!r} up or down."):
        sandbox.refuse_if_up()
        sandbox.site.make()
        kubeconfig = os.environ.get("KUBECONFIG", "")
        sandbox.site.write_record(
            phase="ready", profile=profile, context=context, kubeconfig=kubeconfig, options={}
        )
        try:
            sandbox.kubectl("version", deadline=20.0)
        except OpsError as error:
            sandbox.site.remove()
            raise _silent(context, error) if isinstance(error, ToolFailed) else error from error
    return sandbox


def profile_of(provider: str, profile: str) -> str:
    """The profile that a provider stands for.

    Raises:
        UnknownName: there is no such provider.

    """
    if provider not in _PROVIDERS:
        raise UnknownName.among("provider", provider, _PROVIDERS, where="--provider")
    return profile if provider == "own" else provider


def _silent(context: str, error: ToolFailed) -> ToolFailed:
    return ToolFailed(
        f"The context {context!r} can't be used. {error.what}",
        exit_code_of_tool=error.exit_code_of_tool,
        stderr=error.stderr,
        where=os.environ.get("KUBECONFIG", "") or "~/.kube/config",
        hint="`kubectl config get-contexts` shows those that there are; KUBECONFIG names another file.",
    )
