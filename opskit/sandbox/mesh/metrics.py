"""What Prometheus scrapes of the mesh, under Istio's standard names.

A plain Envoy lacks the filter with which Istio's own build counts requests. Envoy's own counters say the same
of each cluster (which names service and subset), so that relabelling can rename them; what they do not know
stays away: who the peer was at the other end of a connection, and response flags.
"""

from opskit.sandbox.kube import Json
from opskit.sandbox.mesh import istiod
from opskit.sandbox.mesh.workloads import MESHED, SHOP, Workload, fqdn
from opskit.sandbox.site import Site

_REQUESTS, _TIME = "envoy_cluster_upstream_rq", "envoy_cluster_upstream_rq_time"
_OURS = rf"{_REQUESTS}|{_TIME}_(?:bucket|sum|count)"
_OUT = r"outbound\|\d+\|([^|]*)\|(([^.]+)\.([^.]+)\..+)"
_IN = r"inbound\|\d+\|.*"
_KEPT = "|".join(
    (
        "up",
        "istio_.*",
        "envoy_cluster_upstream_rq_(retry|retry_success|timeout|per_try_timeout|pending_overflow)",
        "envoy_cluster_upstream_cx_connect_fail",
        "envoy_cluster_outlier_detection_ejections_(active|enforced_total)",
        "envoy_listener_no_filter_chain_match",
        "envoy_listener_ssl_(handshake|connection_error)",
        "envoy_(cluster|listener)_manager_(cds|lds)_update_rejected",
        "envoy_server_(days_until_first_cert_expiring|uptime|live)",
    )
)


def scrapes(site: Site) -> list[Json]:
    """Prometheus' scrape configurations: every Envoy, and istiod."""
    envoys = {
        "job_name": "istio-proxies",
        "metrics_path": "/stats/prometheus",
        "static_configs": [_target(site, each) for each in MESHED],
        "metric_relabel_configs": relabelling(),
    }
    target = {"targets": [f"{istiod.local(site)}:{istiod.METRICS}"], "labels": {"app": "istiod"}}
    return [envoys, {"job_name": "istiod", "static_configs": [target]}]


def _target(site: Site, each: Workload) -> Json:
    labels = {
        "namespace": each.namespace,
        "pod": each.pod,
        "workload": each.name,
        "version": each.version,
        "service": fqdn(each.app)
        if each.namespace == SHOP
        else f"{each.app}.{each.namespace}.svc.cluster.local",
    }
    return {"targets": [f"{each.address(site)}:15090"], "labels": labels}


def relabelling() -> list[Json]:
    """Envoy's names and labels to Istio's."""
    name_and_cluster = ["__name__", "cluster_name"]
    outward = [
        _set(name_and_cluster, rf"(?:{_OURS});{_OUT}", "destination_version", "$1"),
        _set(name_and_cluster, rf"(?:{_OURS});{_OUT}", "destination_service", "$2"),
        _set(name_and_cluster, rf"(?:{_OURS});{_OUT}", "destination_service_name", "$3"),
        _set(name_and_cluster, rf"(?:{_OURS});{_OUT}", "destination_service_namespace", "$4"),
        _set(name_and_cluster, rf"(?:{_OURS});{_OUT}", "reporter", "source"),
        _set([*name_and_cluster, "workload"], rf"(?:{_OURS});outbound.*;(.+)", "source_workload", "$1"),
        _set(
            [*name_and_cluster, "namespace"],
            rf"(?:{_OURS});outbound.*;(.+)",
            "source_workload_namespace",
            "$1",
        ),
    ]
    inward = [
        _set(name_and_cluster, rf"(?:{_OURS});{_IN}", "reporter", "destination"),
        _set(name_and_cluster, rf"(?:{_OURS});{_IN}", "source_workload", "unknown"),
        _set([*name_and_cluster, "service"], rf"(?:{_OURS});{_IN};(.+)", "destination_service", "$1"),
        _set([*name_and_cluster, "version"], rf"(?:{_OURS});{_IN};(.+)", "destination_version", "$1"),
        _set([*name_and_cluster, "workload"], rf"(?:{_OURS});{_IN};(.+)", "destination_workload", "$1"),
        _set(
            [*name_and_cluster, "namespace"],
            rf"(?:{_OURS});{_IN};(.+)",
            "destination_workload_namespace",
            "$1",
        ),
    ]
    renamed = [
        _set(
            ["__name__", "reporter", "response_code"],
            rf"{_REQUESTS};.+;\d+",
            "__name__",
            "istio_requests_total",
        ),
        _set(
            ["__name__", "reporter"],
            rf"{_TIME}_(bucket|sum|count);.+",
            "__name__",
            "istio_request_duration_milliseconds_$1",
        ),
    ]
    return [
        *outward,
        *inward,
        *renamed,
        {"source_labels": ["__name__"], "regex": _KEPT, "action": "keep"},
    ]


def _set(sources: list[str], pattern: str, target: str, value: str) -> Json:
    return {"source_labels": sources, "regex": pattern, "target_label": target, "replacement": value}
