"""Whether a `mesh` sandbox is as it was when it came up, by Istio's own word and the shop's."""

from opskit.sandbox.faults import Broken
from opskit.sandbox.mesh import istiod, objects, proxies, rules
from opskit.sandbox.mesh.workloads import MESHED

_TYPES = ("cluster", "listener", "route", "endpoint")


def ailments(sandbox: Broken) -> list[str]:
    """What keeps it from being healthy, in words."""
    site = sandbox.site
    if not istiod.ready(site):
        return ["istiod does not answer"]
    found = [f"the pod of {name} is not ready" for name in objects.unready(site)]
    known = {each["proxy"].split(".")[0]: each for each in istiod.synced(site)}
    for each in MESHED:
        if each.pod not in known:
            found.append(f"{each.name} is not connected to istiod")
        elif not proxies.proxy_ready(site, each=each):
            found.append(f"the Envoy of {each.name} is not ready")
        else:
            found += [f"{each.name} has not acknowledged {what}" for what in stale(known[each.pod])]
    if not rules.serves(site):
        found.append("the shop does not answer through the gateway")
    return found


def stale(status: dict[str, object]) -> list[str]:
    """What istiod has sent and the proxy has not acknowledged."""
    return [what for what in _TYPES if status.get(f"{what}_sent", "") != status.get(f"{what}_acked", "")]
