"""OpenBao: three raft nodes, initialised and unsealed, with the engines that a platform team would have."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from opskit.core.errors import OpsError
from opskit.sandbox.binaries import require
from opskit.sandbox.component import Component
from opskit.sandbox.control_plane import api
from opskit.sandbox.faults import Broken
from opskit.sandbox.files import read_json, write_json
from opskit.sandbox.keeper.commands import remembered
from opskit.sandbox.kube import Json
from opskit.sandbox.kwok_config import exec_in, forward_to
from opskit.sandbox.part import NoOptions, Part
from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site
from opskit.sandbox.trust import bao_engines
from opskit.sandbox.trust.addresses import PORTS, host, where
from opskit.sandbox.trust.authority import CERTIFICATES, folder
from opskit.sandbox.trust.bao_api import NODES, BaoApi, leader
from opskit.sandbox.trust.objects import Workload, apply_all, namespace, service, stateful_set
from opskit.sandbox.waiting import wait_until

NAMESPACE = "openbao"
AUDIT_LOG: Final = "audit/audit.log"
"""In each node's own folder."""
_SHARES, _THRESHOLD = 3, 2
_KEYS = "openbao-keys.json"


def components(_: NoOptions, __: Sequence[Part[Any]]) -> list[Component]:
    """The three nodes, what makes them one cluster, and the objects that lead to them."""
    return [
        *(_node(name) for name in NODES),
        Component(name="openbao-quorum", needs=NODES, settle=_form),
        Component(
            name="openbao-engines", needs=("openbao-quorum", "openbao-objects"), settle=bao_engines.set_up
        ),
        Component(name="openbao-objects", needs=("kube-apiserver",), prepare=_link, settle=_create_objects),
    ]


def _link(site: Site) -> None:
    """Let `kubectl exec` find `bao`."""
    link = site.folder("bin") / "bao"
    link.unlink(missing_ok=True)
    link.symlink_to(require("bao"))


def _node(name: str) -> Component:
    return Component(
        name=name,
        programs=("bao",),
        needs=(CERTIFICATES.name,),
        prepare=partial(_write_configuration, name=name),
        command=remembered(name, partial(_server, name=name)),
        ready=lambda site: "sealed" in BaoApi(site, name).get("sys/seal-status"),
        mortal=True,
    )


def _write_configuration(site: Site, *, name: str) -> None:
    write_json(site.folder(name) / "config.json", configuration(site, name))


def configuration(site: Site, name: str) -> Json:
    """A node's configuration. The audit device's text must be the same on all: else none can take over."""
    pki = folder(site)
    listener = {
        "address": where(site, name, port="openbao"),
        "cluster_address": where(site, name, port="openbao-cluster"),
        "tls_cert_file": str(pki / f"{name}.crt"),
        "tls_key_file": str(pki / f"{name}.key"),
        "telemetry": {"unauthenticated_metrics_access": True},
    }
    joins = [
        {
            "leader_api_addr": f"https://{where(site, other, port='openbao')}",
            "leader_ca_cert_file": str(pki / "ca.crt"),
        }
        for other in NODES
        if other != name
    ]
    raft = {
        "path": str(_raft(site, name)),
        "node_id": name,
        "performance_multiplier": 1,
        # Every 2 s and 10 s by default: two new voters, one after the other, made half of the time to start.
        "autopilot_update_interval": "500ms",
        "autopilot_reconcile_interval": "1s",
        "retry_join": joins,
    }
    return {
        "api_addr": f"https://{where(site, name, port='openbao')}",
        "cluster_addr": f"https://{where(site, name, port='openbao-cluster')}",
        "ui": False,
        "disable_mlock": True,
        "log_level": "info",
        "listener": [{"tcp": listener}],
        "storage": {"raft": raft},
        "telemetry": {"disable_hostname": True, "prometheus_retention_time": "1h"},
        "audit": [{"file": {"file": {"description": "sandbox", "options": {"file_path": AUDIT_LOG}}}}],
    }


def _raft(site: Site, name: str) -> str:
    path = site.folder(name) / "raft"
    path.mkdir(mode=0o700, exist_ok=True)
    return str(path)


def _server(site: Site, *, name: str) -> Command:
    """Each node works in a folder of its own, for the audit log's path is a relative one."""
    own = site.folder(name)
    return Command(argv=("env", "-C", str(own), require("bao"), "server", f"-config={own}/config.json"))


