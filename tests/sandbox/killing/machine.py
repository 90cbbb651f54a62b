"""All of a machine that a sandbox could leave something in, as sorted lines, to be compared."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from opskit.sandbox.files import read_json

SETTINGS = (
    "net/ipv4/ip_forward",
    "net/bridge/bridge-nf-call-iptables",
    "net/ipv4/conf/all/rp_filter",
    "vm/overcommit_memory",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "fs/inotify/max_user_instances",
    "fs/inotify/max_user_watches",
)


def listing(*, key: str, run: Path, state: Path) -> dict[str, list[str]]:
    """What there is now.

    Args:
        key: of the sandbox; cgroups belong to the whole machine, so that only those with it are listed.
        run: its folder for sockets.
        state: the folder of all sandboxes.

    """
    return {
        "processes": sorted(_processes()),
        "network namespaces": _names(Path("/run/netns")),
        "interfaces": _said("ip", "-o", "-br", "link"),
        "addresses": _said("ip", "-o", "-br", "address"),
        "routes": _said("ip", "route", "show", "table", "all"),
        "nft": _said("nft", "list", "ruleset"),
        "mounts": sorted(line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()),
        "cgroups": sorted(
            str(each) for depth in ("", "*/") for each in Path("/sys/fs/cgroup").glob(f"{depth}*{key}*")
        ),
        "listening": _said("ss", "-Hltnu"),
        "settings": [] if _held_by_others(state) else [f"{each}={_setting(each)}" for each in SETTINGS],
        "sockets": [str(run)] if run.exists() else [],
        "state": [name for name in _names(state) if name != "ports.lock"],
    }


def difference(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    """What is there and was not, or was there and is not, a line each.

    Settings that another sandbox of the machine held at one of the two moments are its own matter.
    """
    return [
        f"{what}: {sign}{line}"
        for what in before
        if what != "settings" or (before[what] and after[what])
        for sign, one, other in (("+", after, before), ("-", before, after))
        for line in one[what]
        if line not in other[what]
    ]


def _held_by_others(state: Path) -> bool:
    """Whether a sandbox with its state elsewhere needs the kernel's settings now."""
    holders = read_json(Path("/run/opskit-sysctls.json"), {}).get("holders", [])
    return any(Path(each).is_dir() and not Path(each).is_relative_to(state) for each in holders)


def _processes() -> Iterator[str]:
    """Command lines of all processes but the caller and its parents, and those that are only zombies."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            line = b" ".join(words).decode(errors="replace").strip()
            if line and "tests.sandbox.killing" not in line:
                yield line


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def _said(*argv: str) -> list[str]:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30)
    return sorted(line.strip() for line in done.stdout.splitlines())


def _setting(name: str) -> str:
    path = Path("/proc/sys") / name
    return path.read_text().strip() if path.exists() else "absent"
