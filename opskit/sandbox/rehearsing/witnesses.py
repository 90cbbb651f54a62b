"""What says that a whole system is well: its own tool, and what that must answer. Pure."""

from collections.abc import Iterator

from opskit.sandbox.rehearsing.witness import Answers, Json, Witness


def ceph_is_well(answers: Answers) -> Iterator[str]:
    """HEALTH_OK, and every PG is active and clean."""
    status = answers.json
    yield from (f"Ceph raises {code}" for code in status["health"]["checks"])
    yield from (
        f"{each['count']} PGs are {each['state_name']}"
        for each in status["pgmap"]["pgs_by_state"]
        if each["state_name"] != "active+clean"
    )


def etcd_is_well(answers: Answers) -> Iterator[str]:
    """Every member answers and is healthy."""
    yield from (f"{each['endpoint']} is unhealthy" for each in answers.json if not each["health"])


def operators_are_well(answers: Answers) -> Iterator[str]:
    """Every cluster operator is available and not degraded."""
    for each in answers.items:
        if condition(each, "Available") != "True" or condition(each, "Degraded") == "True":
            yield f"cluster operator {name(each)} is not well"


def certificates_are_ready(answers: Answers) -> Iterator[str]:
    """Every Certificate is Ready."""
    yield from (
        f"certificate {name(each)} is not ready"
        for each in answers.items
        if condition(each, "Ready") != "True"
    )


def bao_is_unsealed(answers: Answers) -> Iterator[str]:
    """The node is unsealed and in a cluster with a leader."""
    status = answers.json
    if status["sealed"]:
        yield "the node is sealed"
    if status.get("ha_enabled") and not status.get("leader_address"):
        yield "there is no leader"


def proxies_are_synced(answers: Answers) -> Iterator[str]:
    """Every proxy has what istiod sent it."""
    lines = answers.after.splitlines()[1:]
    if not lines:
        yield "istiod knows no proxy"
    yield from (f"{line.split()[0]} is stale" for line in lines if "STALE" in line)


def sessions_are_up(answers: Answers) -> Iterator[str]:
    """Every BGP protocol of the BIRD is Established."""
    sessions = [line.split() for line in answers.after.splitlines() if " BGP " in line]
    if not sessions:
        yield "there is no BGP session"
    yield from (f"{each[0]} is {each[-1]}" for each in sessions if each[-1] != "Established")


def nodes_are_ready(answers: Answers) -> Iterator[str]:
    """Every node is Ready and takes pods."""
    for each in answers.items:
        if condition(each, "Ready") != "True":
            yield f"node {name(each)} is not ready"
        if each["spec"].get("unschedulable"):
            yield f"node {name(each)} is cordoned"


def pods_are_ready(answers: Answers) -> Iterator[str]:
    """Every pod is Ready."""
    if not answers.items:
        yield "there is no pod"
    for each in answers.items:
        if condition(each, "Ready") != "True" and each["status"].get("phase") != "Succeeded":
            yield f"pod {name(each)} is not ready"


def condition(found: Json, kind: str) -> str:
    """The status of an object's condition; empty where it has none of that type."""
    every = found.get("status", {}).get("conditions") or []
    return next((each["status"] for each in every if each["type"] == kind), "")


def name(found: Json) -> str:
    """An object's name, with its namespace where it has one."""
    meta = found["metadata"]
    return "/".join(filter(None, (meta.get("namespace"), meta["name"])))


_BIRDCL = "birdcl -s /var/run/calico/bird.ctl show protocols"

WITNESSES: dict[str, tuple[Witness, ...]] = {
    "rook": (
        Witness(
            command="kubectl -n rook-ceph exec deploy/rook-ceph-tools -- ceph status --format json",
            judge=ceph_is_well,
        ),
    ),
    "operators": (
        Witness(
            command="kubectl -n shop exec orders-0 -- etcdctl endpoint health --cluster -w json",
            judge=etcd_is_well,
        ),
    ),
    "openshift": (Witness(command="kubectl get clusteroperators -o json", judge=operators_are_well),),
    "certmanager": (Witness(command="kubectl get certificates -A -o json", judge=certificates_are_ready),),
    "vault": tuple(
        Witness(
            command=f"kubectl -n openbao exec openbao-{node} -- bao status -format=json",
            judge=bao_is_unsealed,
        )
        for node in range(3)
    ),
    "dex": (Witness(command="kubectl -n dex get pods -o json", judge=pods_are_ready),),
    "istio": (
        Witness(command="istioctl proxy-status", judge=proxies_are_synced),
        Witness(command="kubectl -n shop get pods -o json", judge=pods_are_ready),
    ),
    "calico": tuple(
        Witness(
            command=f"kubectl -n calico-system exec calico-node-node-{node} -- {_BIRDCL}",
            judge=sessions_are_up,
        )
        for node in "abcde"
    ),
    "kubeadm": (Witness(command="kubectl get nodes -o json", judge=nodes_are_ready),),
}
"""By system, the questions that say whether it is well."""
