"""Operators, OLM, OpenShift and a real etcd, as a part of a profile."""

from collections.abc import Sequence
from typing import Any

from opskit.sandbox.binaries import require
from opskit.sandbox.component import Component
from opskit.sandbox.kube import Json
from opskit.sandbox.kwok_config import exec_in
from opskit.sandbox.part import NoOptions, Part
from opskit.sandbox.platform import crds, databases, health, olm, openshift
from opskit.sandbox.platform.clusters import AGED, FLAVOURS, LARGEST
from opskit.sandbox.platform.faults import FAULTS
from opskit.sandbox.platform.webhook import WEBHOOK, python_module, webhook_command
from opskit.sandbox.platform_standin.etcd_members import client_url
from opskit.sandbox.site import Site

STAND_IN = "platform-stand-in"


def _components(_: NoOptions, __: Sequence[Part[Any]]) -> list[Component]:
    return [
        Component(
            name="platform-crds",
            welcome_crds=crds.PROJECTS,
            needs=("kube-apiserver",),
            prepare=crds.create,
            ready=crds.served,
        ),
        Component(
            name=WEBHOOK,
            needs=("platform-crds",),
            command=webhook_command,
        ),
        Component(name="platform-openshift", needs=("platform-crds", "nodes"), settle=openshift.populate),
        Component(name="platform-olm", needs=("platform-crds",), settle=olm.populate),
        Component(name="platform-databases", needs=("platform-crds", "nodes"), settle=databases.populate),
        Component(
            name=STAND_IN,
            programs=("etcd", "etcd-previous", "etcdctl"),
            needs=(
                "platform-databases",
                "platform-openshift",
                "platform-olm",
                "kwok",
                "kube-scheduler",
                WEBHOOK,
            ),
            prepare=_link_etcdctl,
            command=lambda site: python_module("opskit.sandbox.platform_standin", site),
            ready=lambda site: all(health.etcd_is_whole(site, each) for each in FLAVOURS),
        ),
    ]


def _link_etcdctl(site: Site) -> None:
    """What `kubectl exec … etcdctl` finds: exec leads to this machine."""
    link = site.folder("bin") / "etcdctl"
    if not link.is_symlink():
        link.symlink_to(require("etcdctl"))


def _pods(site: Site) -> list[Json]:
    """In each member's pod etcdctl asks that member, as it does in a container of its own."""
    return [
        exec_in(
            f"etcd-{namespace}-{name}-{number}",
            site,
            selector={"matchNamespaces": [namespace], "matchNames": [f"{name}-{number}"]},
            env={"ETCDCTL_ENDPOINTS": client_url(site, namespace, f"{name}-{number}")},
        )
        for namespace, name in (*((each.namespace, each.name) for each in FLAVOURS), AGED)
        for number in range(LARGEST)
    ]


PART = Part(
    name="platform",
    disk_mib=600,
    components=_components,
    options=NoOptions,
    faults=FAULTS,
    ailments=health.ailments,
    stopped_first=(STAND_IN,),
    pods=_pods,
)
"""Operators' custom resources, OLM and OpenShift; a real etcd behind EtcdCluster."""
