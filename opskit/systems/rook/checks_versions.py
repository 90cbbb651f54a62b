"""Daemons of more than one version."""

import re

from opskit.core.findings import Evidence, Finding
from opskit.core.parts import known
from opskit.systems.rook.facts import Facts
from opskit.systems.rook.judging import finding, judges, said

_NUMBER = re.compile(r"ceph version (\d+\.\d+\.\d+\S*)")


@judges("DAEMON_OLD_VERSION")
def version_skew(facts: Facts) -> list[Finding]:
    """More than one version among the daemons that run, and which type is behind."""
    found = known(facts.versions, {})
    running = {
        kind: {short(version): number for version, number in versions.items()}
        for kind, versions in found.items()
        if kind != "overall" and versions
    }
    every = sorted({version for versions in running.values() for version in versions}, key=_order)
    if len(every) < 2:
        return []
    shown = [
        f"{kind}: " + ", ".join(f"{n} × {v}" for v, n in versions.items())
        for kind, versions in running.items()
    ]
    behind = [kind for kind, versions in running.items() if every[0] in versions]
    wanted = known(facts.cluster, None)
    image = wanted.spec.ceph_version.image if wanted else ""
    return [
        finding(
            "VERSION_SKEW",
            ", ".join(behind),
            f"Versions {' and '.join(every)} run side by side; behind: {', '.join(behind)}.",
            evidence=[
                *said(facts, "DAEMON_OLD_VERSION"),
                Evidence(text="; ".join(shown), command="ceph versions"),
            ],
            cause=f"An upgrade to {image} is under way or got stuck."
            if image
            else "An upgrade is under way or stuck.",
        )
    ]


def short(version: str) -> str:
    """`16.2.15` of `ceph version 16.2.15 (…) pacific (stable)`."""
    match = _NUMBER.search(version)
    return match[1] if match else version


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
