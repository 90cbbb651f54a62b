"""etcd, kube-apiserver, controller-manager, scheduler and kwok: no root, TLS throughout."""

import base64
import os
import socket
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec

from opskit.core.errors import BadValue
from opskit.sandbox import kwok_config, nodes
from opskit.sandbox.binaries import require
from opskit.sandbox.component import Component
from opskit.sandbox.files import write_json
from opskit.sandbox.kube import KubeApi
from opskit.sandbox.part import Part
from opskit.sandbox.pins import program
from opskit.sandbox.pki import Authority, key_pair
from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site

ADDRESS = "127.0.0.1"
_NOWHERE = "192.0.2.1"
"""What the Service `kubernetes` leads to: no loopback address may be advertised, and without an address the
API server looks for the machine's default route, which need not be there."""
_LEASE_SECONDS = 40
_USERS = {
    "admin": ("sandbox-admin", ("system:masters",)),
    "controller-manager": ("system:kube-controller-manager", ()),
    "scheduler": ("system:kube-scheduler", ()),
    "kwok": ("kwok", ("system:masters",)),
    "rook": ("system:serviceaccount:rook-ceph:rook-ceph-system", ("system:masters",)),
    "kubelet": ("kubelet-stand-in", ("system:masters",)),
}


class ControlPlaneOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What can be chosen of the control plane."""

    crds: str = ""
    """A folder with released CRDs, one folder a project (`rook`, `calico` …); what is not there is looked for
    in OPSKIT_CRDS, in a `shared/crds` beside the checkout, and in what `opskit sandbox build` got."""

    def checked(self) -> "ControlPlaneOptions":
        """Itself, if the folder is there.

        Raises:
            BadValue: it is not.

        """
        if self.crds and not Path(self.crds).is_dir():
            raise BadValue(
                "There is no such folder.",
                where=f"--crds {self.crds}",
                hint="name one that holds a folder a project, as `rook/`, or leave --crds out: "
                "`opskit sandbox build` gets released CRDs.",
            )
        return self


def components(_: ControlPlaneOptions, parts: Sequence[Part[Any]]) -> list[Component]:
    """The control plane's components."""
    return [
        Component(name="certificates", prepare=_write_certificates),
        Component(
            name="etcd",
            programs=("etcd",),
            needs=("certificates",),
            command=_etcd,
            ready=lambda site: "ready to serve client requests" in _log(site, "etcd"),
        ),
        Component(
            name="kube-apiserver",
            programs=("kube-apiserver", "kubectl"),
            needs=("etcd", *(name for part in parts for name in part.apiserver_needs)),
            command=partial(_apiserver, parts=parts),
            ready=lambda site: api(site).ready(),
        ),
        Component(
            name="kube-controller-manager",
            programs=("kube-controller-manager",),
            needs=("kube-apiserver",),
            command=_controller_manager,
            ready=lambda site: (
                api(site).find("/api/v1/namespaces/default/serviceaccounts/default") is not None
            ),
        ),
        Component(
            name="kube-scheduler",
            programs=("kube-scheduler",),
            needs=("kube-apiserver",),
            command=_scheduler,
            ready=lambda site: _listens(site, "kube-scheduler"),
        ),
        Component(
            name="kwok",
            programs=("kwok",),
            needs=("kube-apiserver", "kwok-crds"),
            prepare=partial(kwok_config.write, parts=parts),
            command=partial(_kwok, lease_seconds=0 if _kept(parts) else _LEASE_SECONDS),
            ready=lambda site: _listens(site, "kwok"),
        ),
        Component(name="kwok-crds", needs=("kube-apiserver",), settle=_create_kwok_crd),
        Component(
            name="nodes", needs=("kube-apiserver",), settle=partial(_create_nodes, ready=not _kept(parts))
        ),
    ]


def _kept(parts: Sequence[Part[Any]]) -> bool:
    """Whether a part renews the nodes' leases itself."""
    return any(part.keeps_nodes for part in parts)


