"""Container images without a builder: one layer out of a few files, as `ctr images import` reads it."""

import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_FOLDERS = ("/tmp", "/etc", "/var/run", "/run", "/root", "/proc", "/sys", "/dev")  # noqa: S108


@dataclass(frozen=True, kw_only=True)
class Image:
    """What is in an image."""

    reference: str
    files: Mapping[str, Path]
    """The host's file for each path in the image."""
    entrypoint: Sequence[str] = ()
    links: Mapping[str, str] = field(default_factory=dict[str, str])
    """Symbolic links: target by path."""

    def key(self) -> str:
        """Changes whenever a file, its content's date or the image's settings change."""
        seen = [(path, str(host), _stamp(host)) for path, host in sorted(self.files.items())]
        told = [self.reference, seen, list(self.entrypoint), sorted(self.links.items())]
        return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:12]


def write(image: Image, target: Path) -> None:
    """Write the image's archive, whole or not at all."""
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        layer = Path(folder) / "layer.tar"
        _write_layer(image, layer)
        with layer.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        whole = Path(folder) / "image.tar"
        with tarfile.open(whole, "w") as archive:
            _add(archive, "config.json", _config(image, digest))
            _add(archive, "manifest.json", _manifest(image))
            archive.add(layer, "layer.tar")
        whole.replace(target)


def _write_layer(image: Image, target: Path) -> None:
    with tarfile.open(target, "w") as layer:
        for folder in _folders(image):
            layer.addfile(_entry(folder, tarfile.DIRTYPE))
        for path, link in image.links.items():
            layer.addfile(_entry(path, tarfile.SYMTYPE, link=link))
        for path, host in sorted(image.files.items()):
            with host.open("rb") as file:
                layer.addfile(_entry(path, tarfile.REGTYPE, size=host.stat().st_size), file)


def _folders(image: Image) -> list[str]:
    inside = [*_FOLDERS, *(str(PurePosixPath(path).parent) for path in image.files)]
    every = {parent for path in inside for parent in (PurePosixPath(path), *PurePosixPath(path).parents)}
    return sorted(str(path) for path in every if str(path) != "/")


def _entry(path: str, kind: bytes, *, size: int = 0, link: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path.lstrip("/"))
    entry.type, entry.mode, entry.size, entry.linkname = kind, 0o755, size, link
    return entry


def _config(image: Image, digest: str) -> Any:
    return {
        "architecture": "arm64" if os.uname().machine == "aarch64" else "amd64",
        "os": "linux",
        "created": "2026-01-01T00:00:00Z",
        "config": {"Entrypoint": list(image.entrypoint), "Env": [f"PATH={_PATH}"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }


def _manifest(image: Image) -> Any:
    return [{"Config": "config.json", "RepoTags": [image.reference], "Layers": ["layer.tar"]}]


def _add(archive: tarfile.TarFile, name: str, content: Any) -> None:
    data = msgspec.json.encode(content)
    archive.addfile(_entry(name, tarfile.REGTYPE, size=len(data)), io.BytesIO(data))


def _stamp(host: Path) -> tuple[int, int]:
    seen = host.stat()
    return seen.st_mtime_ns, seen.st_size
