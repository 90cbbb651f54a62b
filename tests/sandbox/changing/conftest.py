"""A real control plane for everything that changes a cluster: etcd, API server, controller manager, kwok."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from changing_lab import Lab

from opskit.sandbox import control_plane
from opskit.sandbox.component import bring_up
from opskit.sandbox.site import Site


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """The servers; ended when the tests have ended."""
    place = Site(f"changing-{os.getpid()}")
    place.make()
    wanted = [
        each
        for each in control_plane.components(control_plane.ControlPlaneOptions(), (control_plane.PART,))
        if each.name != "kube-scheduler"
    ]
    try:
        bring_up(place, wanted)
        yield place
    finally:
        place.processes.stop_all()
        place.remove()


@pytest.fixture
def lab(site: Site, tmp_path: Path) -> Iterator[Lab]:
    """A namespace of its own, and all that a run needs."""
    with Lab(site, tmp_path) as made:
        yield made
