"""Each pod's log, in the format that a container runtime writes and kwok serves."""

from pathlib import Path

from opskit.sandbox.files import private_folder
from opskit.sandbox.kube import Json, KubeApi
from opskit.sandbox.nodes import timestamp
from opskit.sandbox.site import Site

_LOGS = "/apis/kwok.x-k8s.io/v1alpha1/namespaces/{}/logs"
_CHUNK = 1_000_000


class PodLog:
    """Copies what a process writes into a pod's log, line by line, with the time of the copy.

    Args:
        site: the sandbox.
        api: where kwok learns of the file.
        pod: the pod.
        process: whose output it is.
        from_start: whether the process's earlier output belongs to this pod.

    """

    def __init__(self, site: Site, api: KubeApi, pod: Json, *, process: str, from_start: bool) -> None:
        self._source = site.processes.log(process)
        self._target = private_folder(site.state / "pods") / f"{pod['metadata']['uid']}.log"
        self._at = 0 if from_start else _size(self._source)
        self._left = b""
        self._target.touch(mode=0o600)
        _announce(api, pod, self._target)

    def copy(self) -> None:
        """Copy what is new."""
        if _size(self._source) <= self._at:
            return
        with self._source.open("rb") as source:
            source.seek(self._at)
            new = source.read(_CHUNK)
        self._at += len(new)
        *lines, self._left = (self._left + new).split(b"\n")
        moment = timestamp(micro=True).encode()
        with self._target.open("ab") as target:
            target.writelines(b"%s stderr F %s\n" % (moment, line) for line in lines)


def _announce(api: KubeApi, pod: Json, file: Path) -> None:
    metadata = {key: pod["metadata"][key] for key in ("name", "namespace")}
    owner = {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": pod["metadata"]["uid"]}
    logs = [{"logsFile": str(file), "follow": True}]
    body = {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Logs",
        "metadata": {**metadata, "ownerReferences": [owner]},
        "spec": {"logs": logs},
    }
    api.create(_LOGS.format(metadata["namespace"]), body)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
