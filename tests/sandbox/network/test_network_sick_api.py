"""A sick way to the API server that Calico's objects are on."""

from pathlib import Path

import pytest

from opskit.sandbox import Sandbox
from tests import sick_way

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]


def test_kubectl_fails_now_and_then_and_opskit_gets_through(
    network: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sick_way.goes_in_and_out(network, tmp_path, monkeypatch)
