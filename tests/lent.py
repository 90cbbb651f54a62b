"""The sandbox that tests share: one that is up already, or one of their own."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

from opskit.sandbox import Sandbox
from opskit.sandbox.profiles import PROFILES

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
    with own_sandbox(profile, f"{name}-{os.getpid()}", **options) as made:
        yield made


@contextmanager
def own_sandbox(profile: str, name: str, **options: Any) -> Generator[Sandbox]:
    """One that nothing else uses, taken down at the end; skipped where only root can have it."""
    if os.geteuid() != 0 and (why := PROFILES[profile].needs_root):
        pytest.skip(why)
    try:
        yield Sandbox.up(profile=profile, name=name, **options)
    finally:
        # Also where it did not come up.
        Sandbox(name).down()
