"""A cluster that kind makes, as a part of a profile."""

from collections.abc import Sequence
from typing import Any

from opskit.sandbox.component import Component
from opskit.sandbox.faults import Broken
from opskit.sandbox.kind import cluster, engine
from opskit.sandbox.kind.faults import FAULTS
from opskit.sandbox.kind.options import KindOptions
from opskit.sandbox.part import Part


def _components(_: KindOptions, __: Sequence[Part[Any]]) -> list[Component]:
    return [
        Component(name="cluster", programs=("kind", "kubectl", engine.chosen()), settle=cluster.create),
        Component(
            name="nodes", needs=("cluster",), ready=lambda site: not cluster.ailments(site), deadline=300.0
        ),
    ]


def _ailments(sandbox: Broken) -> list[str]:
    return cluster.ailments(sandbox.site)


PART = Part(
    name="kind",
    disk_mib=2000,
    components=_components,
    options=KindOptions,
    faults=FAULTS,
    ailments=_ailments,
    outside=cluster.nodes,
    stands=cluster.stands,
    remove=cluster.delete,
    unfit=engine.unfit,
)
"""A cluster that kind makes."""
