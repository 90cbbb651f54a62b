"""Nodes as their own tools see them: kubelet, container runtime, kubelet's certificate, disks, pressure."""

from collections.abc import Iterator

from opskit.core.findings import Evidence, Finding, Remedy, Severity
from opskit.core.parts import Unread, known
from opskit.core.wording import some
from opskit.systems.kubeadm.answers_machines import RUNTIMES, Machine, Validity
from opskit.systems.kubeadm.checks_certificates import left
from opskit.systems.kubeadm.checks_nodes import grave, holding_dns
from opskit.systems.kubeadm.facts import DNS, Facts
from opskit.systems.kubeadm.judging import finding

FULL, NEARLY_FULL = 0.98, 0.9
"""Shares of a file system; kubelet evicts at 90 % by default."""
NOT_ROTATED = 0.1
"""Share of its life that a kubelet's certificate has left when its rotation has failed: it is due at 0.3."""
_CLIENT = "/var/lib/kubelet/pki/kubelet-client-current.pem"
_PRESSURES = {"DiskPressure": "disk", "MemoryPressure": "memory", "PIDPressure": "process IDs"}


def halted(facts: Facts) -> dict[str, str]:
    """Node → `kubelet`, `runtime` or `certificate`: what keeps a node that answers over SSH from working."""
    found: dict[str, str] = {}
    for node in facts.machines:
        machine = facts.machine(node)
        why = _why(facts, machine) if machine is not None else ""
        if why:
            found[node] = why
    return found


def _why(facts: Facts, machine: Machine) -> str:
    services = known(machine.services, {})
    if isinstance(machine.client, Validity) and machine.client.ends <= facts.now:
        return "certificate"
    if services and not any(services.get(each) == "active" for each in RUNTIMES):
        return "runtime"
    return "kubelet" if services and services.get("kubelet") != "active" else ""


def _words(machine: Machine) -> list[Evidence]:
    told = known(machine.kubelet_log, [])
    command = "journalctl -u kubelet -n 100"
    return [Evidence(text=f"kubelet said last: {told[-1]}", command=command)] if told else []


def kubelet_certificate(facts: Facts) -> Iterator[Finding]:
    """Kubelets whose client certificate has ended, or was not renewed in time."""
    for node in facts.machines:
        machine = facts.machine(node)
        if machine is None or isinstance(machine.client, Unread):
            continue
        rest, life = machine.client.ends - facts.now, machine.client.ends - machine.client.begins
        if rest.total_seconds() < NOT_ROTATED * life.total_seconds():
            yield _certificate(facts, node, machine, machine.client)


def _certificate(facts: Facts, node: str, machine: Machine, client: Validity) -> Finding:
    over = client.ends <= facts.now
    return finding(
        "KUBELET_CERTIFICATE_EXPIRED" if over else "KUBELET_CERTIFICATE_NOT_ROTATED",
        grave(facts, node) if over else Severity.WARNING,
        f"kubelet on {node}",
        f"The certificate that {node}'s kubelet shows to the API server {'ended' if over else 'ends'} "
        f"{left(client.ends, facts.now)}"
        + ("; the node reports nothing since." if over else ", and was not renewed in time."),
        evidence=[
            Evidence(
                text=f"notAfter {client.ends:%Y-%m-%d %H:%M} UTC",
                command=f"openssl x509 -noout -enddate -in {_CLIENT}   # on {node}",
            ),
            *_words(machine),
        ],
        cause="kubelet renews it by itself at about 70 % of its life: the node was off or cut off then, its "
        "clock is wrong, or `rotateCertificates` is off. With an ended one it can't ask for another.",
        remedy=Remedy(
            text="On a control-plane node: `kubeadm kubeconfig user --org system:nodes --client-name "
            f"system:node:{node} > kubelet.conf`; copy it to {node}:/etc/kubernetes/kubelet.conf, delete "
            f"{_CLIENT}, and `systemctl restart kubelet`."
            if over
            else f"On {node}: `systemctl restart kubelet`; then `kubectl get csr` should show a new one."
        ),
        source="tasks/administer-cluster/kubeadm/kubeadm-certs/",
    )


