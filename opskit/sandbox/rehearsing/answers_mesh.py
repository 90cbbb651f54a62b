"""Whether opskit is right about requests: requests that are really made, and Jaeger's own account of them."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from math import sqrt
from typing import Any

import urllib3

from opskit.core.errors import Unreachable
from opskit.sandbox.mesh import network
from opskit.sandbox.mesh.workloads import CLUSTER_IPS, WEB, WORKLOADS
from opskit.sandbox.rehearsing.scene import Scene
from opskit.sandbox.rehearsing.shown import Row
from opskit.sandbox.rehearsing.witness import Answers, Json, Parameters, Witness
from opskit.sandbox.running import run
from opskit.sandbox.site import Site

REQUESTS = 300
"""That are made: enough to tell a tenth from a fifth."""
_DEVIATIONS = 4.0
"""Of a share that was counted from the one that was told, in standard deviations: beyond it they differ."""
_LEAST = 0.0025
"""Of a variance: where all requests or none should come, one of three hundred may stray."""
_HOP = ("stage", "name", "share", "ok")
_CLIENT = f"{WEB.namespace}/{WEB.pod}"


def make_requests(site: Site, parameters: Parameters) -> str:
    """Counts of answers by the address of the pod that says it gave them, of failures by their status."""
    service = str(parameters["host"]).partition(".")[0]
    url = f"http://{CLUSTER_IPS[service]}:{parameters['port']}{parameters.get('path', '/')}?[1-{REQUESTS}]"
    said = run(
        [
            *(*network.inside(site, WEB), "curl", "-s", "-H", f"Host: {parameters['host']}"),
            *("-w", "\n%{http_code}\n", url),
        ],
        deadline=300.0,
    )
    lines = said.splitlines()
    counted = Counter(
        _answered(site, body, status) for body, status in zip(lines[::2], lines[1::2], strict=True)
    )
    return json.dumps(counted)


def _answered(site: Site, body: str, status: str) -> str:
    """The address of the pod that answered; the status where none did."""
    if not status.startswith("2"):
        return status
    told = json.loads(body)
    (pod,) = [each for each in WORKLOADS if (each.app, each.version) == (told["name"], told["from"])]
    return pod.address(site)


def requests_go_where_it_was_told(answers: Answers) -> Iterator[str]:
    """The share of the requests that each pod answered, or that failed, is what the notebook showed."""
    counted = answers.json
    total = sum(counted.values())
    if total != REQUESTS:
        yield f"{total} of {REQUESTS} requests were answered"
        return
    told = _summed((_end(row), float(row["share"])) for row in answers.shown.rows(*_HOP) if _end(row))
    seen = _summed(("failed" if who.isdecimal() else who, count / total) for who, count in counted.items())
    for who in sorted({*told, *seen}):
        share, wanted = seen.get(who, 0.0), told.get(who, 0.0)
        if abs(share - wanted) > _DEVIATIONS * sqrt(max(wanted * (1 - wanted), _LEAST) / total):
            yield f"{share:.0%} of the requests {_ended(who)}, and opskit says {wanted:.0%}"


def _summed(shares: Iterable[tuple[str, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for who, share in shares:
        found[who] = found.get(who, 0.0) + share
    return found


def _end(hop: Row) -> str:
    """Who answers the requests that reach this hop; empty where they go on."""
    if hop["ok"] == "False":
        return "failed"
    return hop["name"].rpartition(":")[0] if hop["stage"] == "endpoint" else ""


def _ended(who: str) -> str:
    return "failed" if who == "failed" else f"were answered by {who}"


def ask_jaeger(site: Site, parameters: Parameters) -> str:
    """What Jaeger itself tells of all requests that came through the gateway."""
    del parameters
    where = f"http://127.0.0.1:{site.port('jaeger')}/api/traces?service={_ENTRANCE}&limit=1500&lookback=1h"
    try:
        return urllib3.request("GET", where, timeout=30.0, retries=False).data.decode()
    except urllib3.exceptions.HTTPError as error:
        raise Unreachable(f"Jaeger does not answer: {error}.", where=where) from error


_ENTRANCE = "istio-ingressgateway.istio-ingress"


def time_goes_where_it_was_told(answers: Answers) -> Iterator[str]:
    """The slowest trace that was shown is Jaeger's, took so long, and most of it was in the slow version."""
    shown = answers.shown.rows("trace", "started", "ms", "spans")
    known = {each["traceID"]: each for each in answers.json["data"]}
    if not shown:
        yield "opskit shows no trace"
        return
    slowest = known.get(shown[0]["trace"])
    if slowest is None:
        yield f"Jaeger knows no trace {shown[0]['trace']}"
        return
    took = max(each["duration"] for each in slowest["spans"]) / 1000
    if abs(took - float(shown[0]["ms"])) > 0.001 or len(slowest["spans"]) != int(shown[0]["spans"]):
        yield f"Jaeger's trace took {took} ms in {len(slowest['spans'])} spans; opskit: {shown[0]}"
    where = _most_time(slowest)
    if f" ms of it in {where}." not in answers.shown.text:
        yield f"by Jaeger's spans most of the slowest request was in {where}, and opskit says otherwise"
    if not where.startswith(_SLOW):
        yield f"most of the slowest request was in {where}, and {_SLOW} was made slow"


_SLOW = "reviews.shop v2"


def _most_time(trace: Json) -> str:
    """Who spent most of a trace: the span that is longest without those that it is the parent of."""
    spans, children = trace["spans"], Counter[str]()
    for each in spans:
        for reference in each.get("references", ()):
            children[reference["spanID"]] += each["duration"]
    longest = max(spans, key=lambda each: each["duration"] - children[each["spanID"]])
    tags = {each["key"]: each["value"] for each in longest["tags"]}
    return f"{trace['processes'][longest['processID']]['serviceName']} {_version(tags)}".strip()


def _version(tags: dict[str, Any]) -> str:
    return str(tags.get("istio.canonical_revision", ""))


SCENES = {
    "istio/where-time-goes": Scene(
        profile="mesh",
        fault="slow-version",
        answer=(
            Witness(
                command=f"curl http://JAEGER/api/traces?service={_ENTRANCE}",
                asked=ask_jaeger,
                judge=time_goes_where_it_was_told,
            ),
        ),
    ),
    "istio/where-goes-request": Scene(
        profile="mesh",
        fault="subset-without-pods",
        parameters={"client": _CLIENT, "host": "reviews.shop.svc.cluster.local", "port": 8080},
        answer=(
            Witness(
                command=f"curl http://{{host}}:{{port}}/?[1-{REQUESTS}]   # in {_CLIENT}",
                asked=make_requests,
                judge=requests_go_where_it_was_told,
            ),
        ),
    ),
}
"""By runbook."""
