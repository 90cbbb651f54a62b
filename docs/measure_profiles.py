"""Measure how long each profile takes to build, to come up and to go, and what it holds.

Run it on a machine with nothing else to do, as root, after `make sandbox-build`. Cases (a profile's name, or
`kubeadm-ha`) that are named on the command line are measured anew, the others' rows in `docs/profiles.md` are
kept; without any, all are.
"""

import os
import re
import signal
import sys
import time
from pathlib import Path
from time import monotonic
from typing import Any

from opskit.sandbox import Sandbox
from opskit.sandbox.build import build, recorded_seconds
from opskit.sandbox.component import programs_of
from opskit.sandbox.overview import overview
from opskit.sandbox.pins import program
from opskit.sandbox.profiles import PROFILES
from opskit.sandbox.usage import spent_seconds

PAGE = Path(__file__).with_name("profiles.md")
Case = tuple[str, dict[str, Any]]
"""A profile, and the options that it is measured with."""
CASES: dict[str, Case] = {
    # Of `kind` it would be measured how fast a registry sends the nodes' image.
    **{name: (name, {}) for name in PROFILES if name != "kind"},
    "kubeadm": ("kubeadm", {"control_planes": 1, "workers": 2}),
    "kubeadm-ha": ("kubeadm", {"control_planes": 3, "workers": 1}),
}

_ABOUT = """# How long the profiles take

Made by `python docs/measure_profiles.py`.

- *Build cold* is the sum of what the builder noted for each program that is needed, on this machine, or of
  the pins' figures (two cores) for one that was built before notes were kept. What else the machine had to do
  meanwhile is in it. Profiles share most of it.
- *Build warm* is `opskit sandbox build` with nothing to do.
- *Processors* are the seconds that `up` and all servers had spent when all was ready: with two cores no `up`
  can take less than half of that.
- *Memory* is proportional, so that shared pages count once; what runs inside of kubeadm's nodes is in it.
- *Machine* has the load average of the minute before: much above 0, others took their share of the cores."""

_HEAD = (
    "| profile | build cold, min | build warm, s | up, s | processors, s | memory, MiB | down, s | machine |",
    "|---|---|---|---|---|---|---|---|",
)


def measure(profile: str, options: dict[str, Any]) -> str:
    """Build, bring up and take down; the table's row."""
    names = needed(profile, options)
    begin = monotonic()
    build(names, progress=lambda _: None)
    warm, load, spent, begin = monotonic() - begin, os.getloadavg()[0], time.process_time(), monotonic()
    with Sandbox.up(profile=profile, name="measured", **options) as sandbox:
        up = monotonic() - begin
        every = {sandbox.name, *(each.name for each in sandbox.companions())}
        seen = [each for each in overview(profile).sandboxes if each.name in every]
        pids = [part.pid for each in seen for part in each.parts if part.pid]
        processors = spent_seconds(pids) + time.process_time() - spent
        begin = monotonic()
    memory = sum(each.memory_mib for each in seen)
    return (
        f"{label((profile, options))} {cold_minutes(names):.0f} | {warm:.1f} | {up:.0f} | {processors:.0f} | "
        f"{memory:,} | {monotonic() - begin:.1f} | {os.cpu_count()} cores, load {load:.1f} before |"
    )


def needed(profile: str, options: dict[str, Any]) -> list[str]:
    """The programs that it needs with these options, and those of what comes up beside it."""
    every = ((profile, options), *PROFILES[profile].beside.items())
    return programs_of(
        [part for name, chosen in every for part in PROFILES[name].components(PROFILES[name].options(chosen))]
    )


def label(case: Case) -> str:
    """How a case's row begins, which is what it is found by."""
    profile, options = case
    told = "".join(f" --{name.replace('_', '-')} {value}" for name, value in options.items())
    return f"| `{profile}`{told} |"


def cold_minutes(names: list[str]) -> float:
    """How long the programs take to get where nothing is there."""
    noted = recorded_seconds()
    pins = [program(name) for name in names]
    return sum(noted.get(f"{each.name} {each.version}", each.build_seconds) for each in pins) / 60


def _terminated(*_: object) -> None:
    sys.exit(143)


def main() -> None:
    """Measure, and write the page; a SIGTERM takes the sandbox down as Ctrl-C does."""
    signal.signal(signal.SIGTERM, _terminated)
    old = PAGE.read_text() if PAGE.exists() else ""
    rows = {found[1]: found[0] for found in re.finditer(r"(?m)^(\| `\w+`[^|]* \|).*$", old)}
    for name in sys.argv[1:] or CASES:
        case = CASES[name]
        rows[label(case)] = measure(*case)
        print(rows[label(case)], file=sys.stderr)
        kept = [rows[label(each)] for each in CASES.values() if label(each) in rows]
        PAGE.write_text(f"{_ABOUT}\n\n" + "\n".join((*_HEAD, *kept)) + "\n")


if __name__ == "__main__":
    main()
