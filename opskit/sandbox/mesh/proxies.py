"""The pods' processes: the shop's services and clients, and beside each its agent, which runs a real Envoy.

The agent is Istio's own (`pilot-agent`): it gets the workload's certificate from istiod's CA by a real
service-account token, hands it to Envoy over SDS, and passes Envoy's configuration on from istiod.
"""

import sys
from functools import partial
from pathlib import Path

import msgspec

from opskit.sandbox.binaries import require
from opskit.sandbox.component import Component
from opskit.sandbox.control_plane import api
from opskit.sandbox.files import private_folder, read_json, write_private
from opskit.sandbox.kube import Json
from opskit.sandbox.mesh import istiod, network
from opskit.sandbox.mesh.objects import labels, service_account
from opskit.sandbox.mesh.workloads import (
    CLUSTER_IPS,
    GATEWAY,
    GATEWAY_HOST,
    MESHED,
    PORT,
    WORKLOADS,
    Workload,
    control,
    fqdn,
)
from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site

_HERE = Path(__file__).parent
_TOKEN_SECONDS = 7 * 86_400
LOAD = "load"
BATCH_LOAD = "app-batch"


def components(rate: float) -> list[Component]:
    """The network, every pod's processes, and the load.

    Args:
        rate: requests a second that clients outside ask the gateway for; 0 is none.

    """
    found = [
        Component(name="mesh-network", programs=("pilot-agent",), settle=_network),
        *(_app(each) for each in WORKLOADS if each.serves),
        *(_proxy(each) for each in MESHED),
        _batch(),
    ]
    return [*found, _load(rate)] if rate else found


def _network(site: Site) -> None:
    network.build(site)
    for each in MESHED:
        network.capture(site, each)


def _app(each: Workload) -> Component:
    return Component(
        name=each.process,
        needs=("mesh-network",),
        prepare=partial(behave, name=each.name),
        command=partial(_app_command, each=each),
        mortal=True,
    )


def _app_command(site: Site, *, each: Workload) -> Command:
    settings = folder(site, each) / "shop.json"
    return Command(argv=(*network.inside(site, each), sys.executable, str(_HERE / "shop.py"), str(settings)))


def behave(site: Site, *, name: str, fail: float = 0.0, delay: float = 0.0) -> None:
    """Have a service of the shop behave so from its next request on.

    Args:
        site: the sandbox.
        name: of the workload.
        fail: share of requests that end with 500.
        delay: seconds before each answer.

    """
    each = next(one for one in WORKLOADS if one.name == name)
    calls = {
        callee: {"host": fqdn(callee), "address": CLUSTER_IPS[callee], "port": PORT} for callee in each.calls
    }
    content = {"name": each.app, "version": each.version, "port": PORT, "calls": calls}
    file = folder(site, each) / "shop.json"
    write_private(file, msgspec.json.encode({**content, "fail": fail, "delay": delay}))


def behaviour(site: Site, name: str) -> Json:
    """How a service of the shop behaves now."""
    each = next(one for one in WORKLOADS if one.name == name)
    return read_json(folder(site, each) / "shop.json", {})


def folder(site: Site, each: Workload) -> Path:
    """A pod's own files, to which the paths of its agent are relative."""
    private_folder(site.state / "mesh")
    return private_folder(site.state / "mesh" / each.name)


def _proxy(each: Workload) -> Component:
    return Component(
        name=each.agent,
        programs=("pilot-agent", "envoy"),
        needs=("istiod", "mesh-network", "mesh-objects"),
        prepare=partial(_write_files, each=each),
        command=partial(proxy_command, each=each),
        ready=partial(proxy_ready, each=each),
        mortal=True,
    )


def _write_files(site: Site, *, each: Workload) -> None:
    own = folder(site, each)
    for path in ("etc/istio/proxy", "etc/istio/pod", "var/run/secrets/tokens", "var/run/secrets/istio"):
        (own / path).mkdir(mode=0o700, parents=True, exist_ok=True)
    told = "\n".join(f'{key}="{value}"' for key, value in labels(each).items())
    write_private(own / "etc/istio/pod/labels", told)
    write_private(own / "etc/istio/pod/annotations", "")
    write_private(own / "bootstrap.json", (_HERE / "bootstrap.json").read_text())
    write_token(site, each)
    trust(site, each)


def write_token(site: Site, each: Workload) -> None:
    """A real token of the pod's service account, for istiod's CA alone."""
    path = f"/api/v1/namespaces/{each.namespace}/serviceaccounts/{service_account(each)}/token"
    spec = {"audiences": ["istio-ca"], "expirationSeconds": _TOKEN_SECONDS}
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    token = (api(site).create(path, request) or {})["status"]["token"]
    write_private(folder(site, each) / "var/run/secrets/tokens/istio-token", token)


