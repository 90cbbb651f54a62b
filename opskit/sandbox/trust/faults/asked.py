"""The certificate that faults ask for, each in a way of its own."""

from opskit.sandbox.control_plane import api
from opskit.sandbox.faults import Broken
from opskit.sandbox.kube import Json
from opskit.sandbox.trust import issuers
from opskit.sandbox.trust.bao_engines import ZONE
from opskit.sandbox.trust.faults.common import healed
from opskit.sandbox.trust.objects import path_of

VICTIM = "storefront"
ASKED_FOR = f"the certificate {VICTIM}"
"""What all of them break."""


def ask(sandbox: Broken, issuer: str) -> str:
    """Ask an issuer for it; the path of the Certificate."""
    wanted = issuers.certificate(VICTIM, issuer=issuer, names=(f"{VICTIM}.{ZONE}",))
    api(sandbox.site).apply(path_of(wanted), wanted)
    return path_of(wanted)


def drop(sandbox: Broken) -> None:
    """Take it back, and the Secret that it may have left."""
    client = api(sandbox.site)
    client.delete(path_of(issuers.certificate(VICTIM, issuer="ca", names=())))
    client.delete(f"/api/v1/namespaces/{issuers.SHOP}/secrets/{VICTIM}-tls")
    healed(lambda: not of_victim(sandbox, "cert-manager.io", "certificaterequests"), what="it is gone")


def of_victim(sandbox: Broken, group: str, plural: str) -> list[Json]:
    """The objects of a kind that belong to it."""
    found = api(sandbox.site).items(f"/apis/{group}/v1/namespaces/{issuers.SHOP}/{plural}")
    return [each for each in found if each["metadata"]["name"].startswith(VICTIM)]


def request_says(sandbox: Broken) -> str:
    """The status of its requests."""
    found = of_victim(sandbox, "cert-manager.io", "certificaterequests")
    return " ".join(str(each.get("status")) for each in found)
