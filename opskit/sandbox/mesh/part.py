"""The mesh as a part of a profile."""

from collections.abc import Sequence
from typing import Any

import msgspec

from opskit.core.errors import BadValue
from opskit.sandbox.component import Component
from opskit.sandbox.mesh import health, istiod, metrics, network, objects, pods, proxies, rules, tracing
from opskit.sandbox.mesh.faults import FAULTS
from opskit.sandbox.part import Part

_FASTEST = 50.0


class MeshOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What can be chosen of the mesh."""

    rate: float = 20.0
    """Requests a second that clients outside ask the gateway for, at most 50; 0 is none."""
    tracing: bool = True
    """Jaeger, to which the Envoys send one trace of ten requests."""

    def checked(self) -> "MeshOptions":
        """Itself, if the load is bounded.

        Raises:
            BadValue: it is not.

        """
        if not 0 <= self.rate <= _FASTEST:
            raise BadValue(f"{self.rate:g} requests a second.", where="rate", hint="choose 0 to 50.")
        return self


def components(options: MeshOptions, _: Sequence[Part[Any]]) -> list[Component]:
    """Everything of the mesh."""
    return [
        *objects.components(),
        *istiod.components(),
        *proxies.components(options.rate),
        *rules.components(),
        *(tracing.components() if options.tracing else ()),
    ]


PART = Part(
    name="mesh",
    disk_mib=100,
    components=components,
    options=MeshOptions,
    faults=FAULTS,
    ailments=health.ailments,
    stopped_first=(proxies.LOAD, proxies.BATCH_LOAD),
    remove=network.remove,
    needs_root="each pod has a network namespace of its own, whose traffic is captured as Istio does it",
    pods=pods.documents,
    scrapes=metrics.scrapes,
)
"""Istio, with Envoys, mTLS and a shop of real services."""
