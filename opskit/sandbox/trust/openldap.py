"""OpenLDAP: the directory that people log in with, over LDAPS."""

import secrets
from collections.abc import Sequence
from typing import Any, Final

from opskit.sandbox.binaries import require
from opskit.sandbox.component import Component
from opskit.sandbox.control_plane import api
from opskit.sandbox.files import read_json, write_json, write_private
from opskit.sandbox.keeper.commands import remembered
from opskit.sandbox.keeper.probing import answers
from opskit.sandbox.kube import Json
from opskit.sandbox.kwok_config import forward_to
from opskit.sandbox.part import NoOptions, Part
from opskit.sandbox.processes import Command
from opskit.sandbox.running import run
from opskit.sandbox.site import Site
from opskit.sandbox.trust.addresses import PORTS, host, pod_address, where
from opskit.sandbox.trust.authority import CERTIFICATES, folder
from opskit.sandbox.trust.objects import Workload, apply_all, deployment, namespace, service
from opskit.sandbox.trust.people import BIND_DN, PEOPLE, ROOT_DN, SUFFIX, ldif

NAMESPACE: Final = "openldap"
PROCESS: Final = "openldap"
_SCHEMAS = ("core", "cosine", "inetorgperson")


def components(_: NoOptions, __: Sequence[Part[Any]]) -> list[Component]:
    """Slapd and the objects that lead to it."""
    return [
        Component(
            name=PROCESS,
            programs=("slapd", "slapadd", "ldapmodify"),
            needs=(CERTIFICATES.name,),
            prepare=_write_directory,
            command=remembered(PROCESS, _slapd),
            ready=lambda site: answers(f"tcp://{where(site, PROCESS)}"),
            mortal=True,
        ),
        Component(name="openldap-objects", needs=("kube-apiserver",), settle=_create_objects),
    ]


def passwords(site: Site) -> dict[str, str]:
    """Everybody's password, and those of `dex` and of `root`, kept in the sandbox's own state."""
    file = site.state / "openldap-passwords.json"
    if not file.exists():
        names = ("dex", "root", *(person.uid for person in PEOPLE))
        write_json(file, {name: secrets.token_urlsafe(12) for name in names})
    return read_json(file)


def _write_directory(site: Site) -> None:
    own, pki = site.folder(PROCESS), folder(site)
    database = own / "db"
    database.mkdir(mode=0o700, exist_ok=True)
    includes = "\n".join(f"include /etc/ldap/schema/{name}.schema" for name in _SCHEMAS)
    write_private(
        own / "slapd.conf",
        f"{includes}\n"
        "modulepath /usr/lib/ldap\nmoduleload back_mdb\n"
        f"pidfile {own}/slapd.pid\n"
        f"TLSCACertificateFile {pki}/ca.crt\n"
        f"TLSCertificateFile {pki}/openldap.crt\nTLSCertificateKeyFile {pki}/openldap.key\n"
        f'database mdb\nmaxsize 16777216\nsuffix "{SUFFIX}"\n'
        f'rootdn "{ROOT_DN}"\nrootpw {passwords(site)["root"]}\n'
        f"directory {database}\nindex uid,member eq\n"
        "access to attrs=userPassword by anonymous auth by * none\n"
        f'access to * by dn.exact="{BIND_DN}" read by * none\n',
    )
    data = write_private(own / "data.ldif", ldif(passwords(site)))
    run([require("slapadd"), "-f", str(own / "slapd.conf"), "-l", str(data)], deadline=30.0)


def _slapd(site: Site) -> Command:
    own = site.folder(PROCESS)
    address = f"ldaps://{where(site, PROCESS)}"
    return Command(argv=(require("slapd"), "-d", "256", "-f", str(own / "slapd.conf"), "-h", address))


def set_password(site: Site, dn: str, password: str) -> None:
    """Change an entry's password in the directory, as its administrator."""
    change = f"dn: {dn}\nchangetype: modify\nreplace: userPassword\nuserPassword: {password}\n"
    root = write_private(site.folder(PROCESS) / "root.password", passwords(site)["root"])
    where_ = ["-H", f"ldaps://{where(site, PROCESS)}", "-x", "-D", ROOT_DN, "-y", str(root)]
    env = {"LDAPTLS_CACERT": str(folder(site) / "ca.crt"), "LDAPRC": "none"}
    run([require("ldapmodify"), *where_], deadline=20.0, text=change, env=env)


def _create_objects(site: Site) -> None:
    work = Workload(
        name=PROCESS,
        namespace=NAMESPACE,
        image="bitnamilegacy/openldap:2.5",
        daemon=PROCESS,
        probe=f"tcp://{where(site, PROCESS)}",
        address=pod_address(PROCESS),
        ports={"ldaps": PORTS[PROCESS]},
    )
    lead = service(PROCESS, namespace=NAMESPACE, selector=work.labels, ports=work.ports)
    apply_all(api(site), [namespace(NAMESPACE), lead, deployment(work)])


def _pods(site: Site) -> list[Json]:
    real = {PORTS[PROCESS]: (host(site, PROCESS), PORTS[PROCESS])}
    return [forward_to(PROCESS, selector={"matchNamespaces": [NAMESPACE]}, ports=real)]


PART = Part(name="openldap", components=components, options=NoOptions, pods=_pods)
"""A real directory."""
