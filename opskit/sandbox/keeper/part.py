"""The keeper as a part of a profile."""

import sys
from collections.abc import Sequence
from typing import Any

from opskit.sandbox.component import Component
from opskit.sandbox.part import NoOptions, Part
from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site

PROCESS = "kubelet-stand-in"


def components(_: NoOptions, __: Sequence[Part[Any]]) -> list[Component]:
    """The keeper's process."""
    needs = ("kube-apiserver", "kwok-crds", "nodes")
    return [Component(name=PROCESS, needs=needs, command=_keeper)]


def _keeper(site: Site) -> Command:
    return Command(argv=(sys.executable, "-m", "opskit.sandbox.keeper", site.name))


PART = Part(name="keeper", components=components, options=NoOptions, stopped_first=(PROCESS,))
"""The kubelet stand-in for pods whose daemon is a process."""
