"""All pairs of a large cluster under thousands of policies, against the independent evaluator of the tests.

The evaluator takes the policies word by word for one pair at a time. On the large clusters it is timed on a
sample of pairs, which must agree with ours; on the small one both judge every pair.
"""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.measure import Row, Sample, child, median
from opskit.systems.calico.reach import Objects, Reach
from tests.unit.calico.slow_cluster import Question
from tests.unit.calico.slow_evaluator import Slow

Manifest = dict[str, Any]
PORTS = (80, 443, 5432, 8080, 9090)
_SAMPLE = 40


def cluster(pods: int, policies: int) -> Iterator[Manifest]:
    """About 100 pods a namespace, 10 applications each; policies of every kind, mostly namespaced."""
    r = random.Random(pods)
    spaces = [f"team-{at}" for at in range(max(3, pods // 100))]
    for at, space in enumerate(spaces):
        labels = {"env": ("prod", "stage", "dev")[at % 3], "unit": f"unit-{at % 20}"}
        yield _object("v1", "Namespace", space, labels=labels)
    for at in range(max(2, pods // 30)):
        status = {"addresses": [{"type": "InternalIP", "address": f"172.16.{at // 250}.{at % 250 + 1}"}]}
        yield _object("v1", "Node", f"node-{at}", labels={"zone": f"z{at % 3}"}, status=status)
    for tier, order in (("security", 100), ("platform", 200)):
        yield _object("projectcalico.org/v3", "Tier", tier, spec={"order": order, "defaultAction": "Pass"})
    for at in range(20):
        spec = {"nets": [f"198.51.{at}.0/24", f"10.{at}.3.0/28"]}
        yield _object(
            "projectcalico.org/v3", "GlobalNetworkSet", f"set-{at}", labels={"feed": f"f{at % 5}"}, spec=spec
        )
    for at in range(pods):
        yield _pod(r, at, spaces[at % len(spaces)], pods)
    for at in range(policies):
        yield _policy(r, at, spaces)


def _object(version: str, kind: str, name: str, space: str = "", **rest: Any) -> Manifest:
    metadata: Manifest = {"name": name, "labels": rest.pop("labels", {})}
    if space:
        metadata["namespace"] = space
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}


def _pod(r: random.Random, at: int, space: str, pods: int) -> Manifest:
    app = at // max(3, pods // 100) % 10
    labels = {"app": f"app-{app}", "tier": ("web", "api", "db")[app % 3], "pod-template-hash": f"{at:x}"}
    ports = [{"name": "http", "containerPort": 8080}, {"name": "metrics", "containerPort": 9090}]
    spec = {
        "nodeName": f"node-{r.randrange(max(2, pods // 30))}",
        "containers": [{"name": "main", "ports": ports}],
    }
    ip = f"10.{at // 60000}.{at // 250 % 240}.{at % 250 + 1}"
    status = {"phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}]}
    return _object("v1", "Pod", f"pod-{at}", space, labels=labels, spec=spec, status=status)


def _policy(r: random.Random, at: int, spaces: list[str]) -> Manifest:
    space, draw = spaces[at % len(spaces)], r.random()
    if draw < 0.65:
        return _object("networking.k8s.io/v1", "NetworkPolicy", f"np-{at}", space, spec=_namespaced(r))
    if draw < 0.93:
        return _object("projectcalico.org/v3", "NetworkPolicy", f"calico-{at}", space, spec=_calico(r, "app"))
    if draw < 0.98:
        spec = _calico(r, "tier") | {"namespaceSelector": f"unit == 'unit-{r.randrange(20)}'"}
        return _object("projectcalico.org/v3", "GlobalNetworkPolicy", f"global-{at}", spec=spec)
    return _object(
        "policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", f"cluster-{at}", spec=_cluster_wide(r)
    )


def _namespaced(r: random.Random) -> Manifest:
    if r.random() < 0.15:
        return {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    subject = {"matchLabels": {"app": f"app-{r.randrange(10)}"}}
    ingress = [{"from": [_peer(r), _peer(r)], "ports": [_port(r)]} for _ in range(2)]
    dns = {"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]}
    egress = [dns, {"to": [_peer(r), _block(r)], "ports": [_port(r)]}]
    return {
        "podSelector": subject,
        "ingress": ingress,
        "egress": egress,
        "policyTypes": ["Ingress", "Egress"],
    }


def _peer(r: random.Random) -> Manifest:
    peer: Manifest = {"podSelector": {"matchLabels": {"app": f"app-{r.randrange(10)}"}}}
    if r.random() < 0.5:
        term = {"key": "env", "operator": "In", "values": r.sample(("prod", "stage", "dev"), 2)}
        peer["namespaceSelector"] = {
            "matchLabels": {"unit": f"unit-{r.randrange(20)}"},
            "matchExpressions": [term],
        }
    return peer


def _block(r: random.Random) -> Manifest:
    net = r.randrange(24)
    return {"ipBlock": {"cidr": f"203.0.{net}.0/24", "except": [f"203.0.{net}.128/25"]}}


def _port(r: random.Random) -> Manifest:
    if r.random() < 0.2:
        return {"port": "http"}
    return {"port": r.choice(PORTS)} if r.random() < 0.8 else {"port": 8000, "endPort": 8999}


def _calico(r: random.Random, key: str) -> Manifest:
    values = ("web", "api", "db") if key == "tier" else tuple(f"app-{at}" for at in range(10))
    some = f"{key} in {{'{r.choice(values)}', '{r.choice(values)}'}}"
    feed = {"selector": f"feed == 'f{r.randrange(5)}'", "namespaceSelector": "global()"}
    metrics = {"source": {"notNets": ["10.0.0.0/24"]}, "destination": {"ports": ["metrics"]}}
    ports = [r.choice(PORTS), "8000:8999"]
    rules = [
        {"action": "Allow", "protocol": "TCP", "source": {"selector": some}, "destination": {"ports": ports}},
        {"action": r.choice(("Deny", "Pass")), "source": feed},
        {"action": "Allow", "protocol": "TCP", **metrics},
    ]
    tier = r.choice(("default", "security", "platform"))
    selector = f"{key} == '{r.choice(values)}' && !has(quarantine)"
    return {
        "tier": tier,
        "order": r.randrange(2000),
        "selector": selector,
        "types": ["Ingress"],
        "ingress": rules,
    }


def _cluster_wide(r: random.Random) -> Manifest:
    subject = {"namespaces": {"matchLabels": {"unit": f"unit-{r.randrange(20)}"}}}
    peer = {"namespaces": {"matchLabels": {"env": r.choice(("prod", "dev"))}}}
    port = {"tcp": {"destinationPort": {"number": r.choice(PORTS)}}}
    rule = {"action": r.choice(("Accept", "Deny", "Pass")), "from": [peer], "protocols": [port]}
    tier = r.choice(("Admin", "Baseline"))
    return {"tier": tier, "priority": r.randrange(1000), "subject": subject, "ingress": [rule]}


def all_pairs(pods: str, policies: str) -> Callable[[], Any]:
    """Ours: from decoded objects to the answer for every pair."""
    objects = Objects.of_manifests(cluster(int(pods), int(policies)))

    def timed() -> Any:
        begin = time.process_time()
        matrix = Reach.of(objects).matrix("TCP", 8080)
        reached, pairs = matrix.pod_pairs()
        return {
            "classes": matrix.universe.size,
            "reached": reached,
            "pairs": pairs,
            "cpu": time.process_time() - begin,
        }

    return timed


def sampled(pods: str, policies: str) -> Callable[[], Any]:
    """The evaluator on a sample of pairs, each compared with ours."""
    manifests = list(cluster(int(pods), int(policies)))
    slow, asked = Slow(manifests), _questions(manifests, _SAMPLE)

    def timed() -> Any:
        return [slow.judge(question) for question in asked]

    expected = [None if found is None else found[0] for found in timed()]
    reach = Reach.of(Objects.of_manifests(manifests))
    got = [reach.allowed(q.source, q.destination, q.protocol, q.port).allowed for q in asked]
    if got != expected:
        raise SystemExit("the two evaluators differ")
    return lambda: len(timed())


def _questions(manifests: list[Manifest], count: int) -> list[Question]:
    names = [f"{m['metadata']['namespace']}/{m['metadata']['name']}" for m in manifests if m["kind"] == "Pod"]
    r = random.Random(7)
    pairs = [r.sample(names, 2) for _ in range(count)]
    return [Question(a, b, 6, 8080, 4) for a, b in pairs]


def every_pair(who: str) -> Callable[[], Any]:
    """A small cluster, each pair of pods judged: `slow` by the evaluator, `ours` by one matrix."""
    manifests = list(cluster(*SMALL))
    objects = Objects.of_manifests(manifests)
    names = [f"{m['metadata']['namespace']}/{m['metadata']['name']}" for m in manifests if m["kind"] == "Pod"]
    if who == "ours":
        return lambda: _reached(Reach.of(objects), names)
    slow = Slow(manifests)
    pairs = [(a, b) for a in names for b in names if a != b]
    return lambda: sum(
        bool(found and found[0]) for found in (slow.judge(Question(a, b, 6, 8080, 4)) for a, b in pairs)
    )


SMALL = (150, 30)


def _reached(reach: Reach, names: list[str]) -> int:
    matrix, universe = reach.matrix("TCP", 8080), reach.universe
    numbers = {e.name: int(n) for e, n in zip(universe.endpoints, universe.class_of, strict=True)}
    return sum(matrix.is_allowed(numbers[a], numbers[b]) for a in names for b in names if a != b)


def _large(pods: int, policies: int, seconds: float) -> Row:
    runs = sorted(
        (child("benchmarks.reachability:all_pairs", str(pods), str(policies)) for _ in range(3)), key=_time
    )
    ours, cpu = runs[1], median([run.result["cpu"] for run in runs])
    peer = child("benchmarks.reachability:sampled", str(pods), str(policies))
    each, pairs = peer.seconds / peer.result, ours.result["classes"] ** 2
    return Row(
        f"reachability of {pods:,} pods under {policies:,} policies",
        f"{ours.seconds:.2f} s (CPU {cpu:.2f} s), {ours.peak_mib:.0f} MiB: {pairs:,} pairs of classes",
        f"naive evaluator {each * 1e3:.1f} ms a pair ({peer.result} sampled, all agree)",
        f"{each * pairs / ours.seconds:,.0f}x if it judged every pair",
        f"<= {seconds} s, <= 500 MiB",
        ours.seconds <= seconds and ours.peak_mib <= 500,
    )


def _time(sample: Sample) -> float:
    return sample.seconds


def rows() -> list[Row]:
    """Two large clusters, and a small one that both judge whole."""
    ours = child("benchmarks.reachability:every_pair", "ours")
    slow = child("benchmarks.reachability:every_pair", "slow")
    if ours.result != slow.result:
        raise SystemExit(f"ours finds {ours.result} open pairs, the evaluator {slow.result}")
    small = Row(
        f"reachability of {SMALL[0]} pods under {SMALL[1]} policies, every pair",
        f"{ours.seconds * 1e3:.0f} ms",
        f"naive evaluator {slow.seconds:.1f} s, the same {slow.result:,} open pairs",
        f"{slow.seconds / ours.seconds:,.0f}x",
        "the same answer",
        True,
    )
    return [small, _large(10_000, 2_000, 0.5), _large(50_000, 5_000, 6.0)]
