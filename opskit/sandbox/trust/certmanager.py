"""cert-manager: its own controllers and webhook, issuing from a CA, from ACME and from OpenBao."""

import base64
from collections.abc import Sequence
from typing import Any, Final

from opskit.sandbox.binaries import require
from opskit.sandbox.component import Component
from opskit.sandbox.control_plane import api, assemble_kubeconfig
from opskit.sandbox.crds import create_released
from opskit.sandbox.faults import Broken
from opskit.sandbox.files import write_json
from opskit.sandbox.keeper.commands import remembered
from opskit.sandbox.keeper.probing import answers
from opskit.sandbox.kube import Json
from opskit.sandbox.kwok_config import forward_to
from opskit.sandbox.nodes import is_ready
from opskit.sandbox.part import NoOptions, Part
from opskit.sandbox.pins import program
from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site
from opskit.sandbox.trust import dns, issuers
from opskit.sandbox.trust.addresses import PORTS, host, pod_address, where
from opskit.sandbox.trust.authority import CERTIFICATES, bundle, folder
from opskit.sandbox.trust.objects import Workload, apply_all, deployment, named, namespace, service

NAMESPACE: Final = "cert-manager"
PROCESS, WEBHOOK = "cert-manager", "cert-manager-webhook"
_ADMISSION = "admissionregistration.k8s.io/v1"
_RBAC = "rbac.authorization.k8s.io/v1"
_SERVED = ("cert-manager.io/v1/certificates", "acme.cert-manager.io/v1/challenges")
_YEAR = 31_536_000


def components(_: NoOptions, __: Sequence[Part[Any]]) -> list[Component]:
    """CRDs, controllers, webhook, issuers."""
    return [
        Component(
            name="cert-manager-crds",
            crds=("cert-manager",),
            needs=("kube-apiserver",),
            prepare=_create_crds,
            ready=lambda site: all(api(site).find(f"/apis/{each}") is not None for each in _SERVED),
        ),
        Component(name="cert-manager-objects", needs=("kube-apiserver",), settle=_create_objects),
        Component(
            name=WEBHOOK,
            programs=("cert-manager",),
            needs=("cert-manager-crds", "cert-manager-objects", CERTIFICATES.name),
            command=remembered(WEBHOOK, _webhook),
            ready=lambda site: answers(f"https://{where(site, WEBHOOK)}/livez"),
            settle=_register_webhook,
            mortal=True,
        ),
        Component(
            name=PROCESS,
            programs=("cert-manager",),
            needs=(WEBHOOK,),
            command=remembered(PROCESS, _controller),
            ready=lambda site: answers(f"http://{where(site, PROCESS)}/metrics"),
            mortal=True,
        ),
        Component(
            name="issuers",
            needs=(PROCESS, "openbao-engines", "acme-fault-injector"),
            prepare=issuers.create,
            ready=lambda site: not _not_ready(site),
        ),
    ]


def _create_crds(site: Site) -> None:
    create_released(site, "cert-manager")


def _create_objects(site: Site) -> None:
    client = api(site)
    cluster_admin = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    subject = [{"kind": "ServiceAccount", "name": "cert-manager", "namespace": NAMESPACE}]
    controller, webhook = _workloads(site)
    objects = [
        namespace(NAMESPACE),
        named("ServiceAccount", "cert-manager", namespace=NAMESPACE),
        named(
            "ClusterRoleBinding", "cert-manager-sandbox", api=_RBAC, subjects=subject, roleRef=cluster_admin
        ),
        service("cert-manager", namespace=NAMESPACE, selector=controller.labels, ports=controller.ports),
        service("cert-manager-webhook", namespace=NAMESPACE, selector=webhook.labels, ports=webhook.ports),
        deployment(controller),
        deployment(webhook),
    ]
    apply_all(client, objects)
    _write_kubeconfig(site)