def server(site: Site) -> str:
    """The API server's URL."""
    return site.record.get("server") or f"https://{ADDRESS}:{site.port('kube-apiserver')}"


def api(site: Site, *, user: str = "admin", manager: str = "opskit-sandbox") -> KubeApi:
    """A client of the API server: one for each user, so that its connections are kept."""
    return _client(server(site), site.folder("pki"), user, manager)


@cache
def _client(where: str, pki: Path, user: str, manager: str) -> KubeApi:
    return KubeApi(where, pki=pki, user=user, manager=manager)


def kubeconfig(site: Site, user: str) -> dict[str, object]:
    """A kubeconfig with everything inside it, for one of the certificates."""
    pki = site.folder("pki")

    def data(name: str) -> str:
        return base64.b64encode((pki / name).read_bytes()).decode()

    who = {"client-certificate-data": data(f"{user}.crt"), "client-key-data": data(f"{user}.key")}
    return assemble_kubeconfig(site, user=who)


def assemble_kubeconfig(site: Site, *, user: dict[str, str]) -> dict[str, object]:
    """A kubeconfig for any credential, with one context named after the sandbox."""
    authority = base64.b64encode((site.folder("pki") / "ca.crt").read_bytes()).decode()
    name = context_name(site)
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": name, "cluster": {"server": server(site), "certificate-authority-data": authority}}
        ],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }


def context_name(site: Site) -> str:
    """The kubeconfig context, e.g. `opskit-light`."""
    return f"opskit-{site.name}"


