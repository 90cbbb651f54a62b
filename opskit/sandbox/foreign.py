"""A cluster that is not this machine's own: a kubeconfig context with a real Rook, or one made by kind.

Nothing is started in it but the faults that are made of `ceph` commands alone.
"""

import os
import shutil

from opskit.core.errors import NotInstalled, ToolFailed, UnknownName
from opskit.sandbox.files import locked
from opskit.sandbox.running import run
from opskit.sandbox.sandbox import Sandbox

_KIND_DEADLINE = 900.0


def register(name: str, *, context: str) -> Sandbox:
    """Remember a kubeconfig context as the sandbox of that name, after looking whether its toolbox answers.

    Args:
        name: of the sandbox.
        context: in the kubeconfig that KUBECONFIG names, or the user's own.

    Raises:
        ToolFailed: `kubectl` or the toolbox does not answer.

    """
    sandbox = Sandbox(name)
    with locked(sandbox.site.lock, busy=f"Another process is bringing the sandbox {name!r} up or down."):
        sandbox.refuse_if_up()
        sandbox.site.make()
        kubeconfig = os.environ.get("KUBECONFIG", "")
        sandbox.site.write_record(
            phase="ready", profile="light", context=context, kubeconfig=kubeconfig, options={}
        )
        try:
            sandbox.ceph("status")
        except ToolFailed:
            sandbox.site.remove()
            raise
    return sandbox


def kind_context(name: str, *, provider: str) -> str:
    """The context of a cluster that kind makes for the sandbox, made now if there is none.

    Raises:
        UnknownName: the provider is not `kind`.
        NotInstalled: kind or Docker is missing.
        ToolFailed: kind failed.

    """
    if provider != "kind":
        raise UnknownName.among("provider", provider, ("own", "kind"), where="--provider")
    for tool in ("kind", "docker"):
        if shutil.which(tool) is None:
            raise NotInstalled(
                f"{tool} is missing.",
                where="PATH",
                hint="leave --provider out: the built-in one needs neither.",
            )
    cluster = f"opskit-{name}"
    if cluster not in _kind("get", "clusters").split():
        _kind("create", "cluster", "--name", cluster)
    return f"kind-{cluster}"


def _kind(*arguments: str) -> str:
    return run(["kind", *arguments], deadline=_KIND_DEADLINE)
