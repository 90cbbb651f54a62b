"""Services, certificates and istiod that fail."""

from typing import Any

from opskit.core.errors import BadValue
from opskit.sandbox.control_plane import api
from opskit.sandbox.faults import Broken, Fault
from opskit.sandbox.mesh import istiod, proxies
from opskit.sandbox.mesh.faults.common import failing, mended, seen
from opskit.sandbox.mesh.workloads import CATALOG, REVIEWS_V2, SYSTEM

_ISTIOD = f"/apis/apps/v1/namespaces/{SYSTEM}/deployments/{istiod.NAME}"


def _broken(sandbox: Broken, *, share: Any = 0.8) -> dict[str, Any]:
    part = float(share)
    if not 0 < part <= 1:
        raise BadValue(f"{share!r} is no share.", where="share", hint="choose more than 0 and at most 1.")
    proxies.behave(sandbox.site, name=REVIEWS_V2.name, fail=part)
    seen(lambda: failing(sandbox), "requests fail")
    return {"share": part}


def _sound(sandbox: Broken, **_: Any) -> None:
    proxies.behave(sandbox.site, name=REVIEWS_V2.name)


BROKEN_VERSION = Fault(
    name="broken-version",
    summary="reviews v2 answers 500.",
    seen="Errors at the gateway, in proportion to v2's weight; v1 is sound.",
    inject=_broken,
    heal=_sound,
    victims=("reviews v2",),
    arguments={"share": "of its requests that fail, 0 to 1 (0.8)"},
)


def _slow(sandbox: Broken, *, seconds: Any = 1.5) -> dict[str, Any]:
    proxies.behave(sandbox.site, name=REVIEWS_V2.name, delay=float(seconds))
    return {"seconds": float(seconds)}


SLOW_VERSION = Fault(
    name="slow-version",
    summary="reviews v2 waits before each answer.",
    seen="The latency of the requests that v2 has; beyond 3 s Envoy's time-out answers 504.",
    inject=_slow,
    heal=_sound,
    victims=("reviews v2",),
    arguments={"seconds": "that it waits (1.5)"},
)


def _bad_catalog(sandbox: Broken) -> dict[str, Any]:
    proxies.behave(sandbox.site, name=CATALOG.name, fail=1.0)
    seen(lambda: failing(sandbox), "requests fail")
    return {}


def _hanging_catalog(sandbox: Broken) -> dict[str, Any]:
    proxies.behave(sandbox.site, name=CATALOG.name, delay=_BEYOND)
    seen(lambda: failing(sandbox), "requests fail")
    return {}


def _good_catalog(sandbox: Broken) -> None:
    proxies.behave(sandbox.site, name=CATALOG.name)
    mended(lambda: not failing(sandbox), what="the catalog is not ejected any more")


_BEYOND = 4.0
"""Seconds, beyond the catalog's time-out of 2."""

SERVICE_BROKEN = Fault(
    name="service-broken",
    summary="The catalog's only pod answers every request with 500.",
    seen="In the Envoy of web, the catalog's cluster counts retries (upstream_rq_retry), and ejects the pod "
    "(outlier_detection.ejections_active): then 503 with the flag UH.",
    inject=_bad_catalog,
    heal=_good_catalog,
    victims=("the catalog",),
)
SERVICE_HANGS = Fault(
    name="service-hangs",
    summary="The catalog answers after 4 s, and its VirtualService allows 2 s, 1 s for each try.",
    seen="504 with the flag UT; in the Envoy of web, upstream_rq_per_try_timeout and upstream_rq_timeout of "
    "the catalog's cluster rise.",
    inject=_hanging_catalog,
    heal=_good_catalog,
    victims=("the catalog",),
)


def _away(sandbox: Broken) -> dict[str, Any]:
    api(sandbox.site).patch(_ISTIOD, {"spec": {"replicas": 0}})
    sandbox.site.processes.stop(istiod.NAME, grace=0.0)
    seen(lambda: not istiod.ready(sandbox.site), "istiod is away")
    return {}


def _back(sandbox: Broken) -> None:
    if not sandbox.site.processes.alive(istiod.NAME):
        sandbox.site.processes.start(istiod.NAME, istiod.command(sandbox.site))
    api(sandbox.site).patch(_ISTIOD, {"spec": {"replicas": 1}})
    mended(lambda: istiod.ready(sandbox.site), what="istiod is back")


ISTIOD_DOWN = Fault(
    name="istiod-down",
    summary="istiod is scaled to 0 and its process ends.",
    seen="`istioctl proxy-status` finds no istiod; requests go on, changes have no effect.",
    inject=_away,
    heal=_back,
)
