"""What OpenBao offers in the sandbox: Kubernetes auth, PKI, transit, KV, and credentials made on demand."""

import re
from typing import Final

from opskit.sandbox.control_plane import api, server
from opskit.sandbox.files import read_json
from opskit.sandbox.kube import Json
from opskit.sandbox.site import Site
from opskit.sandbox.trust.bao_api import NODES, BaoApi
from opskit.sandbox.trust.objects import apply_all, named

NAMESPACE: Final = "openbao"
ISSUER_ROLE, AUDIENCE = "cert-manager", "vault://openbao"
ZONE = "sandbox.test"
_RBAC = "rbac.authorization.k8s.io/v1"
_POLICIES = {
    "cert-manager": 'path "pki/sign/web" { capabilities = ["update"] }',
    "shop": 'path "secret/data/shop/*" { capabilities = ["read"] }\n'
    'path "transit/+/orders" { capabilities = ["update"] }',
    "deployer": 'path "kubernetes/creds/view" { capabilities = ["update"] }',
}


def set_up(site: Site) -> None:
    """Turn everything on. OpenBao's own ServiceAccount reviews tokens and makes short-lived ones."""
    token = read_json(site.state / "openbao-keys.json")["root_token"]
    bao = BaoApi(site, NODES[0], token=token)
    apply_all(api(site), _rights())
    jwt = _token(site, "openbao")
    for name in _POLICIES:
        write_policy(bao, name)
    _kubernetes_auth(site, bao, jwt)
    _pki(bao)
    bao.put("sys/mounts/transit", {"type": "transit"})
    bao.put("transit/keys/orders")
    bao.put("sys/mounts/secret", {"type": "kv", "options": {"version": "2"}})
    _dynamic(site, bao, jwt)


def write_policy(bao: BaoApi, name: str, *, deny: bool = False) -> None:
    """Write one of the sandbox's policies as it is while all is well, or so that it denies what it allowed.

    Args:
        bao: with a token that may.
        name: of the policy.
        deny: every path of it is denied.

    """
    text = _POLICIES[name]
    denied = re.sub(r"capabilities = \[[^]]*\]", 'capabilities = ["deny"]', text)
    bao.put(f"sys/policies/acl/{name}", {"policy": denied if deny else text})


def _token(site: Site, account: str) -> str:
    path = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{account}/token"
    wanted = {"spec": {"expirationSeconds": 86_400}}
    answer = api(site).create(path, wanted) or {}
    return answer["status"]["token"]


def _rights() -> list[Json]:
    subject = [{"kind": "ServiceAccount", "name": "openbao", "namespace": NAMESPACE}]
    group = "rbac.authorization.k8s.io"
    may_create = [
        {"apiGroups": [""], "resources": ["serviceaccounts", "serviceaccounts/token"], "verbs": ["*"]},
        {"apiGroups": [group], "resources": ["rolebindings", "roles"], "verbs": ["*"]},
        {"apiGroups": [group], "resources": ["clusterroles"], "verbs": ["bind", "get"]},
        {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]},
    ]
    return [
        named("ServiceAccount", "openbao", namespace=NAMESPACE),
        named(
            "ClusterRoleBinding",
            "openbao-server-binding",
            api=_RBAC,
            subjects=subject,
            roleRef={"apiGroup": group, "kind": "ClusterRole", "name": "system:auth-delegator"},
        ),
        named("ClusterRole", "openbao-dynamic", api=_RBAC, rules=may_create),
        named(
            "ClusterRoleBinding",
            "openbao-dynamic",
            api=_RBAC,
            subjects=subject,
            roleRef={"apiGroup": group, "kind": "ClusterRole", "name": "openbao-dynamic"},
        ),
    ]


def _cluster(site: Site) -> Json:
    ca = (site.folder("pki") / "ca.crt").read_text()
    return {"kubernetes_host": server(site), "kubernetes_ca_cert": ca}


def _kubernetes_auth(site: Site, bao: BaoApi, jwt: str) -> None:
    bao.put("sys/auth/kubernetes", {"type": "kubernetes"})
    bao.put("auth/kubernetes/config", {**_cluster(site), "token_reviewer_jwt": jwt})
    issuer = {
        "bound_service_account_names": ["openbao-issuer"],
        "bound_service_account_namespaces": ["cert-manager"],
        "token_policies": ["cert-manager"],
        "token_ttl": "10m",
        "audience": AUDIENCE,
    }
    shop = {
        "bound_service_account_names": ["shop"],
        "bound_service_account_namespaces": ["shop"],
        "token_policies": ["shop"],
        "token_ttl": "1h",
        "audience": "https://kubernetes.default.svc",
    }
    bao.put(f"auth/kubernetes/role/{ISSUER_ROLE}", issuer)
    bao.put("auth/kubernetes/role/shop", shop)


def _pki(bao: BaoApi) -> None:
    bao.put("sys/mounts/pki", {"type": "pki", "config": {"max_lease_ttl": "87600h"}})
    root = {"common_name": "Sandbox Root", "ttl": "87600h", "key_type": "ec", "key_bits": 256}
    bao.put("pki/root/generate/internal", root)
    role = {
        "allowed_domains": ZONE,
        "allow_subdomains": True,
        "max_ttl": "72h",
        "key_type": "any",
        "require_cn": False,
    }
    bao.put("pki/roles/web", role)


def _dynamic(site: Site, bao: BaoApi, jwt: str) -> None:
    """The Kubernetes engine: each lease is a ServiceAccount with a RoleBinding on the real API server."""
    bao.put("sys/mounts/kubernetes", {"type": "kubernetes"})
    bao.put("kubernetes/config", {**_cluster(site), "service_account_jwt": jwt})
    role = {
        "allowed_kubernetes_namespaces": "default",
        "kubernetes_role_name": "view",
        "kubernetes_role_type": "ClusterRole",
        "token_default_ttl": "1h",
    }
    bao.put("kubernetes/roles/view", role)
