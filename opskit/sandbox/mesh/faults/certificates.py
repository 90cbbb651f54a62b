"""A pod's certificate in the mesh: not renewed until it ends, or of another authority."""

from time import monotonic
from typing import Any, Final

from opskit.sandbox.faults import Broken, Fault
from opskit.sandbox.files import private_folder, write_private
from opskit.sandbox.mesh import proxies
from opskit.sandbox.mesh.faults.common import failing, mended, seen
from opskit.sandbox.mesh.objects import service_account
from opskit.sandbox.mesh.workloads import CATALOG, WEB, Workload
from opskit.sandbox.pki import Authority
from opskit.sandbox.waiting import wait_until

_TTL: Final = 40
"""Seconds that istiod's CA is asked for; the agent would renew after half of them."""
_MOUNTED: Final = "var/run/secrets/workload-spiffe-credentials"
"""Where an agent takes a certificate from, if there is one, instead of istiod's CA."""


def _restart(sandbox: Broken, each: Workload, *, env: dict[str, str] | None = None) -> None:
    """A new agent with a new Envoy, as when the pod is made anew."""
    site = sandbox.site
    site.processes.stop(each.agent, grace=2.0)
    site.processes.start(each.agent, proxies.proxy_command(site, each=each, env=env))
    wait_until(
        lambda: proxies.proxy_ready(site, each=each), what=f"the Envoy of {each.name} is ready", deadline=60.0
    )


def _expire(sandbox: Broken) -> dict[str, Any]:
    """A certificate of 40 s, and then a token that istiod refuses, so that nothing renews it."""
    _restart(sandbox, CATALOG, env={"SECRET_TTL": f"{_TTL}s"})
    begin = monotonic()
    token = proxies.folder(sandbox.site, CATALOG) / "var/run/secrets/tokens/istio-token"
    write_private(token, "a token that was taken back")
    wait_until(
        lambda: monotonic() - begin > _TTL + 2, what="the certificate ends", deadline=_TTL + 30.0, every=1.0
    )
    _restart(sandbox, WEB)
    seen(lambda: failing(sandbox), "whoever connects anew is refused")
    return {}


def _foreign(sandbox: Broken) -> dict[str, Any]:
    own = private_folder(proxies.folder(sandbox.site, CATALOG) / _MOUNTED)
    authority = Authority(own, name="another mesh")
    identity = f"spiffe://cluster.local/ns/{CATALOG.namespace}/sa/{service_account(CATALOG)}"
    authority.issue("pod", subject=CATALOG.name, hosts=(identity,))
    for name, wanted in (("pod.crt", "cert-chain.pem"), ("pod.key", "key.pem"), ("ca.crt", "root-cert.pem")):
        (own / name).rename(own / wanted)
    _restart(sandbox, CATALOG, env={"XDS_ROOT_CA": "./var/run/secrets/istio/root-cert.pem"})
    seen(lambda: failing(sandbox), "nobody accepts the certificate")
    return {}


def _renew(sandbox: Broken) -> None:
    own = proxies.folder(sandbox.site, CATALOG) / _MOUNTED
    for file in own.glob("*"):
        file.unlink()
    if own.exists():
        own.rmdir()
    proxies.write_token(sandbox.site, CATALOG)
    _restart(sandbox, CATALOG)
    mended(lambda: not failing(sandbox), what="the catalog is answered again")


CERTIFICATE_EXPIRED = Fault(
    name="proxy-certificate-expired",
    summary="The agent of the catalog gets a certificate of 40 s, and its token is spoiled, so that istiod's "
    "CA refuses to renew it; then web's Envoy starts anew.",
    seen="`istioctl proxy-config secret catalog-0.shop`: VALID CERT false; 503 and `ssl.fail_verify_error` "
    "in the Envoy of web. Connections that were open before go on.",
    inject=_expire,
    heal=_renew,
    victims=("the catalog",),
)
WRONG_CA = Fault(
    name="wrong-ca",
    summary="The agent of the catalog finds a mounted certificate of another authority, and uses that; it "
    "still trusts istiod.",
    seen="`istioctl proxy-config secret catalog-0.shop` shows another ROOT than elsewhere; 503 and "
    "`ssl.fail_verify_error` in the Envoy of web.",
    inject=_foreign,
    heal=_renew,
    victims=("the catalog",),
)