def _workloads(site: Site) -> tuple[Workload, Workload]:
    version = f"v{program('cert-manager').version}"
    controller = Workload(
        name="cert-manager",
        namespace=NAMESPACE,
        image=f"quay.io/jetstack/cert-manager-controller:{version}",
        daemon=PROCESS,
        probe=f"tcp://{where(site, PROCESS)}",
        address=pod_address(PROCESS),
        component="controller",
        ports={"http-metrics": PORTS[PROCESS]},
        version=version,
        args=("--v=2", "--cluster-resource-namespace=$(POD_NAMESPACE)"),
    )
    webhook = Workload(
        name="cert-manager-webhook",
        namespace=NAMESPACE,
        image=f"quay.io/jetstack/cert-manager-webhook:{version}",
        daemon=WEBHOOK,
        probe=f"https://{where(site, WEBHOOK)}/livez",
        address=pod_address(WEBHOOK),
        component="webhook",
        app="webhook",
        instance="cert-manager",
        ports={"https": PORTS[WEBHOOK]},
        version=version,
    )
    return controller, webhook


def _write_kubeconfig(site: Site) -> None:
    path = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/cert-manager/token"
    answer = api(site).create(path, {"spec": {"expirationSeconds": _YEAR}}) or {}
    user = {"token": answer["status"]["token"]}
    write_json(site.state / "cert-manager.kubeconfig", assemble_kubeconfig(site, user=user))


def _controller(site: Site) -> Command:
    """A failed issuance is tried again after 10 s, not after an hour: a rehearsal waits for it."""
    return Command(
        argv=(
            require("cert-manager"),
            "controller",
            f"-kubeconfig={site.state}/cert-manager.kubeconfig",
            f"-metrics-listen-address={where(site, PROCESS)}",
            f"-dns01-recursive-nameservers={where(site, dns.PROCESS)}",
            "-certificate-request-minimum-backoff-duration=10s",
            "-certificate-request-maximum-backoff-duration=1m",
        )
    )


def remember(site: Site, command: Command) -> None:
    """What the controllers are started with from now on."""
    remembered(PROCESS, lambda _: command)(site)


def _webhook(site: Site) -> Command:
    pki = folder(site)
    return Command(
        argv=(
            require("cert-manager"),
            "webhook",
            f"-kubeconfig={site.state}/cert-manager.kubeconfig",
            f"-listen={where(site, WEBHOOK)}",
            f"-tls-cert-file={pki}/{WEBHOOK}.crt",
            f"-tls-private-key-file={pki}/{WEBHOOK}.key",
        )
    )


def _register_webhook(site: Site) -> None:
    both = {
        "apiGroups": ["cert-manager.io", "acme.cert-manager.io"],
        "resources": ["*/*"],
        "operations": ["CREATE", "UPDATE"],
    }
    requests = {
        "apiGroups": ["cert-manager.io"],
        "resources": ["certificaterequests"],
        "operations": ["CREATE"],
    }
    hooks = [
        _hook(site, "MutatingWebhookConfiguration", "/mutate", requests),
        _hook(site, "ValidatingWebhookConfiguration", "/validate", both),
    ]
    apply_all(api(site), hooks)


def _hook(site: Site, kind: str, path: str, rule: Json) -> Json:
    authority = base64.b64encode(bundle(site).encode()).decode()
    webhook = {
        "name": "webhook.cert-manager.io",
        "rules": [{**rule, "apiVersions": ["v1"]}],
        "admissionReviewVersions": ["v1"],
        "matchPolicy": "Equivalent",
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "clientConfig": {"url": f"https://{where(site, WEBHOOK)}{path}", "caBundle": authority},
    }
    return named(kind, "cert-manager-webhook", api=_ADMISSION, webhooks=[webhook])


def ailments(sandbox: Broken) -> list[str]:
    """The issuers and certificates that are not ready, as their own conditions say."""
    return _not_ready(sandbox.site)


def _not_ready(site: Site) -> list[str]:
    return [
        f"{each['kind']} {each['metadata']['name']} is not ready"
        for kind in ("clusterissuers", "certificates")
        for each in api(site).items(f"/apis/cert-manager.io/v1/{kind}")
        if not is_ready(each)
    ]


def _pods(site: Site) -> list[Json]:
    real = {PORTS[each]: (host(site, each), PORTS[each]) for each in (PROCESS, WEBHOOK)}
    return [forward_to("cert-manager", selector={"matchNamespaces": [NAMESPACE]}, ports=real)]


def _scrapes(site: Site) -> list[Json]:
    return [{"job_name": "cert-manager", "static_configs": [{"targets": [where(site, PROCESS)]}]}]


PART = Part(name="cert-manager", components=components, options=NoOptions, pods=_pods, scrapes=_scrapes)
"""The real controllers and webhook of cert-manager."""