def _form(site: Site) -> None:
    """Initialise the first node, unseal it, let the others join and unseal them."""
    first = BaoApi(site, NODES[0])
    wanted = {"secret_shares": _SHARES, "secret_threshold": _THRESHOLD}
    write_json(site.state / _KEYS, first.put("sys/init", wanted))
    unseal(site, NODES[0])
    wait_until(lambda: leader(site) == NODES[0], what="the first node leads", deadline=30.0)
    # A new voter is trusted after 10 s by default: nothing that a rehearsal would want to wait for.
    quick = {"server_stabilization_time": "1s", "cleanup_dead_servers": False}
    root(site, NODES[0]).put("sys/storage/raft/autopilot/configuration", quick)
    for name in NODES[1:]:
        wait_until(partial(_joined, site, name), what=f"{name} has joined", deadline=40.0)
        unseal(site, name)
    wait_until(lambda: len(voters(site)) == len(NODES), what="all nodes are voters", deadline=60.0)


def _joined(site: Site, name: str) -> bool:
    return bool(BaoApi(site, name).get("sys/seal-status")["initialized"])


def unseal(site: Site, name: str) -> None:
    """Unseal a node with the shares that are kept in the sandbox's own state."""
    node = BaoApi(site, name)
    for share in read_json(site.state / _KEYS)["keys"][:_THRESHOLD]:
        if not node.put("sys/unseal", {"key": share})["sealed"]:
            return


def root(site: Site, name: str | None = None) -> BaoApi:
    """A client with the root token, of a node or of the leader."""
    node = name or leader(site) or NODES[0]
    return BaoApi(site, node, token=root_token(site))


def root_token(site: Site) -> str:
    """The root token, which is kept in the sandbox's own state."""
    return read_json(site.state / _KEYS)["root_token"]


def voters(site: Site) -> list[str]:
    """The nodes that vote."""
    answer = root(site).get("sys/storage/raft/configuration")
    return [each["node_id"] for each in answer["data"]["config"]["servers"] if each["voter"]]


def _create_objects(site: Site) -> None:
    work = Workload(
        name="openbao",
        namespace=NAMESPACE,
        image="quay.io/openbao/openbao",
        daemon="{pod}",
        probe=f"https://{site.network()}.2{{index}}:{PORTS['openbao']}/v1/sys/health?standbyok=true",
        address="10.244.83.2{index}",
        component="server",
        ports={"https": PORTS["openbao"], "https-internal": PORTS["openbao-cluster"]},
        args=("server",),
    )
    lead = partial(service, namespace=NAMESPACE, selector=work.labels, ports=work.ports)
    objects = [
        namespace(NAMESPACE),
        lead("openbao"),
        lead("openbao-internal", headless=True),
        stateful_set(work, replicas=len(NODES)),
    ]
    apply_all(api(site), objects)


def _pods(site: Site) -> list[Json]:
    """In each pod `bao` asks that pod's own server."""
    documents: list[Json] = []
    for name in NODES:
        chosen = {"matchNamespaces": [NAMESPACE], "matchNames": [name]}
        env = {
            "BAO_ADDR": f"https://{where(site, name, port='openbao')}",
            "BAO_CACERT": str(folder(site) / "ca.crt"),
        }
        real = {PORTS[port]: (host(site, name), PORTS[port]) for port in ("openbao", "openbao-cluster")}
        documents += [
            exec_in(name, site, selector=chosen, env=env),
            forward_to(name, selector=chosen, ports=real),
        ]
    return documents


def ailments(sandbox: Broken) -> list[str]:
    """What keeps OpenBao from being healthy, as its own API says."""
    site = sandbox.site
    found = [f"{node} is {state}" for node in NODES if (state := _state(site, node))]
    if not found and leader(site) is None:
        found.append("OpenBao has no leader")
    return found or _learners(site)


def _learners(site: Site) -> list[str]:
    """Nodes that autopilot has not made voters yet: it watches a new one for ten seconds first."""
    servers = root(site).get("sys/storage/raft/autopilot/state")["data"]["servers"]
    return [f"{name} has no vote yet" for name, each in servers.items() if each["status"] == "non-voter"]


def _state(site: Site, node: str) -> str:
    """What is wrong with a node; empty where nothing is."""
    try:
        status, _ = BaoApi(site, node).status("sys/health")
    except OpsError:
        return "down"
    return {200: "", 429: "", 501: "not initialised", 503: "sealed"}.get(status, f"answering {status}")


PART = Part(name="openbao", components=components, options=NoOptions, disk_mib=300, pods=_pods)
"""A real OpenBao of three nodes."""
