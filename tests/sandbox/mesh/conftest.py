"""A real istiod, real Envoys and a small shop behind them."""

from collections.abc import Generator

import pytest

from opskit.sandbox import Sandbox
from tests.lent import sandbox_of


@pytest.fixture(scope="module")
def mesh() -> Generator[Sandbox]:
    """One for each module: what one breaks, the other need not see healed."""
    with sandbox_of("mesh", "mesh") as sandbox:
        yield sandbox
