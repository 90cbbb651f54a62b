"""cert-manager, OpenBao and Dex in the demo: an issuer that nobody made, a sealed node, a stale password."""

from opskit.core.cluster import Cluster
from opskit.sandbox.demo import Demo, State, nothing
from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.trust.using import borrow_access
from opskit.systems.dex import facts, trying


def _broken(sandbox: Sandbox) -> None:
    for name in ("openbao-sealed", "issuer-missing", "dex-wrong-bind-password"):
        sandbox.inject(name)


def _try_alice(cluster: Cluster) -> None:
    trying.try_login(cluster, facts.read(cluster), user="alice")


DEMO = Demo(
    systems=("certmanager", "vault", "dex"),
    settle=borrow_access,
    asked={"dex": _try_alice},
    states=(
        State(name="healthy", enter=nothing),
        State(name="default", enter=_broken),
    ),
)
