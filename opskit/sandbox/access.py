"""Credentials with fewer rights than an admin's, to prove what a runbook really needs."""

from collections.abc import Sequence
from pathlib import Path

from opskit.sandbox.control_plane import api, assemble_kubeconfig
from opskit.sandbox.files import private_folder, write_json
from opskit.sandbox.kube import Json, KubeApi
from opskit.sandbox.site import Site

_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_NAMESPACE = "default"


def restricted_kubeconfig(
    site: Site, name: str, rules: Sequence[Json], *, namespace: str | None = None, seconds: int = 3600
) -> Path:
    """A kubeconfig of a new ServiceAccount that has these rights and no others.

    Args:
        site: the sandbox.
        name: of the ServiceAccount, its role and its binding; given again, the rights are replaced.
        rules: as a Role has them: `{"apiGroups": […], "resources": […], "verbs": […]}`.
        namespace: where the rights hold; None is everywhere.
        seconds: how long the token is good, at least 600.

    Returns:
        Its path. The context is named as the admin's.

    """
    client = api(site)
    client.create(f"/api/v1/namespaces/{_NAMESPACE}/serviceaccounts", {"metadata": {"name": name}})
    _grant(client, name, list(rules), namespace)
    request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": seconds},
    }
    token = client.create(f"/api/v1/namespaces/{_NAMESPACE}/serviceaccounts/{name}/token", request)
    secret = (token or {})["status"]["token"]
    path = private_folder(site.state / "users") / f"{name}.kubeconfig"
    return write_json(path, assemble_kubeconfig(site, user={"token": secret}))


def _grant(client: KubeApi, name: str, rules: list[Json], namespace: str | None) -> None:
    kind = "ClusterRole" if namespace is None else "Role"
    folder = _RBAC if namespace is None else f"{_RBAC}/namespaces/{namespace}"
    head = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": name}}
    who = {"kind": "ServiceAccount", "name": name, "namespace": _NAMESPACE}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}
    client.apply(f"{folder}/{kind.lower()}s/{name}", {**head, "kind": kind, "rules": rules})
    binding = {**head, "kind": f"{kind}Binding", "subjects": [who], "roleRef": role}
    client.apply(f"{folder}/{kind.lower()}bindings/{name}", binding)
