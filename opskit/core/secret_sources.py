"""Where secrets are fetched from. A message names the reference, never the value."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from opskit.core.errors import BadValue, Forbidden, NotFound, OpsError, Unauthorized, Unreachable


def fetch(reference: str) -> str:
    """The value that a reference points at; see `secrets.resolve`."""
    scheme, _, rest = reference.partition(":")
    source = _SOURCES.get(scheme)
    if source is None or not rest:
        # What is no reference may be the secret itself, put there by mistake: it is not repeated.
        raise BadValue(
            "This is no reference to a secret.",
            hint="write env:NAME, file:/path or vault:mount/path#field, never the secret itself",
        )
    return source(rest, reference)


def is_reference(text: str) -> bool:
    """Whether the text looks like a reference."""
    scheme, _, rest = text.partition(":")
    return scheme in _SOURCES and bool(rest)


def _env(name: str, reference: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise NotFound("The environment variable is not set.", where=reference, hint=f"export {name}")
    return value


def _file(path: str, reference: str) -> str:
    try:
        value = Path(path).expanduser().read_text()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise NotFound(
            f"The secret's file can't be read: {why}.", where=reference, hint="check path and rights"
        ) from None
    value = value.removesuffix("\n").removesuffix("\r")
    if not value:
        raise NotFound("The secret's file is empty.", where=reference, hint="write the secret into it")
    return value


def _vault(place: str, reference: str) -> str:
    path, _, field = place.partition("#")
    mount, _, inner = path.partition("/")
    if not (mount and inner and field):
        raise BadValue(
            "This is no reference to a Vault secret.", where=reference, hint="write vault:mount/path#field"
        )
    data = _vault_data(mount, inner, reference)
    value = data.get(field)
    if not isinstance(value, str) or not value:
        raise NotFound(
            f"The secret has no text field {field!r}; it has {', '.join(sorted(data)) or 'none'}.",
            where=reference,
            hint="name one of its fields",
        )
    return value


def _vault_data(mount: str, path: str, reference: str) -> dict[str, Any]:
    import hvac
    import requests
    from hvac import exceptions

    try:
        client = hvac.Client(timeout=15, verify=os.environ.get("VAULT_CACERT") or True)
        try:
            answer = client.secrets.kv.v2.read_secret_version(
                path=path, mount_point=mount, raise_on_deleted_version=True
            )
            return dict(answer["data"]["data"])
        except (exceptions.InvalidPath, KeyError):
            return dict(client.secrets.kv.v1.read_secret(path=path, mount_point=mount)["data"])
    except (exceptions.VaultError, requests.RequestException, OSError) as error:
        raise _vault_error(error, reference) from None
    except (KeyError, TypeError, ValueError):
        raise NotFound(
            "Vault's answer holds no such secret.", where=reference, hint="check mount and path"
        ) from None


def _vault_error(error: Exception, reference: str) -> OpsError:
    from hvac import exceptions

    if isinstance(error, exceptions.InvalidPath):
        return NotFound("Vault has no such secret.", where=reference, hint="check mount and path")
    if isinstance(error, exceptions.Forbidden):
        return Forbidden(
            "Vault does not let this token read it.", where=reference, hint="renew VAULT_TOKEN or its policy"
        )
    if isinstance(error, exceptions.Unauthorized):
        return Unauthorized("Vault does not know this token.", where=reference, hint="log in: `vault login`")
    if isinstance(error, exceptions.VaultDown):
        return Unreachable("Vault is sealed.", sent=True, where=reference, hint="unseal it")
    return Unreachable(
        f"Vault does not answer ({type(error).__name__}).",
        where=reference,
        hint="check VAULT_ADDR, VAULT_CACERT and the route",
    )


_SOURCES: dict[str, Callable[[str, str], str]] = {"env": _env, "file": _file, "vault": _vault}
