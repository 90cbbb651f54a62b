"""runc that keeps to its lab: `python narrow_runc.py CGROUP …`, as `runc …`.

Containers get a cgroup below CGROUP, and only capabilities that can be had: Docker gives a privileged one
all that the kernel knows, and runc fails where the machine's own root lacks one. It runs as a plain file, and
uses the standard library alone.
"""

import json
import os
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

_BOUND = "CapBnd:"
_NAMES = """
chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable
net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot
sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease
audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read
perfmon bpf checkpoint_restore
""".upper().split()
"""By their numbers, from 0 on; see capabilities(7)."""


def main(parent: str, *arguments: str) -> None:
    """Narrow what the arguments point to, and become runc."""
    for flag, value in pairwise(arguments):
        if flag in ("--bundle", "-b"):
            _rewrite(Path(value, "config.json"), lambda spec: _narrow_container(spec, parent))
        elif flag in ("--process", "-p"):
            _rewrite(Path(value), _narrow)
    os.execvp("runc", ["runc", *arguments])


def _rewrite(file: Path, change: Callable[[dict[str, Any]], None]) -> None:
    spec = json.loads(file.read_text())
    change(spec)
    file.write_text(json.dumps(spec))


def _narrow_container(spec: dict[str, Any], parent: str) -> None:
    _narrow(spec["process"])
    spec["linux"]["cgroupsPath"] = f"/{parent}/{Path(spec['linux']['cgroupsPath']).name}"


def _narrow(process: dict[str, Any]) -> None:
    wanted, held = process.get("capabilities") or {}, _held()
    process["capabilities"] = {kind: [one for one in names if one in held] for kind, names in wanted.items()}


def _held() -> set[str]:
    lines = Path("/proc/self/status").read_text().splitlines()
    (bound,) = (int(line.removeprefix(_BOUND), 16) for line in lines if line.startswith(_BOUND))
    return {f"CAP_{name}" for number, name in enumerate(_NAMES) if bound >> number & 1}


if __name__ == "__main__":
    main(*sys.argv[1:])
