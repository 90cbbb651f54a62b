"""What there is on this machine: programs and CRDs and where they come from, sandboxes and their parts."""

import msgspec

from opskit.core.errors import OpsError
from opskit.sandbox.binaries import Found, find
from opskit.sandbox.component import programs_of
from opskit.sandbox.processes import Processes
from opskit.sandbox.profiles import profile
from opskit.sandbox.released import Projects, find_crds, projects_of
from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.site import sandbox_names
from opskit.sandbox.usage import held_mib


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One process of a sandbox, or one container."""

    name: str
    alive: bool
    pid: int | None
    log: str
    """Empty where another daemon keeps it."""


class SandboxSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One sandbox."""

    name: str
    profile: str
    phase: str
    """`starting` (or left so by a killed `up`), `ready`, or `ended`: it was ready and nothing of it runs."""
    kubeconfig: str
    versions: dict[str, str]
    faults: list[str]
    memory_mib: int
    """Proportional memory of all its processes, those inside of its nodes, too."""
    parts: list[Part]


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """Everything."""

    programs: list[Found]
    crds: list[Found]
    """Of projects, the released ones."""
    sandboxes: list[SandboxSeen]


def programs_needed(profile_name: str) -> list[str]:
    """Every program that the profile can use, with all its options on."""
    return programs_of(profile(profile_name).everything())


def crds_needed(profile_name: str) -> Projects:
    """The projects whose released CRDs the profile can use, with all its options on."""
    return projects_of(profile(profile_name).everything())


def overview(profile_name: str) -> Overview:
    """Look at the programs and CRDs of a profile and at all sandboxes."""
    return Overview(
        programs=[find(name, profile=profile_name) for name in programs_needed(profile_name)],
        crds=[find_crds(project, profile=profile_name) for project in crds_needed(profile_name).all],
        sandboxes=[_seen(name) for name in sandbox_names()],
    )


def _seen(name: str) -> SandboxSeen:
    sandbox = Sandbox(name)
    record, processes = sandbox.site.record, sandbox.site.processes
    parts = [_part(processes, each) for each in processes.names()] + _outside(sandbox)
    return SandboxSeen(
        name=name,
        profile=record.get("profile", ""),
        phase="ended" if sandbox.ended else record.get("phase", ""),
        kubeconfig=str(sandbox.kubeconfig),
        versions=record.get("versions", {}),
        faults=sorted(sandbox.injected()),
        memory_mib=held_mib(part.pid for part in parts if part.pid),
        parts=parts,
    )


def _outside(sandbox: Sandbox) -> list[Part]:
    """What another daemon runs for it; nothing where that daemon does not answer."""
    try:
        found = sandbox.outside()
    except OpsError:
        return []
    return [Part(name=name, alive=bool(pid), pid=pid or None, log="") for name, pid in found.items()]


def _part(processes: Processes, name: str) -> Part:
    pid = processes.pid(name)
    return Part(name=name, alive=pid is not None, pid=pid, log=str(processes.log(name)))
