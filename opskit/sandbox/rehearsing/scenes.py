"""What each runbook is rehearsed on: the profile, the fault, and the witness of what it is to attain."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opskit.core.errors import UnknownName
from opskit.sandbox.profiles import PROFILES
from opskit.sandbox.rehearsing.witness import Answers, Witness
from opskit.sandbox.rehearsing.witnesses import condition
from opskit.sandbox.sandbox import Sandbox
from opskit.sandbox.site import Site
from opskit.sandbox.trust import bao_api, openbao
from opskit.sandbox.trust.addresses import where
from opskit.sandbox.trust.authority import folder
from opskit.sandbox.trust.using import LEASED, borrow_access, log_people_in


def _leave(_: Sandbox) -> None:
    """Leave it as it is."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What one runbook is rehearsed on."""

    profile: str
    fault: str = ""
    """What is broken first; empty where the runbook is for a sound system, too."""
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Of the fault."""
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Of the runbook: those that the finding does not tell."""
    enter: Callable[[Sandbox], None] = _leave
    """What is there before, besides the fault."""
    goal: Sequence[Witness] = ()
    """What must be true once the runbook has reached its goal."""


def scene_of(runbook: str, system: str) -> Scene:
    """The runbook's scene; of one that has none, the profile that has its system, and nothing broken.

    Raises:
        UnknownName: no profile has the system.

    """
    fitting = [each.name for each in PROFILES.values() if system in each.systems]
    if not fitting:
        known = sorted({name for each in PROFILES.values() for name in each.systems})
        raise UnknownName.among("system in any profile of the sandbox", system, known)
    return SCENES.get(runbook, Scene(profile=fitting[0]))


def _has_all_members(answers: Answers) -> Iterator[str]:
    members, wanted = answers.json["members"], int(answers.parameters["size"])
    if len(members) != wanted:
        yield f"etcd has {len(members)} members, not {wanted}"
    yield from (f"{each['name']} is still a learner" for each in members if each.get("isLearner"))


def _certificate_is_another(answers: Answers) -> Iterator[str]:
    if answers.before == answers.after:
        yield "the Secret holds the same certificate as before"


def _no_accounts_are_left(answers: Answers) -> Iterator[str]:
    made = [each["metadata"]["name"] for each in answers.items if each["metadata"]["name"].startswith("v-")]
    if made:
        yield f"{len(made)} ServiceAccounts of leases are still there"


def _no_lease_is_left(answers: Answers) -> Iterator[str]:
    keys = answers.after.splitlines()[2:]  # below a head and a line
    if keys:
        yield f"{len(keys)} leases are still there"


def _is_closed(answers: Answers) -> Iterator[str]:
    closed = {
        kind
        for each in answers.items
        if each["spec"]["podSelector"] == {} and not {"ingress", "egress"} & each["spec"].keys()
        for kind in each["spec"]["policyTypes"]
    }
    yield from (f"no policy denies {kind}" for kind in ("Ingress", "Egress") if kind not in closed)


def _envoy_gives_the_share(answers: Answers) -> Iterator[str]:
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


def _route_gives_the_share(answers: Answers) -> Iterator[str]:
    spec, wanted = answers.json["spec"], int(str(answers.parameters["percents"]).rpartition(",")[2])
    weights = {each["name"]: each.get("weight", 0) for each in (spec["to"], *spec["alternateBackends"])}
    share = 100 * weights.get(answers.parameters["canary"], 0) // (sum(weights.values()) or 1)
    if share != wanted:
        yield f"the canary has {share} %, not {wanted} %"


def _node_takes_pods(answers: Answers) -> Iterator[str]:
    if answers.json["spec"].get("unschedulable"):
        yield "the node is cordoned"
    if condition(answers.json, "Ready") != "True":
        yield "the node is not ready"


def _as_root_of_bao(site: Site) -> dict[str, str]:
    leader = bao_api.leader(site) or bao_api.NODES[0]
    return {
        "BAO_ADDR": f"https://{where(site, leader, port='openbao')}",
        "BAO_CACERT": str(folder(site) / "ca.crt"),
        "BAO_TOKEN": openbao.root_token(site),
    }


