"""What can be broken of the API server in every profile that has the control plane."""

import re
from hashlib import sha256
from typing import Any

import msgspec
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from opskit.core.errors import BadValue
from opskit.sandbox import control_plane, sick_api
from opskit.sandbox.binaries import require
from opskit.sandbox.faults import Broken, Fault
from opskit.sandbox.files import read_json, write_json, write_private
from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site
from opskit.sandbox.waiting import wait_until

_NAME = "sick-api"
_MOST, _LATEST_MS = 25, 30_000


def _sicken(sandbox: Broken, *, percent: Any = 10, late_ms: Any = 2000) -> dict[str, Any]:
    site, share, late = (
        sandbox.site,
        _whole(percent, "percent", _MOST),
        _whole(late_ms, "late_ms", _LATEST_MS),
    )
    site.processes.stop(_NAME)
    write_private(site.folder(_NAME) / "envoy.json", msgspec.json.encode(_configuration(site, share, late)))
    argv = (require("envoy"), "-c", f"{site.state}/{_NAME}/envoy.json", "--concurrency", "1")
    quiet = ("--disable-hot-restart", "--log-level", "warning")
    site.processes.start(_NAME, Command(argv=(*argv, *quiet)))
    wait_until(lambda: bool(met(site)), what="Envoy serves", deadline=60.0)
    _lead_to(site, f"https://{control_plane.ADDRESS}:{site.port(_NAME)}")
    return {}


def _cure(sandbox: Broken) -> None:
    _lead_to(sandbox.site, control_plane.server(sandbox.site))
    sandbox.site.processes.stop(_NAME)


def _configuration(site: Site, share: int, late: int) -> dict[str, Any]:
    pki = site.folder("pki")
    certificate = x509.load_pem_x509_certificate((pki / "admin.crt").read_bytes())
    return sick_api.envoy(
        listen=site.port(_NAME),
        admin=site.port(f"{_NAME}-admin"),
        server=control_plane.server(site),
        pki=pki,
        per_cent=share,
        late_ms=late,
        downstream=sick_api.only_for(sha256(certificate.public_bytes(Encoding.DER)).hexdigest(), pki),
    )


def _lead_to(site: Site, server: str) -> None:
    """Have the sandbox's kubeconfig lead there."""
    found = read_json(site.state / "kubeconfig", {})
    for each in found["clusters"]:
        each["cluster"]["server"] = server
    write_json(site.state / "kubeconfig", found)


def met(site: Site) -> dict[str, int]:
    """How many requests came, were `refused` and were `late`; empty where no Envoy answers."""
    url = f"http://127.0.0.1:{site.port(f'{_NAME}-admin')}/stats"
    try:
        told = urllib3.request("GET", url, timeout=5.0, retries=False).data.decode()
    except urllib3.exceptions.HTTPError:
        return {}
    counted = dict(re.findall(r"^http\.api\.([\w.]+): (\d+)$", told, re.MULTILINE))
    names = {
        "requests": "downstream_rq_total",
        "refused": "fault.aborts_injected",
        "late": "fault.delays_injected",
    }
    return {name: int(counted.get(each, 0)) for name, each in names.items()}


def _whole(value: Any, name: str, most: int) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = -1
    if not 0 <= number <= most:
        raise BadValue(f"{value!r} is no number from 0 to {most}.", where=name, hint=f"choose 0 to {most}.")
    return number


APISERVER_SICK = Fault(
    name="apiserver-sick",
    summary="An Envoy comes between the kubeconfig and the API server: a share of the requests is answered "
    "with 429, 500 or 503 in its stead, and as many are late.",
    seen="`kubectl get nodes`, asked some times: TooManyRequests, InternalError, ServiceUnavailable, or an "
    "answer after seconds. Controllers, which don't go this way, see nothing.",
    inject=_sicken,
    heal=_cure,
    victims=("the way to the API server",),
    arguments={
        "percent": f"of the requests, for each status and for lateness: 0 to {_MOST} (10)",
        "late_ms": f"how late, milliseconds: 0 to {_LATEST_MS} (2000)",
    },
)
