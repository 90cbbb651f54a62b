"""The sandbox that tests share: one that is up already, or one of their own."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from opskit.sandbox import Sandbox

LENT = os.environ.get("OPSKIT_TEST_SANDBOX", "")
"""The name of one that is up, to be used and left up."""


@contextmanager
def sandbox_of(profile: str, name: str, **options: Any) -> Generator[Sandbox]:
    """The sandbox that `OPSKIT_TEST_SANDBOX` names; else one that is brought up, and taken down at the end.

    Args:
        profile: of the one that is brought up.
        name: of the one that is brought up, before the process's number.
        options: of the one that is brought up.

    """
    if LENT:
        yield Sandbox.attach(LENT)
        return
    name = f"{name}-{os.getpid()}"
    try:
        yield Sandbox.up(profile=profile, name=name, **options)
    finally:
        # Also where it did not come up.
        Sandbox(name).down()
