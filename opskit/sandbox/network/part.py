"""Calico's network as a part of a profile."""

import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

from opskit.sandbox import nodes
from opskit.sandbox.component import Component
from opskit.sandbox.control_plane import api
from opskit.sandbox.crds import create_if_found, create_released
from opskit.sandbox.kube import Json
from opskit.sandbox.kwok_config import exec_in
from opskit.sandbox.network import addresses, bird, fabric, objects
from opskit.sandbox.network.faults import FAULTS
from opskit.sandbox.network.health import ailments
from opskit.sandbox.network.options import NODES, NetworkOptions, block
from opskit.sandbox.part import Part
from opskit.sandbox.pins import program
from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site

STAND_IN = "calico-stand-in"
V3 = addresses.V3


def _components(options: NetworkOptions, _: Sequence[Part[Any]]) -> list[Component]:
    return [
        Component(name="fabric", programs=("ip", "nsenter", "iptables"), prepare=fabric.lay),
        *(_bird(node) for node in NODES),
        Component(
            name="calico-crds",
            crds=("calico",),
            welcome_crds=("network-policy-api",),
            needs=("kube-apiserver",),
            prepare=_create_crds,
            ready=_crds_are_served,
        ),
        Component(
            name="calico-objects",
            needs=("calico-crds", "nodes", "kwok", "kube-controller-manager"),
            settle=partial(_create_objects, options=options),
        ),
        Component(
            name=STAND_IN,
            needs=("calico-objects", "kube-scheduler", *map(bird.name, NODES)),
            command=_stand_in,
            ready=partial(_all_is_reported, shop=options.workloads),
        ),
    ]


def _bird(node: str) -> Component:
    return Component(
        name=bird.name(node),
        programs=("bird",),
        needs=("fabric",),
        prepare=partial(bird.prepare, node=node),
        command=partial(bird.command, node=node),
        ready=partial(bird.runs, node=node),
        mortal=True,
    )


def _stand_in(site: Site) -> Command:
    return Command(argv=(sys.executable, "-m", "opskit.sandbox.network.standin", site.name))


def _create_crds(site: Site) -> None:
    bird.wrappers(site)
    create_released(site, "calico")
    create_if_found(site, "network-policy-api")


def _crds_are_served(site: Site) -> bool:
    served = ("ippools", "tiers", "ipamblocks", "ipamhandles", "blockaffinities", "caliconodestatuses",
              "bgppeers", "bgpconfigurations", "globalnetworkpolicies", "felixconfigurations")  # fmt: skip
    return all(api(site).find(f"{V3}/{plural}") is not None for plural in served)


def _create_objects(site: Site, *, options: NetworkOptions) -> None:
    client = api(site, manager="calico")
    _create_nodes(site, options)
    for each in objects.namespaces(options.workloads):
        client.create("/api/v1/namespaces", each)
    for plural, made in (*objects.network(options), *objects.policies()):
        client.create(f"{V3}/{plural}", made)
    addresses.claim_all(client)
    for node in NODES:
        client.create(f"/api/v1/namespaces/{objects.SYSTEM}/pods", objects.node_pod(node))
    for base, plural, every in (
        ("/apis/networking.k8s.io/v1", "networkpolicies", objects.network_policies(options.workloads)),
        ("/api/v1", "services", objects.services(options.workloads)),
        ("/apis/apps/v1", "deployments", objects.deployments(options.workloads)),
    ):
        for made in every:
            client.create(f"{base}/namespaces/{made['metadata']['namespace']}/{plural}", made)


def _create_nodes(site: Site, options: NetworkOptions) -> None:
    """The nodes beyond the control plane's own, and what calico-node notes on each."""
    client, version = api(site), program("kube-apiserver").version
    for name in NODES:
        if name not in nodes.NODES:
            client.create("/api/v1/nodes", nodes.node(name))
            status = nodes.status(version=version, port=site.port("kwok"))
            client.patch(f"/api/v1/nodes/{name}/status", status)
        client.patch(f"/api/v1/nodes/{name}", objects.node_patch(name, options, block(name)))


def _all_is_reported(site: Site, *, shop: str) -> bool:
    """Sessions are up, reported, and every workload runs with its address recorded."""
    client = api(site)
    reports = client.items(f"{V3}/caliconodestatuses")
    full = {_place(each) for each in client.items("/apis/apps/v1/deployments") if _full(each)}
    ready = all((namespace, name) in full for namespace, name, *_ in objects.workloads(shop))
    reported = all("status" in each and each["status"]["bgp"]["peersV4"] for each in reports)
    return reported and ready and bird.all_established(site, NODES)


def _place(made: Json) -> tuple[str, str]:
    return made["metadata"]["namespace"], made["metadata"]["name"]


def _full(deployment: Json) -> bool:
    return deployment["status"].get("readyReplicas") == deployment["spec"]["replicas"]


def _pods(site: Site) -> list[Json]:
    """`kubectl exec` into a node's calico-node leads into that node's network."""
    return [
        exec_in(
            f"calico-{node}",
            site,
            selector={"matchNamespaces": [objects.SYSTEM], "matchNames": [f"calico-node-{node}"]},
            env={
                "OPSKIT_NETNS": str(fabric.path(site, node)),
                "OPSKIT_BIRD": str(bird.socket(site, node)),
            },
        )
        for node in NODES
    ]


PART = Part(
    name="network",
    disk_mib=50,
    components=_components,
    options=NetworkOptions,
    everything={"reflectors": 2},
    faults=FAULTS,
    ailments=ailments,
    stopped_first=(STAND_IN,),
    remove=fabric.remove,
    needs_root="Each node's BIRD has a network namespace of its own.",
    pods=_pods,
)
"""Real BIRDs in network namespaces; Calico's objects; a stand-in for calico-node and the CNI plug-in."""
