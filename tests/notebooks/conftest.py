"""Golden notebooks are run in an environment of their own, without the clusters of who runs the tests."""

import os
from collections.abc import Generator
from pathlib import Path
from unittest import mock

import goldens
import pytest
from nbval.plugin import IPyNbCell


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Start the kernel, which happens before a notebook's first cell, in that environment."""
    if not isinstance(item, IPyNbCell):
        return (yield)
    folder: Path = item.config._tmp_path_factory.getbasetemp() / "golden"  # type: ignore[attr-defined]
    folder.mkdir(exist_ok=True)
    with mock.patch.dict(os.environ, goldens.environment(folder)):
        return (yield)
