"""Finding programs: in OPSKIT_BIN and PATH, then in their wheel or in the cache."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import msgspec
import platformdirs

from opskit.core.errors import NotInstalled
from opskit.sandbox.pins import Program, program

TOOLS = Path(__file__).with_name("tools")
"""The Go modules that pin what is built: one folder each, with go.mod and go.sum."""

_DEBIAN_PATH = "/usr/sbin:/sbin:/usr/lib/cni"
"""Where Debian keeps daemons and network plug-ins, which an ordinary user's PATH leaves out."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Where a program is, or how it can be had."""

    name: str
    path: str = ""
    """Empty: missing."""
    source: str = ""
    """`folder`, `PATH`, `wheel`, `cache`, or empty."""
    version: str = ""
    remedy: str = ""
    """The command that gets a missing one."""


def find(name: str, *, profile: str = "") -> Found:
    """Look for a program.

    Args:
        name: as `pins.toml` has it.
        profile: the one that it is for, for the remedy.

    Raises:
        UnknownName: it is not pinned.

    """
    wanted = program(name)
    for source, folder in _folders():
        path = shutil.which(name, path=folder)
        if path is not None:
            version = version_of(path, wanted)
            if not wanted.version or version == wanted.version:
                return Found(name=name, path=path, source=source, version=version)
    carried = _in_wheel(wanted)
    if carried is not None:
        version = distribution(wanted.wheel).version
        return Found(name=name, path=str(carried), source="wheel", version=version)
    cached = cache_path(wanted)
    if cached.exists():
        return Found(name=name, path=str(cached), source="cache", version=wanted.version)
    return Found(name=name, remedy=_remedy(wanted, profile))


def require(name: str) -> str:
    """The path of a program.

    Raises:
        NotInstalled: it is missing; the message has the command that gets it.

    """
    found = find(name)
    if not found.path:
        raise NotInstalled(
            f"The program {name} is missing.", where="this machine", hint=f"run `{found.remedy}`."
        )
    return found.path


def require_all(names: Sequence[str], *, profile: str = "") -> None:
    """See that all programs are there.

    Args:
        names: as `pins.toml` has them.
        profile: the one that they are for, for the remedy.

    Raises:
        NotInstalled: some are missing; the message has the commands that get them.

    """
    missing = [found for name in names if not (found := find(name, profile=profile)).path]
    if missing:
        remedies = "; ".join(dict.fromkeys(f"`{each.remedy}`" for each in missing))
        named = ", ".join(each.name for each in missing)
        raise NotInstalled(f"Programs are missing: {named}.", where="this machine", hint=remedies)


def cache_path(wanted: Program) -> Path:
    """Where the program is kept once built or downloaded: the folder's name changes with every pin."""
    pins = [wanted.version, wanted.package, wanted.sha256]
    if wanted.module:
        pins += [hashlib.sha256(_sources(wanted.module)).hexdigest(), *wanted.stamp]
    key = hashlib.sha256("\n".join(pins).encode()).hexdigest()[:12]
    folder = platformdirs.user_cache_path("opskit") / "bin" / f"{wanted.name}-{wanted.version or 'any'}-{key}"
    return folder / wanted.name


@cache
def version_of(path: str, wanted: Program) -> str:
    """What the program says of its version, e.g. `1.37.2`; empty where it says none."""
    try:
        said = subprocess.run(
            [path, *wanted.version_args],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\b[vV]?(\d+\.\d+(?:\.\d+)?)\b", said.stdout + said.stderr)
    return found[1] if found else ""


def build_command(profile: str) -> str:
    """What gets all that the profile needs; `light` where none is named."""
    return (
        f"opskit sandbox build --profile {profile}"
        if profile not in ("", "light")
        else "opskit sandbox build"
    )


def _folders() -> list[tuple[str, str]]:
    named = os.environ.get("OPSKIT_BIN", "")
    path = os.environ.get("PATH", os.defpath)
    return [*([("folder", named)] if named else []), ("PATH", f"{path}:{_DEBIAN_PATH}")]


def _in_wheel(wanted: Program) -> Path | None:
    if not wanted.wheel:
        return None
    try:
        path = Path(str(distribution(wanted.wheel).locate_file(wanted.wheel_file)))
    except PackageNotFoundError:
        return None
    return path if os.access(path, os.X_OK) else None


def _sources(module: str) -> bytes:
    """All that a module of ours consists of: its pins, and its own sources where it has some."""
    files = (file for file in sorted((TOOLS / module).rglob("*")) if file.is_file())
    return b"".join(file.read_bytes() for file in files)


def _remedy(wanted: Program, profile: str) -> str:
    if wanted.debian:
        return f"apt-get install --no-install-recommends {wanted.debian}"
    if wanted.wheel:
        return f"pip install {wanted.wheel}"
    return build_command(profile)