def service_stopped(facts: Facts) -> Iterator[Finding]:
    """Kubelets and container runtimes that do not run on nodes that answer."""
    for node, why in halted(facts).items():
        machine = facts.machine(node)
        if machine is not None and why != "certificate":
            yield _service(facts, node, machine, why)


def _service(facts: Facts, node: str, machine: Machine, why: str) -> Finding:
    services = known(machine.services, {})
    names = RUNTIMES if why == "runtime" else ("kubelet",)
    unit = next((each for each in names if services.get(each) not in ("inactive", "", None)), names[0])
    told = ", ".join(f"{name} {state}" for name, state in services.items() if state)
    return finding(
        "RUNTIME_STOPPED" if why == "runtime" else "KUBELET_STOPPED",
        grave(facts, node),
        f"{'container runtime' if why == 'runtime' else 'kubelet'} on {node}",
        f"{node} answers, and its {'container runtime' if why == 'runtime' else 'kubelet'} does not run.",
        evidence=[
            Evidence(text=told, command=f"systemctl status {unit}   # on {node}"),
            *_words(machine),
        ],
        cause="kubelet can start, stop and see no container; those that ran may still run."
        if why == "runtime"
        else f"It says so itself: {machine_log[-1]}"
        if (machine_log := known(machine.kubelet_log, []))
        else "It was stopped, or ended and was not started again; its containers may still run.",
        remedy=Remedy(
            text=f"On {node}: `journalctl -u {unit} -n 100`, mend what it names, `systemctl start {unit}`."
        ),
        source="tasks/debug/debug-cluster/",
    )


def pressure(facts: Facts) -> Iterator[Finding]:
    """Nodes that run short of disk, memory or process IDs: pods are evicted, and none is scheduled there."""
    for node in known(facts.nodes, []):
        short = [
            each for each in node.status.conditions or [] if each.type in _PRESSURES and each.status == "True"
        ]
        if short:
            what = some(_PRESSURES[each.type] for each in short)
            yield finding(
                "NODE_PRESSURE",
                Severity.ERROR,
                f"node {node.name}",
                f"{node.name} runs short of {what}: kubelet evicts pods, and none is scheduled there.",
                evidence=[
                    Evidence(
                        text="; ".join(f"{each.type}: {each.reason} {each.message}" for each in short),
                        command=f"kubectl describe node {node.name}",
                    )
                ],
                cause=_PRESSED.get(short[0].type, ""),
                remedy=Remedy(text=_RELIEF.get(short[0].type, "")),
                source="concepts/scheduling-eviction/node-pressure-eviction/",
            )


_PRESSED = {
    "DiskPressure": "Images, container logs, emptyDir volumes or a foreign process filled the file system of "
    "/var/lib/kubelet or of the images beyond kubelet's threshold (`evictionHard`).",
    "MemoryPressure": "Pods without a memory limit, or processes beside Kubernetes, took what was free.",
    "PIDPressure": "A pod without a limit of processes starts ever more.",
}
_RELIEF = {
    "DiskPressure": "On the node: `df -h /var/lib/kubelet /var/lib/containerd`, `du -xh -d2 /var | sort -h | "
    "tail`, `crictl rmi --prune`.",
    "MemoryPressure": "`kubectl top pods -A --sort-by=memory`; on the node: `ps aux --sort=-rss | head`.",
    "PIDPressure": "On the node: `ps -e --no-headers | wc -l`, `systemd-cgtop`.",
}


def _mib(size: int) -> str:
    return f"{size / 1024**2:,.0f} MiB"


def disk_full(facts: Facts) -> Iterator[Finding]:
    """File systems of etcd, kubelet and the runtime that are nearly full."""
    for node in facts.machines:
        machine = facts.machine(node)
        for disk in known(machine.disks, []) if machine is not None else []:
            if disk.used >= NEARLY_FULL:
                full, plane = disk.used >= FULL, node in facts.plane_names
                yield finding(
                    "DISK_FULL" if full else "DISK_NEARLY_FULL",
                    (Severity.CRITICAL if plane else Severity.ERROR) if full else Severity.WARNING,
                    f"{disk.mount} on {node}",
                    f"{disk.mount} on {node} is {disk.used:.0%} full; {_mib(disk.free)} are free.",
                    evidence=[
                        Evidence(
                            text=f"{_mib(disk.free)} free, {_mib(disk.taken)} taken",
                            command=f"df -h {disk.mount}   # on {node}",
                        )
                    ],
                    cause="Images, container logs, or what else lies on that file system; a full one ends "
                    "etcd and makes kubelet evict pods.",
                    remedy=Remedy(
                        text=f"On {node}: `du -xh -d2 {disk.mount} | sort -h | tail`, `crictl rmi "
                        "--prune`; never delete anything below /var/lib/etcd."
                    ),
                    source="concepts/scheduling-eviction/node-pressure-eviction/",
                )


