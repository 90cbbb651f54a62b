"""What must be true once a runbook has reached its goal, by what the systems' own tools say."""

from collections.abc import Iterator
from typing import Any

import msgspec

from opskit.sandbox.rehearsing.witness import Answers, Json
from opskit.sandbox.rehearsing.witnesses import condition, name
from opskit.sandbox.site import Site
from opskit.sandbox.trust import bao_api, openbao
from opskit.sandbox.trust.addresses import where
from opskit.sandbox.trust.authority import folder


def has_all_members(answers: Answers) -> Iterator[str]:
    """Etcd has the members that were asked for, and no learner."""
    members, wanted = answers.json["members"], int(answers.parameters["size"])
    if len(members) != wanted:
        yield f"etcd has {len(members)} members, not {wanted}"
    yield from (f"{each['name']} is still a learner" for each in members if each.get("isLearner"))


def certificate_is_another(answers: Answers) -> Iterator[str]:
    """The Secret holds another certificate than before."""
    if answers.before == answers.after:
        yield "the Secret holds the same certificate as before"


def no_accounts_are_left(answers: Answers) -> Iterator[str]:
    """No ServiceAccount that was lent is left."""
    made = [each["metadata"]["name"] for each in answers.items if each["metadata"]["name"].startswith("v-")]
    if made:
        yield f"{len(made)} ServiceAccounts of leases are still there"


def no_lease_is_left(answers: Answers) -> Iterator[str]:
    """OpenBao knows no lease any more."""
    keys = answers.after.splitlines()[2:]  # below a head and a line
    if keys:
        yield f"{len(keys)} leases are still there"


def is_closed(answers: Answers) -> Iterator[str]:
    """One policy denies all that comes in, and one all that goes out."""
    closed = {
        kind
        for each in answers.items
        if each["spec"]["podSelector"] == {} and not {"ingress", "egress"} & each["spec"].keys()
        for kind in each["spec"]["policyTypes"]
    }
    yield from (f"no policy denies {kind}" for kind in ("Ingress", "Egress") if kind not in closed)


def envoy_gives_the_share(answers: Answers) -> Iterator[str]:
    """Envoy's own routes give the version the share that was to be reached."""
    wanted, shares = int(answers.parameters["weight"]), envoy_shares(answers.json)
    name = f"outbound|8080|{answers.parameters['subset']}|{answers.parameters['service']}."
    found = sum(share for cluster, share in shares.items() if cluster.startswith(name))
    if not shares:
        yield "Envoy has no route to it"
    elif found != wanted:
        yield f"Envoy gives it {found} %, not {wanted} %"


def envoy_shares(configurations: Any) -> dict[str, int]:
    """Each cluster's share in percent, of what `istioctl proxy-config routes -o json` prints."""
    routes = [
        route["route"]
        for each in configurations
        for host in each.get("virtualHosts", ())
        for route in host.get("routes", ())
        if "route" in route
    ]
    shares: dict[str, int] = {}
    for route in routes:
        if "weightedClusters" in route:
            shares |= {
                one["name"]: int(one.get("weight", 0)) for one in route["weightedClusters"]["clusters"]
            }
        elif "cluster" in route:
            shares[route["cluster"]] = 100
    return shares


def route_gives_the_share(answers: Answers) -> Iterator[str]:
    """The route's weights give the canary the last share."""
    spec, wanted = answers.json["spec"], int(str(answers.parameters["percents"]).rpartition(",")[2])
    weights = {each["name"]: each.get("weight", 0) for each in (spec["to"], *spec["alternateBackends"])}
    share = 100 * weights.get(answers.parameters["canary"], 0) // (sum(weights.values()) or 1)
    if share != wanted:
        yield f"the canary has {share} %, not {wanted} %"


def node_takes_pods(answers: Answers) -> Iterator[str]:
    """The node is ready and not cordoned."""
    if answers.json["spec"].get("unschedulable"):
        yield "the node is cordoned"
    if condition(answers.json, "Ready") != "True":
        yield "the node is not ready"


