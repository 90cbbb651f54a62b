"""Record cert-manager's objects of a real cluster, as a state for the tests beside this file.

    record.py STATE --namespace NS [--kubectl 'kubectl --context C'] [--log FILE]
    record.py STATE --yaml FILE          what `kubectl get … -o yaml` saved before

Bring the cluster into the state first: `opskit sandbox up --profile trust`, then one of its faults.
The objects are kept as the API server gave them, without what is no business of a test: keys and tokens
of challenges, signing requests, managed fields. Nothing in the recorded files is written by hand.
"""

import argparse
import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

RECORDED = Path(__file__).parent / "recorded"
KINDS = (
    "certificates.cert-manager.io,certificaterequests.cert-manager.io,issuers.cert-manager.io,"
    "orders.acme.cert-manager.io,challenges.acme.cert-manager.io,events,ingresses.networking.k8s.io"
)
PRIVATE = {"key", "token", "request", "managedFields", "extra", "authorizations"}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("state")
    parser.add_argument("--yaml", type=Path)
    parser.add_argument("--namespace", default="default")
    parser.add_argument("--kubectl", default="kubectl")
    parser.add_argument("--log", type=Path)
    asked = parser.parse_args()
    objects = _saved(asked.yaml) if asked.yaml else _live(shlex.split(asked.kubectl), asked.namespace)
    whole = {"objects": [_public(each) for each in objects if each.get("kind") != "Secret"]}
    if asked.log:
        whole["log"] = asked.log.read_text().splitlines()
    RECORDED.mkdir(exist_ok=True)
    (RECORDED / f"{asked.state}.json").write_text(json.dumps(whole, indent=1, default=str) + "\n")


def _saved(path: Path) -> list[dict[str, Any]]:
    return [each for each in YAML(typ="safe", pure=True).load_all(path.read_text()) if each]


def _live(kubectl: list[str], namespace: str) -> list[dict[str, Any]]:
    asked = [["-n", namespace, "get", KINDS], ["get", "clusterissuers.cert-manager.io"]]
    found: list[dict[str, Any]] = []
    for words in asked:
        done = subprocess.run([*kubectl, *words, "-o", "json"], capture_output=True, check=True)
        found += json.loads(done.stdout)["items"]
    return found


def _public(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _public(each) for name, each in value.items() if name not in PRIVATE}
    return [_public(each) for each in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main()