def with_full_disk(facts: Facts) -> set[str]:
    """Nodes on which a file system of etcd, kubelet or the runtime is full."""
    seen = {node: facts.machine(node) for node in facts.machines}
    return {
        node
        for node, machine in seen.items()
        if machine is not None and any(disk.used >= FULL for disk in known(machine.disks, []))
    }


def dns_down(facts: Facts) -> Iterator[Finding]:
    """CoreDNS without a single ready pod."""
    quiet = {node.name for node in known(facts.nodes, []) if not node.ready}
    for each in known(facts.dns, []):
        wanted = 1 if each.spec.replicas is None else each.spec.replicas
        if each.status.ready_replicas or (quiet and len(quiet) == len(known(facts.nodes, []))):
            continue
        cause, next_step = _why_no_dns(each.name, wanted, sorted(holding_dns(facts)))
        yield finding(
            "DNS_DOWN",
            Severity.CRITICAL,
            f"Deployment kube-system/{each.name}",
            f"Cluster DNS has no ready pod of {wanted} wanted: no pod can resolve a name.",
            evidence=[
                Evidence(
                    text=f"spec.replicas {wanted}, ready {each.status.ready_replicas}",
                    command=f"kubectl -n kube-system get deployment {each.name}",
                )
            ],
            cause=cause,
            remedy=Remedy(text=next_step),
            source="tasks/administer-cluster/dns-debugging-resolution/",
        )


def _why_no_dns(name: str, wanted: int, holding: list[str]) -> tuple[str, str]:
    """Cause and next step; `holding`: nodes that are not Ready and hold every pod of it."""
    if not wanted:
        return "It was scaled to 0.", f"`kubectl -n kube-system scale deployment {name} --replicas=2`."
    if holding:
        return (
            f"All its pods are on {some(holding)}, which {'is' if len(holding) == 1 else 'are'} not Ready.",
            f"Mend {some(holding)}. To have DNS back before that, let other nodes take it: "
            f"`kubectl -n kube-system delete pods -l {DNS}`.",
        )
    return (
        "Its pods do not become ready: no node takes them, or they fail.",
        f"`kubectl -n kube-system describe pods -l {DNS}` says why.",
    )


def api_down(facts: Facts) -> Iterator[Finding]:
    """No API server answers; `checks` leaves it out where another finding says why."""
    if not facts.silent_api:
        return
    away = sorted(name for name, each in facts.machines.items() if isinstance(each, Unread))
    there = [name for name in facts.plane_names if name not in away]
    yield finding(
        "API_SERVER_DOWN",
        Severity.CRITICAL,
        "the API servers",
        "No API server answers.",
        evidence=[
            Evidence(text=facts.silent_api, command="kubectl get --raw /readyz"),
            Evidence(
                text=f"answer over SSH: {some(there) or 'none'}; do not: {some(away) or 'none'}",
                command="ssh NODE crictl ps -a",
            ),
        ],
        cause=f"The API servers of {some(there)} run: what stands before them, a load balancer, a virtual "
        "address, DNS or a firewall, does not let this machine through."
        if there
        else f"Over SSH {some(away)} gave no answer either: machines or network are down."
        if away
        else "It can't be told: opskit.toml names no nodes that could be asked.",
        remedy=Remedy(
            text=f"`curl -k https://{there[0]}:6443/readyz` from here and from the node itself; compare."
            if there
            else "Look at the machines' consoles."
            if away
            else "Name the nodes under `[clusters.NAME.nodes.addresses]` in opskit.toml, and run this again."
        ),
        source="tasks/debug/debug-cluster/",
    )
