"""What several nodes on one kernel need of it: settings, a module, controllers. The last `down` undoes it.

A ledger for the whole machine, wherever each sandbox has its state, holds what was before and who needs what
is new, so that sandboxes may go in any order. A restart of the machine ends both, it and the settings.
"""

from pathlib import Path

from opskit.sandbox.files import locked, read_json, write_json
from opskit.sandbox.kubeadm import cgroups, modules
from opskit.sandbox.site import Site

_RUN = Path("/run")

_WANTED = {
    "net/ipv4/ip_forward": "1",
    "fs/inotify/max_user_instances": "8192",
    "fs/inotify/max_user_watches": "1048576",
}
_CHANGED_BY_KUBELET = (
    "vm/overcommit_memory",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)


def take(site: Site) -> None:
    """Note how the kernel is, and give it what nodes need."""
    with locked(_lock()):
        ledger = read_json(_ledger(), {"before": {}, "holders": []})
        loaded = ledger.get("loaded", False) or modules.load()
        handed = ledger["handed"] if "handed" in ledger else cgroups.handed()
        before = ledger["before"] or {name: _get(name) for name in (*_WANTED, *_CHANGED_BY_KUBELET)}
        holders = sorted({*_alive(ledger["holders"]), str(site.state)})
        write_json(_ledger(), {"before": before, "holders": holders, "loaded": loaded, "handed": handed})
        for name, value in _WANTED.items():
            _set(name, value)


def give_back(site: Site) -> None:
    """Bring all of it back, unless another sandbox still needs it."""
    with locked(_lock()):
        ledger = read_json(_ledger(), {"before": {}, "holders": []})
        holders = [each for each in _alive(ledger["holders"]) if each != str(site.state)]
        if holders:
            write_json(_ledger(), {**ledger, "holders": holders})
            return
        for name, value in ledger["before"].items():
            if _get(name) != value:
                _set(name, value)
        if ledger.get("loaded", False):
            modules.unload()
        if "handed" in ledger:
            cgroups.hand_only(ledger["handed"])
        _ledger().unlink(missing_ok=True)
        _lock().unlink()


def _alive(holders: list[str]) -> list[str]:
    return [each for each in holders if Path(each).is_dir()]


def _lock() -> Path:
    return _RUN / "opskit-sysctls.lock"


def _ledger() -> Path:
    return _RUN / "opskit-sysctls.json"


def _get(name: str) -> str:
    return Path("/proc/sys", name).read_text().strip()


def _set(name: str, value: str) -> None:
    Path("/proc/sys", name).write_text(value)
