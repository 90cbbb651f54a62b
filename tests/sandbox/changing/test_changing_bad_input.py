"""A cluster that is empty, refuses, or is not there: the exit code, and the sentence that names it."""

import base64
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from changing_lab import Lab
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from opskit.sandbox import control_plane

pytestmark = pytest.mark.sandbox


def opskit(lab: Lab, *words: str, kubeconfig: Path | None = None) -> "subprocess.CompletedProcess[str]":
    env = {
        **os.environ,
        "KUBECONFIG": str(kubeconfig or lab.kubeconfig),
        "XDG_STATE_HOME": str(lab.folder / "state"),
    }
    argv = [sys.executable, "-m", "opskit", *words]
    ended = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=280, check=False)
    assert "Traceback" not in ended.stderr + ended.stdout
    return ended


def context(lab: Lab) -> str:
    return json.loads(lab.kubeconfig.read_text())["current-context"]


def test_an_empty_cluster_without_any_crds(lab: Lab) -> None:
    ended = opskit(lab, "findings", "--cluster", context(lab), "--json", "--fail-on", "info")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["findings"] == []
    (line,) = [line for line in ended.stderr.splitlines() if line.startswith("Not there: ")]
    for system in ("rook", "certmanager", "calico", "istio", "openshift"):
        assert system in line


def test_a_runbook_of_a_system_that_is_not_there(lab: Lab) -> None:
    ended = opskit(lab, "plan", "rook/osd-down", "-p", "osd=1", "--cluster", context(lab))
    print(ended.stderr)
    assert ended.returncode == 5, ended.stderr
    assert "rook" in ended.stderr.lower()
    assert "Next: " in ended.stderr


def token(lab: Lab, *, expired_seconds: int) -> str:
    """A service account's token, signed by the cluster's own key, whose time is over."""
    lab.api.create(lab.path("serviceaccounts"), {"metadata": {"name": "sre"}})
    now = int(time.time())
    claims = {
        "aud": ["https://kubernetes.default.svc"],
        "iss": "https://kubernetes.default.svc",
        "iat": now - 7200,
        "exp": now - expired_seconds,
        "sub": f"system:serviceaccount:{lab.namespace}:sre",
        "kubernetes.io": {
            "namespace": lab.namespace,
            "serviceaccount": {
                "name": "sre",
                "uid": lab.api.get(lab.path("serviceaccounts", "sre"))["metadata"]["uid"],
            },
        },
    }
    head = {"alg": "ES256", "typ": "JWT"}
    signed = b".".join(_base64(json.dumps(each).encode()) for each in (head, claims))
    key = serialization.load_pem_private_key(
        (lab.site.folder("pki") / "service-accounts.key").read_bytes(), password=None
    )
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    r, s = utils.decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
    return (signed + b"." + _base64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))).decode()


def _base64(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def read_with(lab: Lab, given: str) -> "subprocess.CompletedProcess[str]":
    """What `opskit findings` says to this token."""
    file = lab.folder / "token.kubeconfig"
    config = control_plane.assemble_kubeconfig(lab.site, user={"token": given})
    file.write_text(json.dumps(config))
    where = ("--cluster", config["current-context"], "--system", "rook")
    return opskit(lab, "findings", *where, kubeconfig=file)


def test_a_kubeconfig_whose_token_has_expired(lab: Lab) -> None:
    fresh = read_with(lab, token(lab, expired_seconds=-3600))
    assert "is forbidden" in fresh.stderr, "the same token is known while it is fresh"
    expired = token(lab, expired_seconds=3600)
    ended = read_with(lab, expired)
    assert ended.returncode == 5, ended.stderr
    assert "The credential is missing, wrong or expired: Unauthorized" in ended.stderr
    assert "Next: log in again or renew the token of this context" in ended.stderr
    assert expired not in ended.stderr + ended.stdout


def test_a_server_that_is_not_there(lab: Lab) -> None:
    file = lab.folder / "gone.kubeconfig"
    config = control_plane.assemble_kubeconfig(lab.site, user={})
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    file.write_text(json.dumps(config))
    ended = opskit(lab, "findings", "--cluster", config["current-context"], kubeconfig=file)
    assert ended.returncode == 5, ended.stderr
    assert "127.0.0.1:1" in ended.stderr
    assert "Next: " in ended.stderr
