"""Dex on HTTPS, with the directory as its connector, and its state in Kubernetes."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from opskit.sandbox.binaries import require
from opskit.sandbox.component import Component
from opskit.sandbox.control_plane import api, assemble_kubeconfig
from opskit.sandbox.crds import create_if_found
from opskit.sandbox.files import private_folder, write_json, write_private
from opskit.sandbox.keeper.annotations import annotations
from opskit.sandbox.keeper.commands import remembered
from opskit.sandbox.keeper.probing import answers
from opskit.sandbox.kube import Json
from opskit.sandbox.kwok_config import forward_to
from opskit.sandbox.part import NoOptions, Part
from opskit.sandbox.pins import program
from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site
from opskit.sandbox.trust import authentication, openldap
from opskit.sandbox.trust.addresses import PORTS, host, pod_address, where
from opskit.sandbox.trust.authority import CERTIFICATES, bundle, folder
from opskit.sandbox.trust.objects import Workload, apply_all, deployment, named, namespace, service
from opskit.sandbox.trust.people import BIND_DN, GROUPS_BASE, PEOPLE_BASE

NAMESPACE: Final = "dex"
PROCESS: Final = "dex"
CALLBACK: Final = "http://localhost:8000"
"""Where kubelogin waits for the code."""
_WEB = Path(__file__).with_name("dex_web")
_RBAC, _GROUP = "rbac.authorization.k8s.io/v1", "rbac.authorization.k8s.io"
_YEAR = 31_536_000


def components(_: NoOptions, __: Sequence[Part[Any]]) -> list[Component]:
    """Dex, its configuration and rights, and what people's groups may do."""
    return [
        Component(name="authentication", needs=(CERTIFICATES.name,), prepare=authentication.write),
        Component(
            name="dex-crds",
            welcome_crds=("dex",),
            needs=("kube-apiserver",),
            prepare=_create_crds,
            ready=_crds_are_served,
        ),
        Component(name="dex-objects", needs=("dex-crds",), settle=_create_objects),
        Component(
            name=PROCESS,
            programs=("dex",),
            needs=("dex-crds", "dex-objects", openldap.PROCESS),
            prepare=_write_files,
            command=remembered(PROCESS, _serve),
            ready=lambda site: answers(f"{authentication.issuer(site)}/.well-known/openid-configuration"),
            mortal=True,
        ),
    ]


def _create_crds(site: Site) -> None:
    """Dex 2.13 itself asks for CRDs of an API version that is gone: they must be there before it starts."""
    if create_if_found(site, "dex"):
        (site.state / "dex-crds").touch()


def _stored_in_kubernetes(site: Site) -> bool:
    return (site.state / "dex-crds").exists()


def _crds_are_served(site: Site) -> bool:
    served = "/apis/dex.coreos.com/v1/offlinesessionses"
    return not _stored_in_kubernetes(site) or api(site).find(served) is not None


def configuration(site: Site, *, groups_base: str = GROUPS_BASE, root_ca: str = "") -> Json:
    """Dex's own configuration, as it lies in the ConfigMap: passwords come from the environment.

    Args:
        site: the sandbox.
        groups_base: where groups are searched; the right place by default.
        root_ca: path of the CA that the directory must be signed by; the right one by default.

    """
    pki = folder(site)
    tls = {"tlsCert": f"{pki}/dex.crt", "tlsKey": f"{pki}/dex.key"}
    storage: Json = {"type": "memory"}
    if _stored_in_kubernetes(site):
        storage = {"type": "kubernetes", "config": {"kubeConfigFile": f"{site.state}/dex.kubeconfig"}}
    client = {
        "id": authentication.CLIENT,
        "name": "kubectl",
        "public": True,
        "redirectURIs": [CALLBACK],
    }
    return {
        "issuer": authentication.issuer(site),
        "storage": storage,
        "web": {"https": where(site, "dex"), **tls},
        "grpc": {"addr": where(site, "dex", port="dex-grpc"), "tlsClientCA": f"{pki}/ca.crt", **tls},
        "telemetry": {"http": where(site, "dex", port="dex-telemetry")},
        "expiry": {"idTokens": "1h", "signingKeys": "6h"},
        "logger": {"level": "info", "format": "json"},
        "frontend": {"dir": str(site.folder("dex") / "web"), "theme": "sandbox", "issuer": "sandbox"},
        "oauth2": {"skipApprovalScreen": True},
        "staticClients": [client],
        "connectors": [_connector(site, groups_base, root_ca or f"{pki}/ca.crt")],
    }


def _connector(site: Site, groups_base: str, root_ca: str) -> Json:
    settings = {
        "host": where(site, "openldap"),
        "rootCA": root_ca,
        "bindDN": BIND_DN,
        "bindPW": "$LDAP_BIND_PASSWORD",
        "userSearch": {
            "baseDN": PEOPLE_BASE,
            "filter": "(objectClass=person)",
            "username": "uid",
            "idAttr": "uid",
            "emailAttr": "mail",
            "nameAttr": "cn",
        },
        "groupSearch": {
            "baseDN": groups_base,
            "filter": "(objectClass=groupOfNames)",
            "userAttr": "DN",
            "groupAttr": "member",
            "nameAttr": "cn",
        },
    }
    return {"type": "ldap", "id": "ldap", "name": "LDAP", "config": settings}


def _write_files(site: Site) -> None:
    own = site.folder("dex")
    for name in ("static", "themes/sandbox"):
        private_folder(own / "web" / name)
    shutil.copytree(_WEB / "templates", own / "web" / "templates", dirs_exist_ok=True)
    write_private(own / "config.yaml", msgspec.yaml.encode(configuration(site)))


