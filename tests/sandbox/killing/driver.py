"""Kills `opskit sandbox up` at random moments, in a view of the machine that nobody else is in.

`unshare --net --mount --pid --fork --mount-proc python -m tests.sandbox.killing.driver PROFILE NAME SEED
COUNT LONGEST [OPTION…]`: what is left of each kill is printed as a line of JSON.
"""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from opskit.sandbox.site import Site, sandboxes
from tests.sandbox.killing.machine import difference, listing


def alone() -> None:
    """A loopback interface, and a list of network namespaces of this view's own."""
    Path("/run/netns").mkdir(exist_ok=True)
    for argv in (
        ("ip", "link", "set", "lo", "up"),
        ("mount", "-t", "tmpfs", "tmpfs", "/run/netns"),
        # What is not the sandbox's must be there afterwards, too.
        ("ip", "netns", "add", "bystander"),
        ("ip", "link", "add", "opsby0", "type", "bridge"),
        ("ip", "route", "add", "blackhole", "192.0.2.0/24"),
        ("nft", "add", "table", "inet", "bystander"),
    ):
        subprocess.run(argv, check=True, timeout=30)


def opskit(*words: str, log: Path) -> "subprocess.Popen[bytes]":
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "opskit", "sandbox", *words],
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


def once(profile: str, name: str, options: list[str], *, after: float, log: Path) -> dict[str, Any]:
    """Kill one `up`, then `up` and `down`: what came of it."""
    up = opskit("up", "--profile", profile, "--name", name, *options, log=log)
    time.sleep(after)
    ended = up.poll()
    up.kill()
    up.wait()
    begin = time.monotonic()
    code = opskit("up", "--profile", profile, "--name", name, *options, log=log).wait(600)
    seconds = time.monotonic() - begin
    down = opskit("down", "--name", name, log=log).wait(120)
    return {
        "after": round(after, 2),
        "had_ended": ended,
        "up": code,
        "seconds": round(seconds, 1),
        "down": down,
    }


def main() -> None:
    profile, name, seed, count, longest, *options = sys.argv[1:]
    alone()
    bystander = subprocess.Popen(["sleep", "3600"], start_new_session=True)
    chosen, site, log = random.Random(int(seed)), Site(name), Path(os.environ["XDG_STATE_HOME"]) / "log"
    log.parent.mkdir(parents=True, exist_ok=True)
    opskit("down", "--name", name, log=log).wait(120)
    while Path(f"/proc/{bystander.pid}/comm").read_text().strip() != "sleep":
        time.sleep(0.01)
    where = {"key": site.key, "run": site.run, "state": sandboxes()}
    before = listing(**where)
    for _ in range(int(count)):
        told = once(profile, name, options, after=chosen.uniform(0.0, float(longest)), log=log)
        told["left"] = difference(before, listing(**where))
        told["bystander"] = bystander.poll() is None
        print(json.dumps(told), flush=True)
    bystander.kill()
    bystander.wait()


if __name__ == "__main__":
    main()
