"""What faults of the mesh have in common: changing a rule, and giving it back as it was."""

from collections.abc import Callable
from functools import partial

from opskit.core.errors import OpsError
from opskit.sandbox.control_plane import api
from opskit.sandbox.faults import Broken
from opskit.sandbox.kube import Json
from opskit.sandbox.mesh import istiod, proxies, rules
from opskit.sandbox.mesh.workloads import GATEWAY, GATEWAY_HOST, PORT
from opskit.sandbox.waiting import wait_until

SEEN_WITHIN, HEALED_WITHIN = 60.0, 90.0


def failing(sandbox: Broken) -> bool:
    """Whether clients outside get errors: of ten requests at least one."""
    address = GATEWAY.address(sandbox.site)
    return any(not proxies.answers(address, PORT, "/", host=GATEWAY_HOST) for _ in range(10))


def seen(holds: Callable[[], bool], what: str) -> None:
    """Wait until the fault shows."""
    wait_until(holds, what=what, deadline=SEEN_WITHIN, every=0.5)


def set_rule(sandbox: Broken, plural: str, name: str, body: Json, *, group: str = rules.NETWORKING) -> None:
    """Apply a rule of the shop's."""
    api(sandbox.site).apply(rules.path(plural, name, group=group), body)


def drop_rule(sandbox: Broken, plural: str, name: str, *, group: str = rules.NETWORKING) -> None:
    """Delete a rule of the shop's."""
    api(sandbox.site).delete(rules.path(plural, name, group=group))


def give_back(sandbox: Broken, plural: str, name: str) -> None:
    """Bring one of the shop's own rules back as it is while all is well."""
    own = next(each for kind, each in rules.rules() if kind == plural and each["metadata"]["name"] == name)
    api(sandbox.site).apply(rules.path(plural, name), own)


def settled(sandbox: Broken) -> bool:
    """Whether every proxy has what istiod sent."""
    try:
        synced = istiod.synced(sandbox.site)
    except OpsError:
        return False
    kinds = ("cluster", "listener", "route", "endpoint")
    return bool(synced) and all(
        each.get(f"{kind}_sent", "") == each.get(f"{kind}_acked", "") for each in synced for kind in kinds
    )


mended = partial(wait_until, deadline=HEALED_WITHIN, every=0.5)
