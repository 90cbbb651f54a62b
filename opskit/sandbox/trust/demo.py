"""cert-manager, OpenBao and Dex in the demo: an issuer that nobody made, a sealed node, a stale password."""

from opskit.sandbox.demo import Demo, State, nothing
from opskit.sandbox.sandbox import Sandbox


def _broken(sandbox: Sandbox) -> None:
    for name in ("openbao-sealed", "issuer-missing", "dex-wrong-bind-password"):
        sandbox.inject(name)


DEMO = Demo(
    systems=("certmanager", "vault", "dex"),
    states=(
        State(name="healthy", enter=nothing),
        State(name="default", enter=_broken),
    ),
)
