"""The ACME server Pebble, the fault injector in front of it, and the DNS that it asks."""

import sys
from collections.abc import Sequence
from typing import Any, Final

import urllib3

from opskit.sandbox.binaries import require
from opskit.sandbox.component import Component
from opskit.sandbox.control_plane import api
from opskit.sandbox.files import write_json
from opskit.sandbox.keeper.commands import remembered
from opskit.sandbox.keeper.probing import answers
from opskit.sandbox.kube import Json
from opskit.sandbox.kwok_config import forward_to
from opskit.sandbox.part import NoOptions, Part
from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site
from opskit.sandbox.trust import dns
from opskit.sandbox.trust.addresses import PORTS, host, pod_address, where
from opskit.sandbox.trust.authority import CERTIFICATES, folder
from opskit.sandbox.trust.bao_engines import ZONE
from opskit.sandbox.trust.objects import Workload, apply_all, deployment, namespace, service

NAMESPACE: Final = "acme"
PROCESS, INJECTOR = "pebble", "acme-fault-injector"
REFUSED_NAME: Final = f"blocked.{ZONE}"
"""A name that the server refuses by policy."""


def components(_: NoOptions, __: Sequence[Part[Any]]) -> list[Component]:
    """The ACME server, the injector and BIND."""
    return [
        *dns.components(),
        Component(
            name=PROCESS,
            programs=("pebble",),
            needs=(CERTIFICATES.name, dns.PROCESS),
            prepare=_write_configuration,
            command=remembered(PROCESS, _pebble),
            ready=lambda site: answers(f"https://{where(site, 'acme', port='acme-pebble')}/dir"),
            mortal=True,
        ),
        Component(
            name=INJECTOR,
            needs=(PROCESS,),
            command=_injector,
            ready=lambda site: answers(directory(site)),
        ),
        Component(name="acme-objects", needs=("kube-apiserver",), settle=_create_objects),
    ]


def directory(site: Site) -> str:
    """The URL that clients are given."""
    return f"https://{where(site, 'acme')}/dir"


def _write_configuration(site: Site) -> None:
    pki = folder(site)
    settings = {
        "listenAddress": where(site, "acme", port="acme-pebble"),
        "managementListenAddress": where(site, "acme", port="acme-management"),
        "certificate": str(pki / "acme.crt"),
        "privateKey": str(pki / "acme.key"),
        "httpPort": 5002,
        "tlsPort": 5001,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": False,
        "domainBlocklist": [REFUSED_NAME],
        "profiles": {"default": {"description": "The sandbox's.", "validityPeriod": 7_776_000}},
    }
    write_json(site.folder(PROCESS) / "pebble.json", {"pebble": settings})


def _pebble(site: Site) -> Command:
    configuration = str(site.folder(PROCESS) / "pebble.json")
    quiet = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}
    argv = (require("pebble"), "-config", configuration, "-dnsserver", where(site, dns.PROCESS))
    return Command(argv=argv, env=quiet)


def _injector(site: Site) -> Command:
    return Command(argv=(sys.executable, "-m", "opskit.sandbox.trust.acme_injector", site.name))


def root_certificate(site: Site) -> str:
    """The root that Pebble made for itself and signs with, PEM."""
    url = f"https://{where(site, 'acme', port='acme-management')}/roots/0"
    pool = urllib3.PoolManager(ca_certs=str(folder(site) / "ca.crt"))
    return pool.request("GET", url, timeout=5.0).data.decode()


def _create_objects(site: Site) -> None:
    work = Workload(
        name=PROCESS,
        namespace=NAMESPACE,
        image="ghcr.io/letsencrypt/pebble",
        daemon=PROCESS,
        probe=f"https://{where(site, 'acme', port='acme-pebble')}/dir",
        address=pod_address("acme"),
        ports={"acme": PORTS["acme"], "management": PORTS["acme-management"]},
    )
    lead = service("acme", namespace=NAMESPACE, selector=work.labels, ports={"acme": PORTS["acme"]})
    apply_all(api(site), [namespace(NAMESPACE), lead, deployment(work)])


def _pods(site: Site) -> list[Json]:
    real = {PORTS[port]: (host(site, "acme"), PORTS[port]) for port in ("acme", "acme-management")}
    return [
        forward_to("acme", selector={"matchNamespaces": [NAMESPACE]}, ports=real),
    ]


PART = Part(name="acme", components=components, options=NoOptions, pods=_pods)
"""A real ACME server that validates by a real DNS server."""
