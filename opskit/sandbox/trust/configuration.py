"""The opskit.toml by which opskit reaches the profile's servers: their CA, and a token that only looks."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from opskit.sandbox.component import Component
from opskit.sandbox.control_plane import context_name
from opskit.sandbox.files import write_private
from opskit.sandbox.part import NoOptions, Part
from opskit.sandbox.site import Site
from opskit.sandbox.trust import authentication, openbao, openldap
from opskit.sandbox.trust.addresses import PORTS, where
from opskit.sandbox.trust.authority import folder

_POLICY = """
path "sys/*" { capabilities = ["read", "list", "sudo"] }
path "sys/leases/lookup" { capabilities = ["update", "list", "sudo"] }
path "sys/leases/revoke-prefix/*" { capabilities = ["update", "sudo"] }
path "auth/token/accessors/*" { capabilities = ["list", "sudo"] }
path "auth/token/lookup-accessor" { capabilities = ["update"] }
path "+/keys/*" { capabilities = ["read", "list"] }
path "+/issuers/*" { capabilities = ["list"] }
path "+/issuer/*" { capabilities = ["read"] }
"""


def _components(_: NoOptions, __: Sequence[Part[Any]]) -> list[Component]:
    return [Component(name="opskit-toml", needs=("openbao-engines", "dex-objects"), settle=_write)]


def _write(site: Site) -> None:
    bao = openbao.root(site)
    bao.put("sys/policies/acl/opskit", {"policy": _POLICY})
    made = bao.put("auth/token/create", {"policies": ["opskit"], "ttl": "24h", "no_parent": True})
    token = write_private(site.state / "opskit-token", made["auth"]["client_token"])
    name, trusted = context_name(site), folder(site) / "ca.crt"
    servers = {
        "vault": ("openbao/openbao", PORTS["openbao"], "openbao.openbao.svc", f'token = "file:{token}"\n'),
        "dex": ("dex/dex", PORTS["dex"], "dex.dex.svc", ""),
    }
    text = f'[clusters.{name}]\nkubeconfig = "{site.state}/kubeconfig"\ncontext = "{name}"\n'
    for server, (service, port, tls_name, further) in servers.items():
        text += (
            f'\n[clusters.{name}.servers.{server}]\nservice = "{service}:{port}"\n'
            f'tls_name = "{tls_name}"\nca = "{trusted}"\n{further}'
        )
    text += (
        f'\n[clusters.{name}.servers.ldap]\nurl = "ldaps://{where(site, openldap.PROCESS)}"\n'
        f'ca = "{trusted}"\npassword = "file:{_bind_password(site)}"\n'
    )
    text += f'\n[clusters.{name}.dex]\nauthentication_config = "{authentication.path(site)}"\n'
    write_private(site.state / "opskit.toml", text)


def _bind_password(site: Site) -> Path:
    return write_private(site.state / "dex-bind-password", openldap.passwords(site)["dex"])


PART = Part(name="opskit-toml", components=_components, options=NoOptions)
