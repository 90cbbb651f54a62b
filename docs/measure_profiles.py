"""Measure how long each profile takes to come up and how much memory it holds: `docs/profiles.md`.

Run it on a machine with nothing else to do, as root, after `make sandbox-build`.
"""

import sys
from pathlib import Path
from time import monotonic

from opskit.sandbox import Sandbox
from opskit.sandbox.overview import overview
from opskit.sandbox.profiles import PROFILES

PAGE = Path(__file__).with_name("profiles.md")
VARIANTS = {
    "light": [{}],
    "kubeadm": [{"workers": 2}],
}
"""The options that a profile is measured with; without any by default."""

_ABOUT = """# How long the profiles take

Made by `python docs/measure_profiles.py` on two cores. Memory is the sum over the processes that the sandbox
itself started: shared pages count each time, and what runs inside of kubeadm's nodes is not in it."""


def measure(profile: str, options: dict[str, int]) -> str:
    """Bring it up and down; the table's row."""
    begin = monotonic()
    with Sandbox.up(profile=profile, name="measured", **options) as sandbox:
        up = monotonic() - begin
        seen = next(each for each in overview(profile).sandboxes if each.name == sandbox.name)
        begin = monotonic()
    told = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in options.items())
    return f"| `{profile}` {told} | {up:.0f} | {seen.memory_mib:,} | {monotonic() - begin:.1f} |"


def main() -> None:
    """Measure all profiles and write the page."""
    rows: list[str] = []
    for profile in PROFILES:
        for options in VARIANTS.get(profile, [{}]):
            rows.append(measure(profile, options))
            print(rows[-1], file=sys.stderr)
    head = ("| profile | up, s | resident memory, MiB | down, s |", "|---|---|---|---|")
    PAGE.write_text(f"{_ABOUT}\n\n" + "\n".join((*head, *rows)) + "\n")


if __name__ == "__main__":
    main()
