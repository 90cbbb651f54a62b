"""`opskit` as a person runs it, with the token of Vault that the sandbox made for it."""

import json
import os
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from opskit.sandbox.sandbox import Sandbox

NODES = 3


class Lab:
    """`opskit` against one sandbox of the profile `trust`.

    Args:
        sandbox: that is up.
        folder: where runs and their state are kept.

    """

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self._pki = sandbox.site.folder("trust-pki")
        keys = json.loads((sandbox.site.state / "openbao-keys.json").read_text())
        self._root = keys["root_token"]

    def bao(self, path: str, body: Any = None, *, method: str = "GET", node: int | None = None) -> Any:
        """Past opskit: the witness of what is true in OpenBao."""
        address = f"{self.sandbox.site.network()}.{20 + (self.leader() if node is None else node)}"
        request = urllib.request.Request(
            f"https://{address}:8200/v1/{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"X-Vault-Token": self._root},
        )
        trust = ssl.create_default_context(cafile=self._pki / "ca.crt")
        with urllib.request.urlopen(request, context=trust, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else {}

    def leader(self) -> int:
        for node in range(NODES):
            try:
                if self.bao("sys/leader", node=node).get("is_self"):
                    return node
            except (OSError, urllib.error.URLError):
                continue
        return 0

    def leases(self, prefix: str) -> list[str]:
        """What OpenBao lists under a prefix."""
        try:
            return self.bao(f"sys/leases/lookup/{prefix}/?list=true")["data"]["keys"]
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return []
            raise

    def opskit(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command, in a process of its own."""
        env = {
            **os.environ,
            "KUBECONFIG": str(self.sandbox.kubeconfig),
            "OPSKIT_CONFIG": str(self.sandbox.site.state / "opskit.toml"),
            "XDG_STATE_HOME": str(self.folder / "state"),
        }
        argv = [sys.executable, "-m", "opskit", *words]
        done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=600, check=False)
        print(done.stderr[-3000:])
        return done

    def findings(self, system: str = "") -> list[dict[str, Any]]:
        """What `opskit findings` says of a system, or of all, warnings and worse."""
        chosen = ("--system", system) if system else ()
        done = self.opskit("findings", *chosen, "--cluster", self.sandbox.context, "--json")
        assert done.returncode == 0, done.stderr
        return [each for each in json.loads(done.stdout)["findings"] if each["severity"] != "info"]

    def run(self, runbook: str, **parameters: Any) -> dict[str, Any]:
        """Plan, approve with every name typed, run headless; the verdict."""
        out, run = self.folder / "plan", self.folder / "run"
        given = [word for name, value in parameters.items() for word in ("-p", f"{name}={value}")]
        place = ["--cluster", self.sandbox.context]
        planned = self.opskit("plan", runbook, *given, *place, "--out", str(out))
        assert planned.returncode == 0, planned.stderr
        plan = json.loads((out / "plan.json").read_text())
        typed = [word for step in plan["steps"] if step["confirm"] for word in ("--confirm", step["confirm"])]
        approval = str(out / "approval.json")
        approved = self.opskit("approve", str(out / "plan.json"), *typed, "-o", approval)
        assert approved.returncode == 0, approved.stderr
        done = self.opskit("run", runbook, *given, *place, "--approval", approval, "--out", str(run))
        assert done.returncode == 0, done.stderr
        return json.loads((run / "verdict.json").read_text())

    def kubectl(self, *words: str) -> dict[str, Any]:
        """What the API server says, as JSON."""
        return json.loads(self.sandbox.kubectl(*words, "-o", "json"))
