"""The images of one release, made of this machine's programs, under the names that its kubeadm asks for."""

import hashlib
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from opskit.sandbox.binaries import require
from opskit.sandbox.files import locked, private_folder, read_json, write_json
from opskit.sandbox.kubeadm import archive
from opskit.sandbox.kubeadm.archive import Image
from opskit.sandbox.kubeadm.release import Release
from opskit.sandbox.running import run
from opskit.sandbox.site import Site

HOST_TOOLS = "localhost/host-tools:1"
"""An image without programs of its own: its pod mounts the node's /usr."""

ON_WORKERS = ("pause", "kube-proxy", "coredns", "host-tools")
"""The images that nodes other than control planes need, by their last name."""

_PAUSE = r"""
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
static void end(int number) { (void)number; _exit(0); }
static void reap(int number) { (void)number; while (waitpid(-1, 0, WNOHANG) > 0) {} }
int main(int count, char **words) {
  if (count > 1 && words[1][0] == '-' && words[1][1] == 'v') return 0; /* kubeadm upgrade's health check */
  signal(SIGINT, end); signal(SIGTERM, end); signal(SIGCHLD, reap);
  for (;;) pause();
}
"""


def last_name(reference: str) -> str:
    """`kube-proxy` of `registry.k8s.io/kube-proxy:v1.37.2`."""
    return reference.rpartition("/")[2].partition(":")[0]


def cache() -> Path:
    """Where this user's image archives are kept."""
    return platformdirs.user_cache_path("opskit") / "images"


def build(release: Release) -> dict[str, Path]:
    """Make the release's image archives where they are not in the cache; the archive of each reference."""
    folder = private_folder(cache())
    with locked(folder / "lock"):
        return {
            reference: _built(_image(reference, release, folder), folder)
            for reference in (*release.images(), HOST_TOOLS)
        }


def note(site: Site, archives: Mapping[str, Path]) -> None:
    """Keep which archives a sandbox's nodes import."""
    write_json(_noted(site), {reference: str(path) for reference, path in archives.items()})


def built(site: Site) -> dict[str, Path]:
    """The archive of each image that a sandbox's nodes import."""
    return {reference: Path(path) for reference, path in read_json(_noted(site)).items()}


def _noted(site: Site) -> Path:
    return site.state / "images.json"


def _built(image: Image, folder: Path) -> Path:
    name = re.sub(r"[^\w.-]+", "_", image.reference)
    target = folder / f"{name}-{image.key()}.tar"
    if not target.exists():
        archive.write(image, target)
    return target


def _image(reference: str, release: Release, folder: Path) -> Image:
    name = last_name(reference)
    if name == "pause":
        return Image(reference=reference, files={"/pause": _pause(folder)}, entrypoint=["/pause"])
    if name == "host-tools":
        links = {f"/{each}": f"usr/{each}" for each in ("bin", "sbin", "lib", "lib64")}
        files = {path: Path(path) for path in ("/etc/passwd", "/etc/group")}
        return Image(reference=reference, files=files, links=links)
    if name == "coredns":
        return Image(
            reference=reference, files={"/coredns": _real(release.path(name))}, entrypoint=["/coredns"]
        )
    programs = ("etcd", "etcdctl", "etcdutl") if name == "etcd" else (name,)
    files = {f"/usr/local/bin/{each}": _real(release.path(each)) for each in programs}
    return Image(reference=reference, files=files | (_packet_filters() if name == "kube-proxy" else {}))


def _packet_filters() -> dict[str, Path]:
    """What kube-proxy runs: nft and conntrack, and iptables to clean up after older modes."""
    multi = shutil.which("xtables-nft-multi", path="/usr/sbin:/sbin") or require("iptables")
    programs = {f"/usr/sbin/{name}": require(name) for name in ("nft", "conntrack", "ip")}
    programs |= {
        f"/usr/sbin/ip{version}tables{verb}": multi
        for version in ("", "6")
        for verb in ("", "-save", "-restore")
    }
    libraries = {path: Path(path) for program in {*programs.values()} for path in _libraries(program)}
    return {**{path: _real(host) for path, host in programs.items()}, **libraries}


def _libraries(program: str) -> list[str]:
    said = run([shutil.which("ldd") or "/usr/bin/ldd", program], deadline=20.0)
    return [path for path in re.findall(r"(/\S+)", said) if Path(path).exists()]


def _pause(folder: Path) -> Path:
    target = folder / f"pause-{hashlib.sha256(_PAUSE.encode()).hexdigest()[:12]}"
    if not target.exists():
        part = target.with_suffix(".part")
        run(
            [require("cc"), "-static", "-Os", "-s", "-x", "c", "-o", str(part), "-"],
            deadline=60.0,
            text=_PAUSE,
        )
        part.replace(target)
    return target


def _real(path: str) -> Path:
    return Path(path).resolve()