def trust(site: Site, each: Workload) -> None:
    """The CA's certificate, as istiod publishes it in every namespace."""
    found = api(site).get(f"/api/v1/namespaces/{istiod.SYSTEM}/secrets/istio-ca-secret")
    write_private(
        folder(site, each) / "var/run/secrets/istio/root-cert.pem", _decoded(found["data"]["ca-cert.pem"])
    )


def _decoded(text: str) -> bytes:
    from base64 import b64decode

    return b64decode(text)


def proxy_command(site: Site, *, each: Workload, env: dict[str, str] | None = None) -> Command:
    """What runs a pod's agent, which runs its Envoy; both as the group that is not captured."""
    own = folder(site, each)
    as_group = ("setpriv", f"--regid={network.PROXY_GROUP}", "--clear-groups", "env", f"--chdir={own}")
    arguments = ("proxy", each.proxy, f"--domain={each.namespace}.svc.cluster.local")
    levels = (
        "--proxyLogLevel=warning",
        "--log_output_level=default:info",
        f"--templateFile={own}/bootstrap.json",
    )
    return Command(
        argv=(*network.inside(site, each), *as_group, require("pilot-agent"), *arguments, *levels),
        env={**_environment(site, each), **(env or {})},
    )


def _environment(site: Site, each: Workload) -> dict[str, str]:
    proxy = {
        "discoveryAddress": f"{control(site)}:{istiod.XDS}",
        "binaryPath": require("envoy"),
        "concurrency": 1,
        "statusPort": 15020,
        "terminationDrainDuration": "1s",
    }
    owner = f"kubernetes://apis/apps/v1/namespaces/{each.namespace}/statefulsets/{each.name}"
    return {
        "POD_NAME": each.pod,
        "POD_NAMESPACE": each.namespace,
        "INSTANCE_IP": each.address(site),
        "HOST_IP": control(site),
        "SERVICE_ACCOUNT": service_account(each),
        "PROXY_CONFIG": msgspec.json.encode(proxy).decode(),
        "CA_ADDR": f"{control(site)}:{istiod.XDS}",
        "ISTIOD_SAN": istiod.SERVING_NAME,
        "PILOT_CERT_PROVIDER": "istiod",
        "JWT_POLICY": "third-party-jwt",
        "TRUST_DOMAIN": "cluster.local",
        "ISTIO_META_CLUSTER_ID": "Kubernetes",
        "ISTIO_META_MESH_ID": "cluster.local",
        "ISTIO_META_NODE_NAME": "node-a",
        "ISTIO_META_WORKLOAD_NAME": each.name,
        "ISTIO_META_OWNER": owner,
        "ISTIO_META_INTERCEPTION_MODE": "REDIRECT" if each.proxy == "sidecar" else "",
        "ISTIO_META_APP_CONTAINERS": each.app,
    }


def proxy_ready(site: Site, *, each: Workload) -> bool:
    """Whether the agent says that its Envoy is ready."""
    return site.processes.alive(each.agent) and answers(each.address(site), 15020, "/healthz/ready")


def answers(address: str, port: int, path: str, *, host: str = "") -> bool:
    """Whether an HTTP server answers 200."""
    import urllib3

    try:
        answer = urllib3.PoolManager().request(
            "GET",
            f"http://{address}:{port}{path}",
            headers={"Host": host} if host else None,
            timeout=5.0,
            retries=False,
        )
    except urllib3.exceptions.HTTPError:
        return False
    return answer.status == 200


def _load(rate: float) -> Component:
    def prepare(site: Site) -> None:
        place = {"address": GATEWAY.address(site), "port": PORT, "host": GATEWAY_HOST, "rate": rate}
        _write_load(site, LOAD, place)

    def command(site: Site) -> Command:
        return Command(argv=(sys.executable, str(_HERE / "load.py"), str(site.state / f"mesh/{LOAD}.json")))

    return Component(name=LOAD, needs=("mesh-serves",), prepare=prepare, command=command)


def _batch() -> Component:
    """The client without a sidecar: it asks the catalog in plain text."""
    batch = next(each for each in WORKLOADS if not each.proxy)

    def prepare(site: Site) -> None:
        catalog = next(each for each in WORKLOADS if each.app == "catalog")
        place = {"address": catalog.address(site), "port": PORT, "host": fqdn("catalog"), "rate": 1}
        _write_load(site, BATCH_LOAD, place)

    def command(site: Site) -> Command:
        settings = str(site.state / f"mesh/{BATCH_LOAD}.json")
        return Command(argv=(*network.inside(site, batch), sys.executable, str(_HERE / "load.py"), settings))

    return Component(name=BATCH_LOAD, needs=("mesh-serves",), prepare=prepare, command=command)


def _write_load(site: Site, name: str, place: Json) -> None:
    report = str(site.folder("mesh") / f"{name}.report.json")
    write_private(site.folder("mesh") / f"{name}.json", msgspec.json.encode({**place, "report": report}))


def counted(site: Site, name: str = LOAD) -> dict[str, int]:
    """How many answers of each sort a client has had since it started."""
    return read_json(site.state / f"mesh/{name}.report.json", {})
