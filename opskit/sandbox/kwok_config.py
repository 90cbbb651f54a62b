"""What kwok does.

Pods that stand for no real process become ready and go away as asked; exec, logs and port-forward of all
pods reach local processes.

Pods whose daemon really runs belong to the kubelet stand-in (`rook_standin.kubelet`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from opskit.sandbox.files import write_private
from opskit.sandbox.kube import Json
from opskit.sandbox.part import Part
from opskit.sandbox.site import Site

DAEMON = "sandbox.opskit.dev/daemon"
"""The annotation of a pod whose daemon is a real process, e.g. `osd.0`."""

ADDRESS = "sandbox.opskit.dev/address"
"""The annotation of a pod whose processes have a network of their own: its IP address there."""

_GROUP = "kwok.x-k8s.io"
_READY = """
{{ $now := Now }}
phase: Running
startTime: {{ $now | Quote }}
hostIP: 127.0.0.1
{{ $pod := .metadata }}
{{ $own := "" }}
{{ if $pod.annotations }}{{ $own = or ( index $pod.annotations "ADDRESS" ) "" }}{{ end }}
{{ if $own }}
podIP: {{ $own | Quote }}
podIPs:
- ip: {{ $own | Quote }}
{{ else }}
{{ with PodIPsWith .spec.nodeName ( or .spec.hostNetwork false ) $pod.uid $pod.name $pod.namespace }}
podIP: {{ index . 0 | Quote }}
podIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{ end }}
conditions:
{{ range $type := list "PodReadyToStartContainers" "Initialized" "ContainersReady" "Ready" }}
- {type: {{ $type | Quote }}, status: "True", lastTransitionTime: {{ $now | Quote }}}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: true
  started: true
  restartCount: 0
  state: {running: {startedAt: {{ $now | Quote }}}}
{{ end }}
""".replace("ADDRESS", ADDRESS)


_DONE = """
{{ $now := Now }}
phase: Succeeded
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: false
  started: false
  restartCount: 0
  state:
    terminated:
      exitCode: 0
      reason: Completed
      startedAt: {{ $now | Quote }}
      finishedAt: {{ $now | Quote }}
{{ end }}
"""


def write(site: Site, *, parts: Sequence[Part[Any]]) -> None:
    """Write kwok's configuration file."""
    documents = [
        _no_node_stage(),
        _stage("pod-ready", [_absent(".metadata.deletionTimestamp"), _pending()], {"statusTemplate": _READY}),
        _stage(
            "pod-complete",
            [_absent(".metadata.deletionTimestamp"), *_running_job()],
            {"statusTemplate": _DONE},
        ),
        _stage("pod-delete", [_present(".metadata.deletionTimestamp")], {"delete": True}),
        *(document for part in parts for document in part.pods(site)),
        # The first that fits wins: this one is for all pods that no part speaks for.
        exec_in("any", site, selector=None),
    ]
    write_private(
        site.state / "kwok.yaml", "\n---\n".join(msgspec.json.encode(each).decode() for each in documents)
    )


def crd() -> Json:
    """The one CRD of kwok that is used: which file holds a pod's log."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": "Logs", "listKind": "LogsList", "plural": "logs", "singular": "logs"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"logs.{_GROUP}"},
        "spec": {"group": _GROUP, "names": names, "scope": "Namespaced", "versions": [version]},
    }


def _stage(name: str, expressions: list[Json], then: Json) -> Json:
    selector = {"matchExpressions": [_absent(f'.metadata.annotations["{DAEMON}"]'), *expressions]}
    spec = {"resourceRef": {"apiGroup": "v1", "kind": "Pod"}, "selector": selector, "next": then}
    return {"apiVersion": f"{_GROUP}/v1alpha1", "kind": "Stage", "metadata": {"name": name}, "spec": spec}


def _no_node_stage() -> Json:
    """A stage that no node is ever in: without one for nodes kwok serves no pods."""
    selector = {"matchExpressions": [_present('.metadata.labels["sandbox.opskit.dev/unused"]')]}
    spec = {
        "resourceRef": {"apiGroup": "v1", "kind": "Node"},
        "selector": selector,
        "next": {"statusTemplate": "{}"},
    }
    return {
        "apiVersion": f"{_GROUP}/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": "node-unused"},
        "spec": spec,
    }


def exec_in(name: str, site: Site, *, selector: Json | None, env: Mapping[str, str] | None = None) -> Json:
    """Where `kubectl exec` into pods leads: to a process on this machine.

    Args:
        name: of the document.
        site: the sandbox; its `run` folder is the process's working folder.
        selector: `{"matchNamespaces": […], "matchNames": […]}`, either may be left out; None is every pod.
        env: variables that the process gets besides its own.

    """
    variables = [{"name": key, "value": value} for key, value in (env or {}).items()]
    local = {"workDir": str(site.run), "envs": variables}
    return _cluster("ClusterExec", name, selector, {"execs": [{"local": local}]})


def forward_to(name: str, *, selector: Json, ports: Mapping[int, tuple[str, int]]) -> Json:
    """Where `kubectl port-forward` to pods leads.

    Args:
        name: of the document.
        selector: as in `exec_in`.
        ports: each port of the pod, and the address and port where it really listens.

    """
    forwards = [
        {"ports": [port], "target": {"address": address, "port": real}}
        for port, (address, real) in ports.items()
    ]
    return _cluster("ClusterPortForward", name, selector, {"forwards": forwards})


def forward_through(name: str, *, selector: Json, commands: Mapping[int, Sequence[str]]) -> Json:
    """Where `kubectl port-forward` to pods leads whose ports are not reached from this machine's own network.

    Args:
        name: of the document.
        selector: as in `exec_in`.
        commands: each port of the pod, and a command whose standard input and output are that port.

    """
    forwards = [{"ports": [port], "command": list(command)} for port, command in commands.items()]
    return _cluster("ClusterPortForward", name, selector, {"forwards": forwards})


def _cluster(kind: str, name: str, selector: Json | None, spec: Json) -> Json:
    chosen = {"selector": selector} if selector else {}
    return {
        "apiVersion": f"{_GROUP}/v1alpha1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {**chosen, **spec},
    }


def _absent(key: str) -> Json:
    return {"key": key, "operator": "DoesNotExist"}


def _present(key: str) -> Json:
    return {"key": key, "operator": "Exists"}


def _phase(phase: str) -> Json:
    return {"key": ".status.phase", "operator": "In", "values": [phase]}


def _pending() -> Json:
    return _phase("Pending")


def _running_job() -> list[Json]:
    owner = {"key": ".metadata.ownerReferences.[].kind", "operator": "In", "values": ["Job"]}
    return [_phase("Running"), owner]
