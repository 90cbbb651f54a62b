"""What Dex counts of its answers, where it shows it: refusals of clients are in no log of Dex 2.13."""

import re

from opskit.core.cluster import Cluster
from opskit.core.errors import BadAnswer, DeadlineExceeded, Forbidden, NotInstalled, Unreachable
from opskit.core.kinds_core import POD
from opskit.core.kinds_workloads import Pod

PORT = "telemetry"
_COUNTED = re.compile(r"^http_requests_total\{(?P<labels>[^}]*)\} (?P<times>[0-9.e+]+)$", re.MULTILINE)


def refused_clients(cluster: Cluster, namespace: str, selector: str) -> dict[str, int]:
    """Pod → how many requests for tokens it has refused because of the client, since it started.

    Raises:
        NotInstalled: no pod names a port `telemetry`, or it is out of reach from here: Dex does without it.
        BadAnswer, NotInSnapshot: as any read.

    """
    pods = {each.name: _port(each) for each in cluster.list(POD, namespace=namespace, selector=selector)}
    shown = {name: port for name, port in pods.items() if port}
    if not shown:
        raise NotInstalled(
            "Dex does not show what it counts.",
            where=f"pods in namespace {namespace}",
            hint=f"set telemetry.http in its configuration, and name the container's port {PORT}",
        )
    return {name: _asked(cluster, namespace, name, port) for name, port in shown.items()}


def _port(pod: Pod) -> int:
    ports = [port for each in pod.spec.containers or [] for port in each.ports or []]
    return next((each.container_port for each in ports if each.name == PORT), 0)


def _asked(cluster: Cluster, namespace: str, pod: str, port: int) -> int:
    where = f"{namespace}/{pod}:{port}"
    try:
        answer = cluster.http(f"dex@http://{where}", "/metrics", deadline=5.0)
    except (Forbidden, Unreachable, DeadlineExceeded) as error:
        raise NotInstalled(
            f"What Dex counts is out of reach from here: {error.what}", where=error.where, hint=error.hint
        ) from error
    if answer.status != 200:
        raise BadAnswer(f"Dex' telemetry answered {answer.status}.", where=f"{where}/metrics")
    return refusals(answer.body.decode("utf-8", "replace"))


def refusals(text: str) -> int:
    """How many requests at `/token` were answered with 401, by Prometheus' text format."""
    found = (each for each in _COUNTED.finditer(text) if _is_refusal(each["labels"]))
    return sum(int(float(each["times"])) for each in found)


def _is_refusal(labels: str) -> bool:
    return 'code="401"' in labels and re.search(r'handler="[^"]*/token"', labels) is not None
