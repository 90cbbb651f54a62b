"""The container engine whose containers are kind's nodes: Docker, or podman where kind is told so."""

import os
import re
import shutil

from opskit.core.errors import OpsError, ToolFailed
from opskit.sandbox.running import run
from opskit.sandbox.site import Site

VARIABLE = "KIND_EXPERIMENTAL_PROVIDER"
"""The environment variable that kind itself asks for its engine."""
KNOWN = ("docker", "podman")

_START = {
    "docker": "start it (`systemctl start docker`), see that this user may use it (group `docker`), or name "
    "its socket in DOCKER_HOST",
    "podman": "run `podman info`, and mend what it names",
}
_LOGGED = re.compile(r'time="[^"]*" level=\w+ msg="(?P<told>.*)"')
"""How podman tells what it tells before it knows its command: as a line of a log, quoted."""


def chosen() -> str:
    """The engine that a new cluster gets."""
    named = os.environ.get(VARIABLE, "")
    return named if named in KNOWN else "docker"


def of(site: Site) -> str:
    """The engine of a sandbox's cluster: the one that it was made with, whatever is chosen now."""
    return site.record.get("engine") or chosen()


def unfit() -> str:
    """Why no cluster can be had of the engine, in words; empty where it answers, or is not installed."""
    named = os.environ.get(VARIABLE, "")
    if named and named not in KNOWN:
        return f"{VARIABLE} names {named}; opskit knows {' and '.join(KNOWN)}."
    engine = chosen()
    if shutil.which(engine) is None:
        return ""
    try:
        run([engine, "info"], deadline=15.0)
    except ToolFailed as error:
        return f"{engine} is installed but does not answer ({_last_line(error)}): {_START[engine]}."
    return ""


def call(site: Site, *arguments: str, deadline: float = 60.0, text: str | None = None) -> str:
    """Run the engine's command of a sandbox; its standard output.

    Raises:
        ToolFailed: it ended with a nonzero exit code, or not in time.
        OpsError: it is not installed, or can't be executed.

    """
    engine = of(site)
    try:
        return run([engine, *arguments], deadline=deadline, text=text)
    except OSError as error:
        raise OpsError(
            f"{engine} can't be executed: {error.strerror}.",
            where=site.name,
            hint=f"the nodes are containers of {engine}: install it again, or put it on PATH.",
        ) from error


def image_hint(site: Site) -> str:
    """What to do where the nodes' image is not there, and can't be pulled."""
    engine = of(site)
    hint = f"load it (`{engine} load -i FILE`), or name one that `{engine} images` shows: --image NAME."
    if engine == "podman":
        return f"{hint} kind looks for a name without a registry at docker.io: write localhost/NAME whole."
    return hint


def name_server_hint(site: Site) -> str:
    """What to do where nodes don't reach one another by name."""
    if of(site) == "docker":
        return "see in dockerd's own log why its name server does not answer, and run the same `up` again."
    return (
        "give podman's networks a name server: `apt-get install netavark aardvark-dns`; where `podman info` "
        'does not say "networkBackend: netavark" then, write network_backend = "netavark" under [network] in '
        "/etc/containers/containers.conf; and run the same `up` again."
    )


def _last_line(error: ToolFailed) -> str:
    lines = [line.strip() for line in error.stderr.splitlines() if line.strip()]
    last = lines[-1] if lines else error.what
    if logged := _LOGGED.fullmatch(last):
        last = logged["told"].replace('\\"', '"')
    return last.removeprefix("Error: ").rstrip(".")
