"""Measure how long opskit takes to name each fault of the sandbox: `docs/faults.md`.

    python docs/measure_faults.py [--profile P] [--name N] [--fault F]...

Each fault is done to real servers; the clock runs from the moment that the system's own tools show it until
a `opskit findings` over all systems has ended that names it first. A profile that is measured anew replaces
its own table, one fault its own row. `--name` uses a sandbox that is up, and leaves it up.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from opskit.core.errors import OpsError, Unreachable
from opskit.sandbox import Sandbox
from opskit.sandbox.rehearsing.asking import Opskit
from opskit.sandbox.rehearsing.named import NAMED
from opskit.sandbox.waiting import wait_until

PAGE = Path(__file__).with_name("faults.md")
PATIENCE, WHOLE = 180.0, 300.0
"""Seconds until a fault must be named, and until nothing is wrong any more."""
OPTIONS: dict[str, dict[str, Any]] = {"light": {"mons": 3, "osd_size": 256}, "kubeadm": {"workers": 1}}
"""What a profile is brought up with."""

_ABOUT = """# How long opskit takes to name a fault

Made by `python docs/measure_faults.py`: each fault was done to the real servers of the
[sandbox](sandbox.md), on two cores that others used as well.

- **shown**: seconds until the system's own tools show it, which is when the clock starts;
- **named**: seconds from then until one `opskit findings`, over all nine systems, has ended that puts this
  finding first; opskit's own start and reading are in it;
- **gone**: seconds from when the fault is healed until `opskit findings` has no warning left."""
_HEAD = ("| fault | named first | severity | shown, s | named, s | gone, s |", "|---|---|---|---|---|---|")


def main() -> int:
    """Measure what was asked for, and write the page after each fault."""
    asked = _asked()
    missed = 0
    for profile in asked.profile or NAMED:
        with _sandbox(profile, asked.name) as sandbox:
            for fault in asked.fault or NAMED[profile]:
                row = _measured(sandbox, profile, fault)
                missed += not row
                if row:
                    _write(profile, fault, row)
    return 1 if missed else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--profile", action="append", choices=list(NAMED))
    parser.add_argument("--fault", action="append")
    parser.add_argument("--name", default="", help="a sandbox of that profile that is up")
    return parser.parse_args()


class _Lent:
    """A sandbox that stays up."""

    def __init__(self, name: str) -> None:
        self.sandbox = Sandbox.attach(name)

    def __enter__(self) -> Sandbox:
        return self.sandbox

    def __exit__(self, *_: object) -> None:
        self.sandbox.heal()


def _sandbox(profile: str, name: str) -> Any:
    return _Lent(name) if name else Sandbox.up(profile=profile, name="measured", **OPTIONS.get(profile, {}))


def _measured(sandbox: Sandbox, profile: str, fault: str) -> str:
    """The row of one fault; empty where it was not named first in time."""
    code = NAMED[profile][fault]
    findings = _Findings(sandbox)
    try:
        _timed(lambda: not findings(), what="nothing is wrong at the start", deadline=WHOLE)
        begin = monotonic()
        sandbox.inject(fault)
        shown = monotonic() - begin
        named = _timed(lambda: findings.first() == code, what=f"{fault} is named", deadline=PATIENCE)
        severity = findings.last[0]["severity"]
        sandbox.heal()
        gone = _timed(lambda: not findings(), what="nothing is wrong any more", deadline=WHOLE)
    except OpsError as error:
        _say(f"{fault}: {error}; found: {[each['code'] for each in findings.last]}")
        sandbox.heal()
        return ""
    row = f"| `{fault}` | `{code}` | {severity} | {shown:.0f} | {named:.0f} | {gone:.0f} |"
    _say(row)
    return row


class _Findings:
    """What `opskit findings` says of all systems, warnings and worse."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._ask = Opskit(sandbox, lambda _: None)
        self._cluster = sandbox.context
        self.last: list[dict[str, Any]] = []

    def __call__(self) -> list[dict[str, Any]]:
        code, said = self._ask("findings", "--json", "--cluster", self._cluster)
        if code:
            raise Unreachable(f"`opskit findings` ended with exit code {code}.", where=self._cluster)
        every: list[dict[str, Any]] = json.loads(said)["findings"]
        self.last = [each for each in every if each["severity"] != "info"]
        return self.last

    def first(self) -> str:
        return next((each["code"] for each in self()), "")


def _timed(holds: Callable[[], bool], *, what: str, deadline: float) -> float:
    begin = monotonic()
    wait_until(holds, what=what, deadline=deadline, every=0.5)
    return monotonic() - begin


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _write(profile: str, fault: str, row: str) -> None:
    tables = _read()
    tables.setdefault(profile, {})[fault] = f"{row} {datetime.now(UTC):%Y-%m-%d} |"
    sections = [_section(name, NAMED[name], tables[name]) for name in NAMED if name in tables]
    PAGE.write_text("\n\n".join((_ABOUT, *sections)) + "\n", encoding="utf-8")


def _section(profile: str, order: Iterable[str], rows: dict[str, str]) -> str:
    head = tuple(f"{line} {extra} |" for line, extra in zip(_HEAD, ("measured", "---"), strict=True))
    return "\n".join((f"## `{profile}`", "", *head, *(rows[each] for each in order if each in rows)))


def _read() -> dict[str, dict[str, str]]:
    """Profile → fault → row, as the page has them."""
    found: dict[str, dict[str, str]] = {}
    profile = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines() if PAGE.exists() else ():
        if heading := re.fullmatch(r"## `(.+)`", line):
            profile = heading[1]
        elif row := re.match(r"\| `(.+?)` ", line):
            found.setdefault(profile, {})[row[1]] = line
    return found


if __name__ == "__main__":
    sys.exit(main())