def _holds_no_token(answers: Answers) -> Iterator[str]:
    """Alice has neither, and bob still has both."""
    user = answers.parameters["user"]
    holders = [each.get("userID") or each["claims"]["userID"] for each in answers.items]
    if user in holders:
        yield f"{user} still has {holders.count(user)} objects in Dex' storage"
    if holders.count("bob") != 2:
        yield "what bob had is gone"


def _cordon(sandbox: Sandbox) -> None:
    sandbox.kubectl("cordon", "w1")


_FLOWS = (
    "app=web->app=api:TCP/8080",
    "app=api->app=db:TCP/5432",
    "clients/app=browser->app=web:TCP/8080",
)

SCENES = {
    "operators/health": Scene(profile="platform", fault="etcd-member-killed"),
    "openshift/health": Scene(profile="platform", fault="ingress-degraded"),
    "certmanager/health": Scene(profile="trust", fault="issuer-missing"),
    "dex/health": Scene(profile="trust", fault="dex-down"),
    "vault/health": Scene(profile="trust", fault="openbao-sealed"),
    "istio/health": Scene(profile="mesh", fault="istiod-down"),
    "calico/health": Scene(profile="network", fault="bgp-cut"),
    "kubeadm/health": Scene(profile="kubeadm", fault="kubelet-stopped"),
    "rook/osd-down": Scene(profile="light", fault="osd-down", arguments={"osd": "3"}),
    "rook/health": Scene(profile="light", fault="osd-down", arguments={"osd": "1", "cause": "disk"}),
    "rook/replace-osd": Scene(
        profile="light", fault="osd-down", arguments={"osd": "5", "cause": "disk"}, parameters={"osd": 5}
    ),
    "rook/repair-pg": Scene(profile="light", fault="pg-inconsistent"),
    "vault/revoke-leases": Scene(
        profile="trust",
        enter=borrow_access,
        parameters={"prefix": LEASED},
        goal=(
            Witness(
                command="bao list sys/leases/lookup/{prefix}",
                judge=_no_lease_is_left,
                none="No value found",
                env=_as_root_of_bao,
            ),
            Witness(command="kubectl -n default get serviceaccounts -o json", judge=_no_accounts_are_left),
        ),
    ),
    "dex/revoke-access": Scene(
        profile="trust",
        enter=log_people_in,
        parameters={"user": "alice"},
        goal=(
            Witness(
                command="kubectl -n dex get offlinesessionses,refreshtokens -o json", judge=_holds_no_token
            ),
        ),
    ),
    "certmanager/renew-certificate": Scene(
        profile="trust",
        parameters={"namespace": "shop", "certificate": "shop"},
        goal=(
            Witness(
                command="kubectl -n {namespace} get secret {certificate}-tls -o jsonpath={{.data.tls\\.crt}}",
                judge=_certificate_is_another,
            ),
        ),
    ),
    "operators/resize-quorum": Scene(
        profile="platform",
        fault="etcd-even",
        goal=(
            Witness(
                command="kubectl -n {namespace} exec {name}-0 -- etcdctl member list -w json",
                judge=_has_all_members,
            ),
        ),
    ),
    "openshift/route-canary": Scene(
        profile="platform",
        parameters={"namespace": "storefront", "route": "web", "canary": "web-canary", "percents": "10,50"},
        goal=(
            Witness(
                command="kubectl -n {namespace} get routes {route} -o json", judge=_route_gives_the_share
            ),
        ),
    ),
    "calico/default-deny": Scene(
        profile="network",
        parameters={
            "namespace": "shop",
            "allow": ",".join(_FLOWS),
        },
        goal=(
            Witness(command="kubectl -n {namespace} get networkpolicies -o json", judge=_is_closed),
        ),
    ),
    "istio/shift-traffic": Scene(
        profile="mesh",
        fault="broken-version",
        parameters={"watch": "15s"},
        goal=(
            Witness(
                command="istioctl proxy-config routes web-0.shop --name 8080 -o json",
                judge=_envoy_gives_the_share,
            ),
        ),
    ),
    "kubeadm/return-node": Scene(
        profile="kubeadm",
        enter=_cordon,
        parameters={"node": "w1"},
        goal=(Witness(command="kubectl get node {node} -o json", judge=_node_takes_pods),),
    ),
}  # fmt: skip
"""By runbook."""
