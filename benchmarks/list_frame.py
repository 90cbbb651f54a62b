"""Pods from a paged HTTP list into a frame: opskit, against the `kubernetes` client's models.

Both sides fetch the same pages from the same server, whose time is part of both; "fetching alone" says
how much that is.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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
    """opskit: the columns filled page by page."""
    import pandas as pd

    from opskit.core.cluster import Cluster
    from opskit.core.kinds_core import POD

    del pd

    cluster = Cluster.open("bench")
    columns = {
        "name": ("metadata.name", "str"),
        "namespace": ("metadata.namespace", "str"),
        "phase": ("status.phase", "str"),
        "node": ("spec.node_name", "str"),
    }
    return lambda: len(cluster.table(POD, columns, deadline=600))


def peer() -> Callable[[], int]:
    """The `kubernetes` client: pages of 500 as models, then the same frame."""
    import pandas as pd
    from kubernetes import client, config

    config.load_kube_config()
    core = client.CoreV1Api()

    def run() -> int:
        rows, token = [], None
        while True:
            page: Any = core.list_pod_for_all_namespaces(limit=500, _continue=token)
            rows += [
                (pod.metadata.name, pod.metadata.namespace, pod.status.phase, pod.spec.node_name)
                for pod in page.items
            ]
            token = page.metadata._continue
            if not token:
                return len(pd.DataFrame(rows, columns=["name", "namespace", "phase", "node"]))

    return run


def fetching() -> Callable[[], int]:
    """The pages alone, undecoded but for the token: what the server and the socket take of either side."""
    import re

    import urllib3

    port = re.findall(r":(\d+)", Path(os.environ["KUBECONFIG"]).read_text())[0]
    pool = urllib3.PoolManager()

    def run() -> int:
        size, token = 0, "0"
        while token:
            page = pool.request(
                "GET", f"http://127.0.0.1:{port}/api/v1/pods?limit=500&continue={token}", retries=False
            ).data
            size += len(page)
            found = re.search(rb'"continue":"(\d+)"', page[:200])
            token = found[1].decode() if found else ""
        return size

    return run


@contextmanager
def _served(count: int) -> Generator[None]:
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
            alone = child("benchmarks.list_frame:fetching")
        memory = "; peak <= 150 MiB" if count == COUNTS[-1] else ""
        found.append(
            Row(
                f"{count:,} pods: list to frame",
                f"{mine.seconds:.2f} s (fetching alone {alone.seconds:.2f} s), peak {mine.peak_mib:.0f} MiB",
                f"kubernetes client {theirs.seconds:.1f} s, peak {theirs.peak_mib:.0f} MiB",
                f"{ratio:.0f}x",
                f">= 20x{memory}",
                ratio >= 20 and (not memory or mine.peak_mib <= 150),
            )
        )
    return found
