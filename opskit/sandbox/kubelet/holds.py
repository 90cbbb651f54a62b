"""What a fault forbids, as files that faults write and a kubelet stand-in obeys."""

from pathlib import Path

import msgspec

from opskit.sandbox.files import private_folder, write_json
from opskit.sandbox.site import Site


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is held."""

    subject: str
    """A process (`ceph-osd.0`) or a node (`node-a`)."""
    pod: str = ""
    """The UID of the pod that is crash-looping; another pod is free to run the process."""
    env: dict[str, str] = {}
    """Added to the environment of the process, which may run."""


def write_hold(site: Site, hold: Hold) -> None:
    """Hold something from now on."""
    write_json(_folder(site) / f"{hold.subject}.json", hold)


def release(site: Site, subject: str) -> None:
    """Let it go."""
    (_folder(site) / f"{subject}.json").unlink(missing_ok=True)


def hold_of(site: Site, subject: str) -> Hold | None:
    """What holds a daemon or node, None where nothing does."""
    try:
        return msgspec.json.decode((_folder(site) / f"{subject}.json").read_bytes(), type=Hold)
    except FileNotFoundError:
        return None


def _folder(site: Site) -> Path:
    return private_folder(site.state / "holds")
