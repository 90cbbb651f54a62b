"""Facts of recorded states and of small Kubernetes objects, for the tables of this folder."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from opskit.core.findings import Finding
from opskit.systems.rook import facts as rook_facts
from opskit.systems.rook.facts import Facts

from .replay import cluster


@pytest.fixture
def recorded() -> Callable[..., Facts]:
    """Facts of a recorded state; keyword arguments replace parts."""

    def read(state: str, **parts: Any) -> Facts:
        facts = rook_facts.read(cluster(state))
        values = {name: getattr(facts, name) for name in Facts.__struct_fields__} | parts
        return Facts(**values)

    return read


def of(kind: type[Any], **body: Any) -> Any:
    """A Kubernetes object as the API server would send it."""
    return msgspec.convert(body, kind)


def codes(findings: list[Finding]) -> list[str]:
    """The findings' codes without their system."""
    return [finding.code.removeprefix("rook/") for finding in findings]
