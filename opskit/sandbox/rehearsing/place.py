"""The sandbox of a rehearsal: lent, or made for it."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from opskit.core.errors import Refused
from opskit.runner.contract import Runbook
from opskit.sandbox.rehearsing.scene import Scene
from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.site import sandbox_names

Say = Callable[[str], None]


@contextmanager
def place(runbook: Runbook, scene: Scene, *, name: str, keep: bool, say: Say) -> Generator[Sandbox]:
    """A sandbox that is up: lent, and mended afterwards; or made for this, and taken down."""
    if name in sandbox_names():
        sandbox = Sandbox.attach(name)
        if runbook.system not in sandbox.profile.systems:
            raise Refused(
                f"The sandbox {name!r} is a {sandbox.profile.name}, without {runbook.system}.",
                where=str(sandbox.site.state),
                hint=f"leave --name out, or name one of the profile {scene.profile}.",
            )
        say(f"Using the sandbox {name!r}, which stays up.")
        try:
            yield sandbox
        finally:
            say("Mending what was broken.")
            try:
                scene.mend(sandbox)
            finally:
                sandbox.heal()
        return
    sandbox = Sandbox(name or f"rehearse-{runbook.system}")
    say(f"Bringing up the profile {scene.profile} as {sandbox.name!r}.")
    try:
        sandbox.start(scene.profile, {}, lambda name, state, seconds: _tell(say, name, state, seconds))
        yield sandbox
    finally:
        if keep:
            say(f"{sandbox.name} stays up: `opskit sandbox down --name {sandbox.name}`.")
        else:
            sandbox.down()
            say(f"{sandbox.name} is down.")


def _tell(say: Say, name: str, state: str, seconds: float) -> None:
    if state != "starting":
        say(f"{seconds:6.1f} s  {name} {state}")