def _write_certificates(site: Site) -> None:
    pki = site.folder("pki")
    authority = Authority(pki, name=f"opskit sandbox {site.name}")
    hosts = ("localhost", ADDRESS, "10.96.0.1", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
    authority.issue("server", subject="kube-apiserver", hosts=hosts)
    authority.issue("etcd", subject="etcd", hosts=("localhost", ADDRESS))
    authority.issue("kubelet-server", subject="kwok", hosts=("localhost", ADDRESS))
    authority.issue("apiserver-client", subject="kube-apiserver", groups=("system:masters",))
    for name, (subject, groups) in _USERS.items():
        authority.issue(name, subject=subject, groups=groups)
        write_json(site.state / f"{name}.kubeconfig", kubeconfig(site, name))
    (site.state / "admin.kubeconfig").replace(site.state / "kubeconfig")
    key_pair(pki, "service-accounts")


def _lavish(mebibytes: int) -> dict[str, str]:
    """Collect garbage late until so much memory is used: it takes a quarter off the time to start."""
    return {"GOGC": "400", "GOMEMLIMIT": f"{mebibytes}MiB"}


def _etcd(site: Site) -> Command:
    pki = site.folder("pki")
    client, peer = (f"https://{ADDRESS}:{site.port(name)}" for name in ("etcd", "etcd-peer"))
    tls = (f"--cert-file={pki}/etcd.crt", f"--key-file={pki}/etcd.key", f"--trusted-ca-file={pki}/ca.crt")
    peer_tls = tuple(flag.replace("--", "--peer-", 1) for flag in tls)
    return Command(
        argv=(
            require("etcd"),
            f"--data-dir={site.folder('etcd')}",
            "--unsafe-no-fsync",
            "--client-cert-auth",
            "--peer-client-cert-auth",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            *tls,
            *peer_tls,
        ),
        env=_lavish(100),
    )


def _apiserver(site: Site, *, parts: Sequence[Part[Any]]) -> Command:
    pki = site.folder("pki")
    return Command(
        argv=(
            require("kube-apiserver"),
            f"--etcd-servers=https://{ADDRESS}:{site.port('etcd')}",
            f"--etcd-cafile={pki}/ca.crt",
            f"--etcd-certfile={pki}/apiserver-client.crt",
            f"--etcd-keyfile={pki}/apiserver-client.key",
            f"--bind-address={ADDRESS}",
            f"--advertise-address={_NOWHERE}",
            f"--secure-port={site.port('kube-apiserver')}",
            f"--tls-cert-file={pki}/server.crt",
            f"--tls-private-key-file={pki}/server.key",
            f"--client-ca-file={pki}/ca.crt",
            f"--kubelet-certificate-authority={pki}/ca.crt",
            f"--kubelet-client-certificate={pki}/apiserver-client.crt",
            f"--kubelet-client-key={pki}/apiserver-client.key",
            "--kubelet-preferred-address-types=InternalIP",
            "--authorization-mode=RBAC",
            "--allow-privileged",
            "--service-cluster-ip-range=10.96.0.0/16",
            f"--service-account-key-file={pki}/service-accounts.pub",
            f"--service-account-signing-key-file={pki}/service-accounts.key",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--max-requests-inflight=1000",
            *(flag for part in parts for flag in part.apiserver_flags(site)),
        ),
        # With the CRDs of all systems, what is in use is more than a small limit: it would collect for ever.
        env=_lavish(max(450, 100 * len(parts))),
    )


def _controller_manager(site: Site) -> Command:
    pki = site.folder("pki")
    return Command(
        argv=(
            require("kube-controller-manager"),
            f"--kubeconfig={site.state}/controller-manager.kubeconfig",
            "--use-service-account-credentials",
            f"--service-account-private-key-file={pki}/service-accounts.key",
            f"--root-ca-file={pki}/ca.crt",
            "--leader-elect=false",
            f"--bind-address={ADDRESS}",
            f"--secure-port={site.port('kube-controller-manager')}",
            f"--cert-dir={site.folder('pki')}",
            "--node-monitor-period=2s",
            "--node-monitor-grace-period=12s",
        ),
        env=_lavish(130),
    )


def _scheduler(site: Site) -> Command:
    return Command(
        argv=(
            require("kube-scheduler"),
            f"--kubeconfig={site.state}/scheduler.kubeconfig",
            "--leader-elect=false",
            f"--bind-address={ADDRESS}",
            f"--secure-port={site.port('kube-scheduler')}",
            f"--cert-dir={site.folder('pki')}",
        )
    )


def _kwok(site: Site, *, lease_seconds: int) -> Command:
    pki, port = site.folder("pki"), site.port("kwok")
    return Command(
        argv=(
            require("kwok"),
            f"--kubeconfig={site.state}/kwok.kubeconfig",
            "--manage-all-nodes=true",
            f"--node-lease-duration-seconds={lease_seconds}",
            "--enable-crds=Logs",
            f"--node-ip={ADDRESS}",
            f"--node-port={port}",
            f"--server-address={ADDRESS}:{port}",
            f"--tls-cert-file={pki}/kubelet-server.crt",
            f"--tls-private-key-file={pki}/kubelet-server.key",
            f"--config={site.state}/kwok.yaml",
        ),
        # What `kubectl exec` finds besides the programs of this machine.
        env={"PATH": f"{site.folder('bin')}{os.pathsep}{os.environ.get('PATH', os.defpath)}"},
    )


def _log(site: Site, name: str) -> str:
    try:
        return site.processes.log(name).read_text(errors="replace")
    except FileNotFoundError:
        return ""


def _create_nodes(site: Site, *, ready: bool) -> None:
    client = api(site)
    for name in nodes.NODES:
        client.create("/api/v1/nodes", nodes.node(name))
        if ready:
            version = program("kube-apiserver").version
            status = nodes.status(version=version, port=site.port("kwok"))
            client.patch(f"/api/v1/nodes/{name}/status", status)


def _create_kwok_crd(site: Site) -> None:
    api(site).create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", kwok_config.crd())


def _listens(site: Site, port: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((ADDRESS, site.port(port))) == 0


PART = Part(name="control-plane", components=components, options=ControlPlaneOptions, disk_mib=200)
"""A real control plane, and kwok for its nodes and pods."""
