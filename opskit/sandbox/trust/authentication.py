"""What the API server is told of Dex: its AuthenticationConfiguration, read again when the file changes."""

from pathlib import Path

import msgspec

from opskit.sandbox.files import write_json
from opskit.sandbox.kube import Json
from opskit.sandbox.site import Site
from opskit.sandbox.trust.addresses import where
from opskit.sandbox.trust.authority import bundle

CLIENT = "kubernetes"
PREFIX = "oidc:"


def issuer(site: Site) -> str:
    """Dex's issuer URL."""
    return f"https://{where(site, 'dex')}/dex"


def path(site: Site) -> Path:
    """The file; JSON is YAML."""
    return site.state / "authentication.yaml"


def configuration(site: Site, *, url: str = "", authority: str = "") -> Json:
    """The configuration that fits Dex, or one that is wrong in one place.

    Args:
        site: the sandbox.
        url: the issuer; Dex's own by default.
        authority: the CA that is trusted, PEM; the right one by default.

    """
    trusted = {
        "url": url or issuer(site),
        "audiences": [CLIENT],
        "certificateAuthority": authority or bundle(site),
    }
    claims = {
        "username": {"claim": "email", "prefix": PREFIX},
        "groups": {"claim": "groups", "prefix": PREFIX},
    }
    return _of([{"issuer": trusted, "claimMappings": claims}])


def _of(jwt: list[Json]) -> Json:
    return {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration", "jwt": jwt}


def write(site: Site, **wrong: str) -> None:
    """Write the file by rename: the API server notices, and takes it 10 s later."""
    write_json(path(site), configuration(site, **wrong))


def write_empty(site: Site) -> None:
    """Write a file that is valid and trusts nobody."""
    write_json(path(site), _of([]))


def read(site: Site) -> Json:
    """What the file says now."""
    return msgspec.json.decode(path(site).read_bytes(), type=Json)


def flags(site: Site) -> tuple[str, ...]:
    """The API server's flag."""
    return (f"--authentication-config={path(site)}",)
