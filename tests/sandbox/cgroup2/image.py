"""The disk of a machine with cgroup v2: Debian with systemd, its kernel, and what profiles need of Debian.

It is made once, in the cache, and is known by all that it is made of. No machine writes to it.
"""

import hashlib
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from opskit.sandbox.files import locked, private_folder
from opskit.sandbox.overview import programs_needed
from opskit.sandbox.pins import program

SUITE = "bookworm"
PROFILES = ("kubeadm", "light", "network", "mesh")
SYSTEM = (
    *("systemd", "systemd-sysv", "udev", "kmod", "linux-image-amd64", "initramfs-tools"),
    *("python3", "procps", "ca-certificates"),
)
SIZE = "8G"
INSTALL = "export DEBIAN_FRONTEND=noninteractive; apt-get update; apt-get install -y --no-install-recommends "
FSTAB = "out /out 9p trans=virtio,version=9p2000.L,msize=524288 0 0\n"
UNIT = """[Unit]
Description=What the machine is for
RequiresMountsFor=/out
SuccessAction=poweroff
FailureAction=poweroff
[Service]
Type=oneshot
ExecStart=/bin/sh /out/run
"""


@dataclass(frozen=True)
class Image:
    """What a machine is booted from."""

    folder: Path

    @property
    def disk(self) -> Path:
        return self.folder / "disk.img"

    @property
    def kernel(self) -> Path:
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        return self.folder / "initrd"


def image() -> Image:
    """The image, made where it is not in the cache: some ten minutes."""
    home = private_folder(platformdirs.user_cache_path("opskit") / "machines")
    made = Image(home / _key())
    with locked(home / "lock"):
        if not made.folder.exists():
            _make(made)
    return made


def packages() -> list[str]:
    """Debian's packages on it."""
    carried = {program(name).debian for profile in PROFILES for name in programs_needed(profile)}
    return sorted({*SYSTEM, *filter(None, carried)})


def _key() -> str:
    parts = (SUITE, SIZE, INSTALL, FSTAB, UNIT, *packages())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _make(wanted: Image) -> None:
    with tempfile.TemporaryDirectory(dir=wanted.folder.parent, prefix="making-") as made:
        root, parts = Path(made, "root"), Path(made, "parts")
        parts.mkdir()
        _install(root)
        for name in ("vmlinuz", "initrd"):
            shutil.copyfile(root / _newest(root, name), parts / name)
        _run("mkfs.ext4", "-q", "-d", str(root), str(parts / "disk.img"), SIZE)
        parts.replace(wanted.folder)


def _install(root: Path) -> None:
    """In views of their own, so that nothing which is mounted outlives it."""
    _alone("debootstrap", "--variant=minbase", SUITE, str(root))
    (root / "install").write_text(f"{INSTALL}{' '.join(packages())}\napt-get clean\n")
    _alone("sh", "-ec", f"mount -t proc proc {root}/proc; chroot {root} sh -e /install")
    (root / "out").mkdir()
    (root / "etc/fstab").write_text(FSTAB)
    (root / "etc/hostname").write_text("machine\n")
    (root / "etc/systemd/system/proof.service").write_text(UNIT)


def _alone(*argv: str) -> None:
    _run("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", *argv)


def _newest(root: Path, name: str) -> str:
    return max(path.relative_to(root).as_posix() for path in (root / "boot").glob(f"{name}*-amd64"))


def _run(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=3600)
    assert done.returncode == 0, f"{argv[:1]}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
