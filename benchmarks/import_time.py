"""`import opskit`, against a bare interpreter."""

import json
import subprocess
import sys
import time

from benchmarks.measure import Row, median

HEAVY = ("pandas", "plotly", "kubernetes")
_CODE = f"""
import json, sys, time
begin = time.perf_counter()
import opskit
seconds = time.perf_counter() - begin
print(json.dumps([seconds, [name for name in {HEAVY!r} if name in sys.modules]]))
"""


def _once(code: str) -> tuple[float, str]:
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return time.perf_counter() - begin, done.stdout


def rows() -> list[Row]:
    """Median of eleven fresh processes."""
    samples = [json.loads(_once(_CODE)[1]) for _ in range(11)]
    bare = median([_once("pass")[0] for _ in range(11)])
    whole = median([_once("import opskit")[0] for _ in range(11)])
    seconds, loaded = median([sample[0] for sample in samples]), samples[0][1]
    return [
        Row(
            "import opskit",
            f"{seconds * 1e3:.0f} ms",
            f"bare python {bare * 1e3:.0f} ms, with the import {whole * 1e3:.0f} ms",
            f"{whole / bare:.2f}x",
            "<= 150 ms, none of pandas, plotly, kubernetes",
            seconds <= 0.150 and not loaded,
        )
    ]
