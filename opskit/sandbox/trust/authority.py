"""The certificate authority of the servers of the profile `trust`."""

from pathlib import Path

from opskit.sandbox.component import Component
from opskit.sandbox.pki import Authority
from opskit.sandbox.site import Site
from opskit.sandbox.trust.addresses import host

CERTIFICATES = Component(name="trust-certificates", prepare=lambda site: _issue(site))
"""Issues all serving certificates."""

_NAMES = {
    "openbao-0": ("openbao", "openbao.openbao.svc", "openbao-0.openbao-internal"),
    "openbao-1": ("openbao", "openbao.openbao.svc", "openbao-1.openbao-internal"),
    "openbao-2": ("openbao", "openbao.openbao.svc", "openbao-2.openbao-internal"),
    "openldap": ("openldap.openldap.svc",),
    "dex": ("dex.dex.svc",),
    "acme": ("acme.acme.svc",),
    "cert-manager-webhook": ("cert-manager-webhook.cert-manager.svc",),
}


def folder(site: Site) -> Path:
    """Where `ca.crt`, `<server>.crt` and `<server>.key` are."""
    return site.folder("trust-pki")


def bundle(site: Site) -> str:
    """The CA's certificate, PEM."""
    return (folder(site) / "ca.crt").read_text()


def common_name(site: Site) -> str:
    """What the CA calls itself."""
    return f"opskit sandbox {site.name} servers"


def _issue(site: Site) -> None:
    authority = Authority(folder(site), name=common_name(site))
    for server, names in _NAMES.items():
        hosts = ("localhost", "127.0.0.1", host(site, server), *names)
        authority.issue(server, subject=server, hosts=hosts)
    authority.issue("dex-client", subject="dex-client")
