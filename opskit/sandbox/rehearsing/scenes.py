"""What each runbook is rehearsed on: the profile, the fault, and the witness of what it is to attain."""

from opskit.core.errors import UnknownName
from opskit.sandbox.pins import program
from opskit.sandbox.profiles import PROFILES
from opskit.sandbox.rehearsing import (
    answers_crd,
    answers_dex,
    answers_kubeadm,
    answers_mesh,
    answers_platform,
    entering,
    goals,
)
from opskit.sandbox.rehearsing.scene import Scene
from opskit.sandbox.rehearsing.witness import Witness
from opskit.sandbox.trust.using import LEASED, borrow_access, log_people_in


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


_CEPH = "kubectl -n rook-ceph exec deploy/rook-ceph-tools -- ceph"
_FLOWS = (
    "app=web->app=api:TCP/8080",
    "app=api->app=db:TCP/5432",
    "clients/app=browser->app=web:TCP/8080",
)

SCENES = {
    **answers_crd.SCENES,
    **answers_dex.SCENES,
    **answers_kubeadm.SCENES,
    **answers_mesh.SCENES,
    **answers_platform.SCENES,
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
                judge=goals.no_lease_is_left,
                none="No value found",
                env=goals.as_root_of_bao,
            ),
            Witness(
                command="kubectl -n default get serviceaccounts -o json", judge=goals.no_accounts_are_left
            ),
        ),
    ),
    "dex/revoke-access": Scene(
        profile="trust",
        enter=log_people_in,
        parameters={"user": "alice"},
        goal=(
            Witness(
                command="kubectl -n dex get offlinesessionses,refreshtokens -o json",
                judge=goals.holds_no_token,
            ),
        ),
    ),
    "certmanager/renew-certificate": Scene(
        profile="trust",
        parameters={"namespace": "shop", "certificate": "shop"},
        goal=(
            Witness(
                command="kubectl -n {namespace} get secret {certificate}-tls -o jsonpath={{.data.tls\\.crt}}",
                judge=goals.certificate_is_another,
            ),
        ),
    ),
    "operators/resize-quorum": Scene(
        profile="platform",
        fault="etcd-even",
        goal=(
            Witness(
                command="kubectl -n {namespace} exec {name}-0 -- etcdctl member list -w json",
                judge=goals.has_all_members,
            ),
        ),
    ),
    "openshift/route-canary": Scene(
        profile="platform",
        parameters={"namespace": "storefront", "route": "web", "canary": "web-canary", "percents": "10,50"},
        goal=(
            Witness(
                command="kubectl -n {namespace} get routes {route} -o json", judge=goals.route_gives_the_share
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
            Witness(command="kubectl -n {namespace} get networkpolicies -o json", judge=goals.is_closed),
        ),
    ),
    "istio/shift-traffic": Scene(
        profile="mesh",
        fault="broken-version",
        parameters={"watch": "15s"},
        goal=(
            Witness(
                command="istioctl proxy-config routes web-0.shop --name 8080 -o json",
                judge=goals.envoy_gives_the_share,
            ),
        ),
    ),
    "kubeadm/return-node": Scene(
        profile="kubeadm",
        enter=entering.cordon_worker,
        parameters={"node": "w1"},
        goal=(Witness(command="kubectl get node {node} -o json", judge=goals.node_takes_pods),),
    ),
    "kubeadm/drain-node": Scene(
        profile="kubeadm",
        enter=entering.open_shop_on_workers,
        mend=entering.close_shop_on_workers,
        parameters={"node": "w1"},
        goal=(
            Witness(command="kubectl get node {node} -o json", judge=goals.node_is_closed),
            Witness(
                command="kubectl get pods -A --field-selector spec.nodeName={node} -o json",
                judge=goals.only_the_nodes_own_pods,
            ),
            Witness(command="kubectl -n default get deployment shop -o json", judge=goals.serves_elsewhere),
        ),
        maintenance=True,
    ),
    "rook/host-maintenance": Scene(
        profile="light",
        enter=entering.let_maintenance_last,
        mend=entering.open_host,
        parameters={"host": entering.HOST, "direction": "enter", "until": "23:59"},
        goal=(
            Witness(command=f"{_CEPH} osd dump --format json", judge=goals.host_is_kept_still),
            Witness(
                command=f"{_CEPH} config-key get opskit/noout/{{host}}", judge=goals.maintenance_has_an_end
            ),
            Witness(command=f"{_CEPH} osd tree --format json", judge=goals.host_osds_are_down),
            Witness(command=f"{_CEPH} pg stat --format json", judge=goals.data_are_served),
            Witness(command="kubectl get node {host} -o json", judge=goals.node_is_closed),
        ),
        maintenance=True,
    ),
    "operators/upgrade-quorum": Scene(
        profile="platform",
        enter=entering.found_an_old_etcd,
        mend=entering.drop_the_old_etcd,
        parameters={"namespace": "shop", "name": entering.OLD_ETCD, "version": program("etcd").version},
        goal=(
            Witness(
                command="kubectl -n {namespace} exec {name}-0 -- etcdctl endpoint status --cluster -w json",
                judge=goals.runs_the_version,
            ),
            Witness(
                command="kubectl -n {namespace} exec {name}-0 -- etcdctl get --prefix kept -w json",
                judge=goals.keeps_its_data,
            ),
        ),
    ),
}  # fmt: skip
"""By runbook."""