def as_root_of_bao(site: Site) -> dict[str, str]:
    """What makes `bao` ask the leader as root."""
    leader = bao_api.leader(site) or bao_api.NODES[0]
    return {
        "BAO_ADDR": f"https://{where(site, leader, port='openbao')}",
        "BAO_CACERT": str(folder(site) / "ca.crt"),
        "BAO_TOKEN": openbao.root_token(site),
    }


def holds_no_token(answers: Answers) -> Iterator[str]:
    """Alice has neither, and bob still has both."""
    user = answers.parameters["user"]
    holders = [each.get("userID") or each["claims"]["userID"] for each in answers.items]
    if user in holders:
        yield f"{user} still has {holders.count(user)} objects in Dex' storage"
    if holders.count("bob") != 2:
        yield "what bob had is gone"


def node_is_closed(answers: Answers) -> Iterator[str]:
    """The node takes no pods."""
    if not answers.json["spec"].get("unschedulable"):
        yield "the node takes pods"


def only_the_nodes_own_pods(answers: Answers) -> Iterator[str]:
    """Only a DaemonSet's and the node's own pods are on it, and there was more before."""
    left = [name(each) for each in answers.items if not _of_the_node(each)]
    yield from (f"{each} is still on it" for each in left)
    if all(map(_of_the_node, msgspec.json.decode(answers.before)["items"])):
        yield "nothing was on it that could be evicted: this proves nothing"


def _of_the_node(pod: Json) -> bool:
    """Whether a drain leaves it: https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/."""
    owners = [each["kind"] for each in pod["metadata"].get("ownerReferences", ())]
    return bool({"DaemonSet", "Node"} & {*owners}) or pod["status"]["phase"] in ("Succeeded", "Failed")


def serves_elsewhere(answers: Answers) -> Iterator[str]:
    """All its pods are ready."""
    wanted, ready = answers.json["spec"]["replicas"], answers.json["status"].get("readyReplicas", 0)
    if ready != wanted:
        yield f"{ready} of {wanted} pods are ready"


def host_is_kept_still(answers: Answers) -> Iterator[str]:
    """Ceph has noout on this host, and on no other."""
    flags = answers.json["crush_node_flags"]
    if flags != {answers.parameters["host"]: ["noout"]}:
        yield f"Ceph has these flags on hosts: {flags}"
    yield from (f"osd.{each['osd']} is out" for each in answers.json["osds"] if not each["in"])


def maintenance_has_an_end(answers: Answers) -> Iterator[str]:
    """Ceph itself keeps until when the host's noout is meant: nobody but the runbook writes that."""
    if not answers.json.get("until"):
        yield "nothing tells until when the host is to be kept still"


def host_osds_are_down(answers: Answers) -> Iterator[str]:
    """The host's OSDs are down, and all others up."""
    nodes = {each["id"]: each for each in answers.json["nodes"]}
    for host in (each for each in nodes.values() if each["type"] == "host"):
        wanted = "down" if host["name"] == answers.parameters["host"] else "up"
        for osd in (nodes[each] for each in host["children"]):
            if osd["status"] != wanted:
                yield f"{osd['name']} of {host['name']} is {osd['status']}"


def data_are_served(answers: Answers) -> Iterator[str]:
    """Every PG is active."""
    states = answers.json["pg_summary"]["num_pg_by_state"]
    yield from (f"{each['num']} PGs are {each['name']}" for each in states if "active" not in each["name"])


def runs_the_version(answers: Answers) -> Iterator[str]:
    """Three members run the version that was asked for, which none did before."""
    wanted = str(answers.parameters["version"]).removeprefix("v")
    now, before = (
        [each["Status"]["version"] for each in said]
        for said in (answers.json, msgspec.json.decode(answers.before))
    )
    if now != [wanted] * 3:
        yield f"the members run {', '.join(now)}, not {wanted}"
    if wanted in before:
        yield f"a member ran {wanted} before: this proves nothing"


def keeps_its_data(answers: Answers) -> Iterator[str]:
    """What was in it is in it, untouched."""
    now, before = (_kept(said) for said in (answers.after, answers.before))
    if not before or now != before:
        yield f"it held {before}, and holds {now}"


def _kept(said: str) -> list[tuple[str, str, int]]:
    found = msgspec.json.decode(said).get("kvs") or []
    return [(each["key"], each["value"], each["version"]) for each in found]
