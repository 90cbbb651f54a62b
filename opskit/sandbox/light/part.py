"""Ceph as Rook shows it, as a part of a profile."""

from collections.abc import Sequence
from typing import Any

from opskit.sandbox.component import Component
from opskit.sandbox.kube import Json
from opskit.sandbox.light import ceph, ceph_files, health, rook
from opskit.sandbox.light.faults import FAULTS
from opskit.sandbox.light.options import LightOptions
from opskit.sandbox.part import Part
from opskit.sandbox.rados import close_shared
from opskit.sandbox.rook_standin.objects import NAMESPACE
from opskit.sandbox.site import Site


def _components(options: LightOptions, _: Sequence[Part[Any]]) -> list[Component]:
    return [*ceph.components(options), *rook.components(options)]


def _release(site: Site) -> None:
    close_shared(ceph_files.conf(site))


def _scrapes(site: Site) -> list[Json]:
    labels = {"namespace": NAMESPACE, "service": "rook-ceph-mgr", "cluster": NAMESPACE}
    target = {"targets": [f"127.0.0.1:{site.port('mgr-metrics')}"], "labels": labels}
    return [{"job_name": "rook-ceph-mgr", "honor_labels": True, "static_configs": [target]}]


PART = Part(
    name="ceph",
    disk_mib=400,
    components=_components,
    options=LightOptions,
    everything={"mons": 3, "mds": True, "rgw": True},
    faults=FAULTS,
    ailments=health.ailments,
    stopped_first=(rook.STAND_IN,),
    release=_release,
    pods=rook.pods,
    scrapes=_scrapes,
    keeps_nodes=True,
)
"""Real Ceph daemons, and a stand-in for Rook's operator."""
