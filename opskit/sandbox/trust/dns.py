"""BIND: the zone of the sandbox, which takes updates that are signed with its TSIG key."""

import base64
import secrets
import socket
from typing import Final

from opskit.sandbox.binaries import require
from opskit.sandbox.component import Component
from opskit.sandbox.control_plane import api
from opskit.sandbox.files import write_private
from opskit.sandbox.keeper.commands import remembered
from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site
from opskit.sandbox.trust.addresses import host, pod_address, port_of, where
from opskit.sandbox.trust.bao_engines import ZONE
from opskit.sandbox.trust.objects import Workload, apply_all, deployment, namespace, service

NAMESPACE: Final = "dns"
PROCESS: Final = "bind9"
KEY_NAME: Final = "sandbox-key"
_SOA_QUERY = bytes.fromhex("0001 0000 0001 0000 0000 0000")


def components() -> list[Component]:
    """The server and the objects that lead to it."""
    return [
        Component(
            name=PROCESS,
            programs=("named",),
            prepare=_write_zone,
            command=remembered(PROCESS, _named),
            ready=answers,
            mortal=True,
        ),
        Component(name="bind9-objects", needs=("kube-apiserver",), settle=_create_objects),
    ]


def _write_zone(site: Site) -> None:
    folder, address = site.folder(PROCESS), host(site, PROCESS)
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    write_private(folder / "tsig.key", key)
    write_private(
        folder / "zone",
        f"$TTL 1\n@ IN SOA ns.{ZONE}. ops.{ZONE}. 1 60 60 3600 1\n@ IN NS ns.{ZONE}.\nns IN A {address}\n",
    )
    write_private(
        folder / "named.conf",
        f'options {{ directory "{folder}"; pid-file none; session-keyfile "{folder}/session.key";\n'
        "  recursion no; notify no; dnssec-validation no; listen-on-v6 { none; };\n"
        f"  listen-on port {port_of(site, PROCESS)} {{ {address}; }}; }};\n"
        "controls { };\n"
        f'key "{KEY_NAME}" {{ algorithm hmac-sha256; secret "{key}"; }};\n'
        f'zone "{ZONE}" {{ type primary; file "zone"; allow-update {{ key "{KEY_NAME}"; }}; }};\n',
    )


def _named(site: Site) -> Command:
    return Command(argv=(require("named"), "-g", "-n", "1", "-c", str(site.folder(PROCESS) / "named.conf")))


def tsig_key(site: Site) -> str:
    """The shared key, base64."""
    return (site.folder(PROCESS) / "tsig.key").read_text()


def answers(site: Site) -> bool:
    """Whether the server answers for its zone."""
    labels = b"".join(bytes([len(each)]) + each.encode() for each in ZONE.split("."))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.5)
        try:
            probe.connect((host(site, PROCESS), port_of(site, PROCESS)))
            probe.send(_SOA_QUERY + labels + bytes.fromhex("00 0006 0001"))
            answer = probe.recv(512)
        except OSError:
            return False
    return len(answer) > len(_SOA_QUERY) and answer[3] & 15 == 0 and answer[7] > 0


def solver(site: Site) -> dict[str, object]:
    """cert-manager's DNS-01 solver for this server."""
    return {
        "dns01": {
            "rfc2136": {
                "nameserver": where(site, PROCESS),
                "tsigKeyName": KEY_NAME,
                "tsigAlgorithm": "HMACSHA256",
                "tsigSecretSecretRef": {"name": "tsig", "key": "secret"},
            }
        }
    }


def _create_objects(site: Site) -> None:
    work = Workload(
        name=PROCESS,
        namespace=NAMESPACE,
        image="internetsystemsconsortium/bind9:9.18",
        daemon=PROCESS,
        probe=f"tcp://{where(site, PROCESS)}",
        address=pod_address(PROCESS),
        ports={"dns": port_of(site, PROCESS)},
    )
    lead = service(PROCESS, namespace=NAMESPACE, selector=work.labels, ports=work.ports)
    apply_all(api(site), [namespace(NAMESPACE), lead, deployment(work)])
