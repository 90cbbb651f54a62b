"""The issuers of the sandbox, and a shop's certificates from them."""

import base64
from typing import Final

from opskit.sandbox.control_plane import api
from opskit.sandbox.files import read_json, write_json
from opskit.sandbox.kube import Json
from opskit.sandbox.pki import Authority
from opskit.sandbox.site import Site
from opskit.sandbox.trust import acme, dns
from opskit.sandbox.trust.addresses import where
from opskit.sandbox.trust.authority import bundle
from opskit.sandbox.trust.bao_engines import AUDIENCE, ISSUER_ROLE, ZONE
from opskit.sandbox.trust.objects import apply_all, named, namespace

NAMESPACE: Final = "cert-manager"
SHOP: Final = "shop"
CA_KEY_PAIR = "sandbox-ca"
_API = "cert-manager.io/v1"


def create(site: Site) -> None:
    """Create the issuers `selfsigned`, `ca`, `acme`, `openbao`, and certificates of the last and of `ca`."""
    write_json(site.state / "issuing-ca.json", _issuing_ca(site))
    apply_all(
        api(site),
        [
            namespace(SHOP),
            ca_secret(site),
            tsig_secret(site),
            named("ServiceAccount", "openbao-issuer", namespace=NAMESPACE),
            *_token_request(),
            issuer("selfsigned", selfSigned={}),
            issuer("ca", ca={"secretName": CA_KEY_PAIR}),
            acme_issuer(site),
            _openbao_issuer(site),
            certificate("shop", issuer="ca", names=(f"shop.{ZONE}",)),
            certificate("payments", issuer="openbao", names=(f"payments.{ZONE}",), duration="72h"),
        ],
    )


def _issuing_ca(site: Site) -> dict[str, str]:
    """A CA that somebody brought along: nothing in the cluster would make it again."""
    folder = site.folder("issuing-ca")
    authority = Authority(folder, name="Sandbox Issuing CA")
    return {"tls.crt": (folder / "ca.crt").read_text(), "tls.key": authority.key_pem().decode()}


def ca_secret(site: Site) -> Json:
    """The Secret of the issuer `ca`."""
    kept: dict[str, str] = read_json(site.state / "issuing-ca.json")
    data = {key: base64.b64encode(value.encode()).decode() for key, value in kept.items()}
    return named("Secret", CA_KEY_PAIR, namespace=NAMESPACE, type="kubernetes.io/tls", data=data)


def tsig_secret(site: Site, *, key: str = "") -> Json:
    """The Secret with the TSIG key, or with a wrong one.

    Args:
        site: the sandbox.
        key: base64; the real one by default.

    """
    data = {"secret": base64.b64encode((key or dns.tsig_key(site)).encode()).decode()}
    return named("Secret", "tsig", namespace=NAMESPACE, data=data)


def issuer(name: str, **spec: object) -> Json:
    """A ClusterIssuer."""
    return named("ClusterIssuer", name, api=_API, spec=spec)


def acme_issuer(site: Site, *, name: str = "acme") -> Json:
    """The ClusterIssuer that asks the ACME server."""
    settings = {
        "server": acme.directory(site),
        "email": f"ops@{ZONE}",
        "caBundle": base64.b64encode(bundle(site).encode()).decode(),
        "privateKeySecretRef": {"name": f"{name}-account"},
        "solvers": [dns.solver(site)],
    }
    return issuer(name, acme=settings)


def _openbao_issuer(site: Site) -> Json:
    login = {
        "role": ISSUER_ROLE,
        "mountPath": "/v1/auth/kubernetes",
        "serviceAccountRef": {"name": "openbao-issuer", "audiences": [AUDIENCE]},
    }
    settings = {
        "server": f"https://{where(site, 'openbao-0', port='openbao')}",
        "path": "pki/sign/web",
        "caBundle": base64.b64encode(bundle(site).encode()).decode(),
        "auth": {"kubernetes": login},
    }
    return issuer("openbao", vault=settings)


def _token_request() -> list[Json]:
    """That cert-manager may ask for the issuer's token, as its documents say."""
    rbac, group = "rbac.authorization.k8s.io/v1", "rbac.authorization.k8s.io"
    rule = {
        "apiGroups": [""],
        "resources": ["serviceaccounts/token"],
        "resourceNames": ["openbao-issuer"],
        "verbs": ["create"],
    }
    subject = [{"kind": "ServiceAccount", "name": "cert-manager", "namespace": NAMESPACE}]
    reference = {"apiGroup": group, "kind": "Role", "name": "openbao-issuer"}
    where_ = {"namespace": NAMESPACE, "api": rbac}
    return [
        named("Role", "openbao-issuer", rules=[rule], **where_),
        named("RoleBinding", "openbao-issuer", subjects=subject, roleRef=reference, **where_),
    ]


def certificate(
    name: str, *, issuer: str, names: tuple[str, ...], namespace: str = SHOP, **spec: object
) -> Json:
    """A Certificate.

    Args:
        name: of it; its Secret is `<name>-tls`.
        issuer: the ClusterIssuer.
        names: its DNS names.
        namespace: where it lives.
        spec: more of its fields, as `duration`.

    """
    reference = {"name": issuer, "kind": "ClusterIssuer", "group": "cert-manager.io"}
    fields = {"secretName": f"{name}-tls", "dnsNames": list(names), "issuerRef": reference, **spec}
    return named("Certificate", name, namespace=namespace, api=_API, spec=fields)
