"""Record what a real cluster answers to `rook.facts.read`, as a state for the tests beside this file.

    python tests/unit/rook/record.py STATE --conf CEPH_CONF      a Ceph on this machine, no Kubernetes
    python tests/unit/rook/record.py STATE --context CONTEXT     a kubeconfig context, e.g. the sandbox's

Bring the cluster into the state first, with `opskit sandbox fault …` or by hand; the recorded files
say in `reads` which command answered what. Nothing in them is written by hand.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from replay import LocalCeph, Recording

from opskit.core.cluster import Cluster
from opskit.systems.rook.checks import check
from opskit.systems.rook.facts import read


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("state")
    parser.add_argument("--conf", type=Path)
    parser.add_argument("--context")
    asked = parser.parse_args()
    source = LocalCeph(asked.conf) if asked.conf else Cluster.open(asked.context).reader
    recording = Recording(source)
    facts = read(Cluster(recording))
    recording.save(asked.state)
    for finding in check(facts):
        print(finding.severity.value, finding.code, finding.subject, "|", finding.summary, "|", finding.cause)


if __name__ == "__main__":
    main()
