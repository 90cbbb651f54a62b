"""A virtual machine that boots, runs one script with this machine's folders at hand, and powers off."""

import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import platformdirs

from opskit.sandbox.released import BESIDE
from tests.sandbox.cgroup2.image import Image

ROOT = Path(__file__).parents[3]
NEEDED = {
    "qemu-system-x86_64": "qemu-system-x86",
    "debootstrap": "debootstrap",
    "mkfs.ext4": "e2fsprogs",
}
"""Program → Debian's package."""
MEMORY_MIB, CORES = 6144, 2
CONSOLE = "root=/dev/vda rw console=ttyS0 systemd.unit=proof.service panic=-1"
EMULATED = "mitigations=off nowatchdog tsc=reliable clocksource=tsc"
"""What guards a real processor only costs time; and untold, the kernel would ask a slow device for it."""


def lacks() -> str:
    """What keeps this machine from running one, and what to do about it; empty where nothing does."""
    if os.geteuid() != 0 or platform.machine() != "x86_64":
        return "the image of a virtual machine is made by root on x86-64"
    if missing := [package for name, package in NEEDED.items() if not shutil.which(name)]:
        return f"missing; run `apt-get install --no-install-recommends {' '.join(missing)}`"
    return ""


def accelerated() -> bool:
    """Whether the processor runs the machine; else it is emulated, some fifteen times slower."""
    flags = re.search(r"^flags.*\b(vmx|svm)\b", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return bool(flags) and os.access("/dev/kvm", os.R_OK | os.W_OK)


def shares() -> list[Path]:
    """The folders that the machine has at their own paths: opskit, its Python, programs, images and CRDs."""
    cache = platformdirs.user_cache_path("opskit")
    named = (ROOT, sys.prefix, sys.base_prefix, BESIDE, *(cache / each for each in ("bin", "crds", "images")))
    wanted = {Path(each).resolve() for each in named if Path(each).is_dir()}
    return sorted(each for each in wanted if not any(one in each.parents for one in wanted))


def python() -> str:
    """This Python, as the machine finds it."""
    return str(Path(sys.prefix).resolve() / "bin" / "python")


def run(image: Image, out: Path, words: Iterable[str], env: Mapping[str, str], *, seconds: float) -> None:
    """Boot a machine, run a command in it, and wait until it is off.

    What the command says is `said.txt` in `out`, and the console's text `console.txt`.

    """
    (out / "run").write_text(_script(words, env))
    subprocess.run(_qemu(image, out), check=True, timeout=seconds, stdin=subprocess.DEVNULL)


def _qemu(image: Image, out: Path) -> list[str]:
    fast = accelerated()
    speed = ("kvm", "-cpu", "host") if fast else ("tcg,thread=multi,tb-size=1024", "-cpu", "max,la57=off")
    argv = ["qemu-system-x86_64", "-accel", *speed, "-m", str(MEMORY_MIB), "-smp", str(CORES)]
    argv += [
        "-display",
        "none",
        "-vga",
        "none",
        "-nic",
        "none",
        "-no-reboot",
        "-serial",
        f"file:{out}/console.txt",
    ]
    argv += [
        "-kernel",
        str(image.kernel),
        "-initrd",
        str(image.initrd),
        "-append",
        CONSOLE if fast else f"{CONSOLE} {EMULATED}",
    ]
    argv += ["-drive", f"file={image.disk},format=raw,if=virtio,snapshot=on,cache=unsafe"]
    argv += ["-virtfs", f"local,path={out},mount_tag=out,security_model=none"]
    for number, folder in enumerate(shares()):
        told = f"local,path={folder},mount_tag=share{number},security_model=none,readonly=on,multidevs=remap"
        argv += ["-virtfs", told]
    return argv


def _script(words: Iterable[str], env: Mapping[str, str]) -> str:
    """What the machine's one unit runs. Each folder is a copy on write of this machine's."""
    lines = ["exec >/out/said.txt 2>&1", "set -ex", "export HOME=/root LANG=C.UTF-8"]
    for number, folder in enumerate(shares()):
        below, own = f"/mnt/share{number}", f"/mnt/own{number}"
        options = "trans=virtio,version=9p2000.L,msize=524288,cache=loose,ro"
        layers = f"lowerdir={below},upperdir={own}/upper,workdir={own}/work"
        lines += [f"mkdir -p {below} {own}/upper {own}/work {folder}"]
        lines += [
            f"mount -t 9p -o {options} share{number} {below}",
            f"mount -t overlay -o {layers} overlay {folder}",
        ]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in env.items()]
    return "\n".join((*lines, f"cd {ROOT}", shlex.join(words), ""))
