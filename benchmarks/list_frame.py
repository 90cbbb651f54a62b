"""Pods from a paged HTTP list into a frame: opskit, against the `kubernetes` client's models."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measure import ROOT, Row, child, paired

COUNTS = (10_000, 50_000)
_KUBECONFIG = """
apiVersion: v1
kind: Config
clusters: [{{name: bench, cluster: {{server: "http://127.0.0.1:{port}"}}}}]
users: [{{name: bench, user: {{}}}}]
contexts: [{{name: bench, context: {{cluster: bench, user: bench}}}}]
current-context: bench
"""


def ours() -> Callable[[], int]:
    """opskit: pages decoded into a projection, then one frame."""
    from opskit.core.cluster import Cluster
    from opskit.core.kinds_core import POD
    from opskit.core.tables import frame

    cluster = Cluster.open("bench")
    columns = {
        "name": ("metadata.name", "str"),
        "namespace": ("metadata.namespace", "str"),
        "phase": ("status.phase", "str"),
        "node": ("spec.node_name", "str"),
    }
    return lambda: len(frame(cluster.list(POD, deadline=600), columns))


def peer() -> Callable[[], int]:
    """The `kubernetes` client: pages of 500 as models, then the same frame."""
    import pandas as pd
    from kubernetes import client, config

    config.load_kube_config()
    core = client.CoreV1Api()

    def run() -> int:
        rows, token = [], None
        while True:
            page = core.list_pod_for_all_namespaces(limit=500, _continue=token)
            rows += [
                (pod.metadata.name, pod.metadata.namespace, pod.status.phase, pod.spec.node_name)
                for pod in page.items
            ]
            token = page.metadata._continue
            if not token:
                return len(pd.DataFrame(rows, columns=["name", "namespace", "phase", "node"]))

    return run


@contextmanager
def _served(count: int) -> Iterator[None]:
    """A server of that many pods, and a kubeconfig that leads to it."""
    argv = [sys.executable, "-m", "benchmarks.pod_server", str(count)]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server,
    ):
        try:
            assert server.stdout is not None
            path = Path(folder) / "kubeconfig"
            path.write_text(_KUBECONFIG.format(port=server.stdout.readline().strip()))
            os.environ["KUBECONFIG"] = str(path)
            yield
        finally:
            del os.environ["KUBECONFIG"]
            server.terminate()


def rows() -> list[Row]:
    """Both counts; the speed and the peak of the whole process."""
    found: list[Row] = []
    for count in COUNTS:
        with _served(count):
            mine, theirs, ratio = paired(
                lambda: child("benchmarks.list_frame:ours"),
                lambda: child("benchmarks.list_frame:peer"),
                runs=1 if count > COUNTS[0] else 3,
            )
        memory = "; peak <= 150 MiB" if count == COUNTS[-1] else ""
        found.append(
            Row(
                f"{count:,} pods: list to frame",
                f"{mine.seconds:.2f} s, peak {mine.peak_mib:.0f} MiB",
                f"kubernetes client {theirs.seconds:.1f} s, peak {theirs.peak_mib:.0f} MiB",
                f"{ratio:.0f}x",
                f">= 20x{memory}",
                ratio >= 20 and (not memory or mine.peak_mib <= 150),
            )
        )
    return found