def configure(site: Site, **wrong: str) -> None:
    """Write the configuration, for Dex's next start, with what is wrong in it."""
    found = msgspec.yaml.encode(configuration(site, **wrong))
    write_private(site.folder("dex") / "config.yaml", found)
    apply_all(api(site), [_config_map(found.decode())])


def _config_map(text: str) -> Json:
    return named("ConfigMap", "dex", namespace=NAMESPACE, data={"config.yaml": text})


def _serve(site: Site) -> Command:
    environment = {"LDAP_BIND_PASSWORD": openldap.passwords(site)["dex"]}
    return Command(argv=(require("dex"), "serve", f"{site.folder('dex')}/config.yaml"), env=environment)


def _create_objects(site: Site) -> None:
    work = _workload(site)
    subject = [{"kind": "ServiceAccount", "name": "dex", "namespace": NAMESPACE}]
    rules = [{"apiGroups": ["dex.coreos.com"], "resources": ["*"], "verbs": ["*"]}]
    role = {"apiGroup": _GROUP, "kind": "Role", "name": "dex"}
    text = msgspec.yaml.encode(configuration(site)).decode()
    objects = [
        namespace(NAMESPACE),
        named("ServiceAccount", "dex", namespace=NAMESPACE),
        named("Role", "dex", namespace=NAMESPACE, api=_RBAC, rules=rules),
        named("RoleBinding", "dex", namespace=NAMESPACE, api=_RBAC, subjects=subject, roleRef=role),
        _config_map(text),
        named("ConfigMap", "ldap-ca", namespace=NAMESPACE, data={"ca.crt": bundle(site)}),
        named(
            "Secret",
            "dex-ldap",
            namespace=NAMESPACE,
            stringData={"password": openldap.passwords(site)["dex"]},
        ),
        service("dex", namespace=NAMESPACE, selector=work.labels, ports=work.ports),
        deployment(work),
        _apiserver_pod(site),
        *_group_rights(),
    ]
    apply_all(api(site), objects)
    _write_kubeconfig(site)


def _workload(site: Site) -> Workload:
    version = f"v{program('dex').version}"
    reference = {"secretKeyRef": {"name": "dex-ldap", "key": "password"}}
    return Workload(
        name="dex",
        namespace=NAMESPACE,
        image=f"ghcr.io/dexidp/dex:{version}",
        daemon=PROCESS,
        probe=f"{authentication.issuer(site)}/healthz",
        address=pod_address("dex"),
        ports={"https": PORTS["dex"], "grpc": PORTS["dex-grpc"], "telemetry": PORTS["dex-telemetry"]},
        args=("dex", "serve", "/etc/dex/config.yaml"),
        volumes=({"name": "dex", "configMap": {"name": "dex"}},),
        env=({"name": "LDAP_BIND_PASSWORD", "valueFrom": reference},),
        service_account="dex",
        version=version,
    )


def _apiserver_pod(site: Site) -> Json:
    """The API server's pod, as a kubelet mirrors a static one: its flags, and behind it its log."""
    marks = annotations(
        "kube-apiserver",
        probe=f"tcp://127.0.0.1:{site.port('kube-apiserver')}",
        address="10.244.83.10",
    )
    container = {
        "name": "kube-apiserver",
        "image": f"registry.k8s.io/kube-apiserver:v{program('kube-apiserver').version}",
        "command": ["kube-apiserver", *authentication.flags(site)],
    }
    body = named(
        "Pod",
        "kube-apiserver-node-a",
        namespace="kube-system",
        spec={"nodeName": "node-a", "hostNetwork": True, "containers": [container]},
    )
    labels = {"component": "kube-apiserver", "tier": "control-plane"}
    body["metadata"] |= {"labels": labels, "annotations": marks}
    return body


def _group_rights() -> list[Json]:
    """Admins may do everything, developers may see the shop."""
    return [
        named(
            "ClusterRoleBinding",
            "ldap-admins",
            api=_RBAC,
            subjects=[{"kind": "Group", "apiGroup": _GROUP, "name": f"{authentication.PREFIX}admins"}],
            roleRef={"apiGroup": _GROUP, "kind": "ClusterRole", "name": "cluster-admin"},
        ),
        namespace("shop"),
        named(
            "RoleBinding",
            "ldap-devs",
            namespace="shop",
            api=_RBAC,
            subjects=[{"kind": "Group", "apiGroup": _GROUP, "name": f"{authentication.PREFIX}devs"}],
            roleRef={"apiGroup": _GROUP, "kind": "ClusterRole", "name": "view"},
        ),
    ]


def _write_kubeconfig(site: Site) -> None:
    path = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/dex/token"
    answer = api(site).create(path, {"spec": {"expirationSeconds": _YEAR}}) or {}
    made: Json = dict(assemble_kubeconfig(site, user={"token": answer["status"]["token"]}))
    made["contexts"][0]["context"]["namespace"] = NAMESPACE
    write_json(site.state / "dex.kubeconfig", made)


def _pods(site: Site) -> list[Json]:
    real = {PORTS[port]: (host(site, "dex"), PORTS[port]) for port in ("dex", "dex-grpc", "dex-telemetry")}
    return [forward_to("dex", selector={"matchNamespaces": [NAMESPACE]}, ports=real)]


def _scrapes(site: Site) -> list[Json]:
    return [{"job_name": "dex", "static_configs": [{"targets": [where(site, "dex", port="dex-telemetry")]}]}]


PART = Part(
    name="dex",
    components=components,
    options=NoOptions,
    pods=_pods,
    scrapes=_scrapes,
    apiserver_flags=authentication.flags,
    apiserver_needs=("authentication",),
)
"""A real Dex that the API server trusts."""
