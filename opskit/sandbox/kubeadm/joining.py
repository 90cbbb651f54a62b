"""What a node must know to join: a bootstrap token, and the key of the uploaded certificates."""

import secrets
import string

import msgspec

from opskit.sandbox.files import read_json, write_json
from opskit.sandbox.site import Site

_LETTERS = string.ascii_lowercase + string.digits


class Joining(msgspec.Struct, frozen=True, kw_only=True):
    """What `kubeadm join` needs."""

    token: str
    certificate_key: str


def joining(site: Site) -> Joining:
    """The sandbox's, made when first asked for."""
    file = site.state / "joining.json"
    if not file.exists():
        write_json(file, Joining(token=_token(), certificate_key=secrets.token_hex(32)))
    return msgspec.convert(read_json(file), Joining)


def _token() -> str:
    identifier, secret = ("".join(secrets.choice(_LETTERS) for _ in range(count)) for count in (6, 16))
    return f"{identifier}.{secret}"
