"""A kubeadm cluster, as a part of a profile."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from opskit.sandbox.component import Component
from opskit.sandbox.kubeadm import (
    cgroups,
    cluster,
    health,
    host_network,
    host_tools,
    images,
    load_balancer,
    machine,
    ssh,
    sysctls,
)
from opskit.sandbox.kubeadm.faults import FAULTS
from opskit.sandbox.kubeadm.layout import Node, nodes, options
from opskit.sandbox.kubeadm.options import KubeadmOptions
from opskit.sandbox.kubeadm.release import CURRENT, PREVIOUS, Release
from opskit.sandbox.part import Part
from opskit.sandbox.site import Site


def _components(chosen: KubeadmOptions, _: Sequence[Part[Any]]) -> list[Component]:
    control_planes = [f"cp{number + 1}" for number in range(chosen.control_planes)]
    workers = [f"w{number + 1}" for number in range(chosen.workers)]
    release = PREVIOUS if chosen.previous else CURRENT
    members = _members(control_planes, workers)
    return [
        Component(name="host", prepare=_make_host),
        Component(name="images", programs=_programs(chosen), prepare=partial(_make_images, release=release)),
        Component(
            name="load-balancer",
            needs=("host",),
            prepare=load_balancer.write_config,
            command=load_balancer.command,
        ),
        *(_machine(name, release) for name in control_planes + workers),
        *(
            Component(name=f"images.{name}", needs=(f"node.{name}",), settle=partial(_load, name=name))
            for name in control_planes + workers
        ),
        *members,
        Component(name="host-tools", needs=(members[0].name,), settle=host_tools.deploy),
        Component(
            name="cluster",
            needs=("host-tools", *(each.name for each in members)),
            ready=lambda site: not health.ailments_of(site),
            deadline=300.0,
        ),
    ]


def _programs(chosen: KubeadmOptions) -> tuple[str, ...]:
    both = (*CURRENT.programs, *PREVIOUS.programs)
    return tuple(dict.fromkeys(both)) if chosen.previous else CURRENT.programs


def _machine(name: str, release: Release) -> Component:
    """A node's process: switched on, and plugged in."""
    return Component(
        name=f"node.{name}",
        needs=("host", "images"),
        prepare=partial(_prepare, name=name, release=release),
        command=lambda site: machine.command(_node(site, name)),
        ready=lambda site: machine.is_on(_node(site, name)),
        settle=lambda site: machine.connect(_node(site, name)),
        mortal=True,
    )


def _members(control_planes: Sequence[str], workers: Sequence[str]) -> list[Component]:
    """One run of kubeadm each: control planes in turn, for etcd takes in one learner at a time."""
    first, *others = control_planes
    found = [
        Component(
            name=f"kubeadm.{first}",
            needs=("load-balancer", f"images.{first}"),
            settle=lambda site: cluster.init(_node(site, first), _release(site)),
        )
    ]
    before = first
    for name in others:
        found.append(_joined(name, before))
        before = name
    return found + [_joined(name, first) for name in workers]


def _joined(name: str, before: str) -> Component:
    return Component(
        name=f"kubeadm.{name}",
        needs=(f"kubeadm.{before}", f"images.{name}"),
        settle=lambda site: cluster.join(_node(site, name)),
    )


def _node(site: Site, name: str) -> Node:
    return next(node for node in nodes(site) if node.name == name)


def _release(site: Site) -> Release:
    return PREVIOUS if options(site).previous else CURRENT


def _make_host(site: Site) -> None:
    sysctls.take(site)
    host_network.make(site)
    ssh.make_keys(site)


def _make_images(site: Site, *, release: Release) -> None:
    images.note(site, images.build(release))


def _prepare(site: Site, *, name: str, release: Release) -> None:
    pause = next(each for each in images.built(site) if images.last_name(each) == "pause")
    machine.prepare(_node(site, name), release, pause)


def _load(site: Site, *, name: str) -> None:
    machine.load(_node(site, name), images.built(site))


def _remove(site: Site) -> None:
    """What lies outside of the site's folders; without a network of its own, nothing was made."""
    if (site.state / "network.json").exists():
        host_network.remove(site)
        cgroups.remove_all(site)
    sysctls.give_back(site)


PART = Part(
    name="kubeadm",
    disk_mib=2000,
    components=_components,
    options=KubeadmOptions,
    everything={"previous": True},
    faults=FAULTS,
    ailments=health.ailments,
    release=health.forget_connections,
    remove=_remove,
    needs_root="Nodes are made of network, mount and PID namespaces and of cgroups.",
    unfit=cgroups.unfit,
)
"""A cluster made by kubeadm itself."""
