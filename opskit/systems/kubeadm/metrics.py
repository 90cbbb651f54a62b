"""What the API server's own metrics tell: deprecated APIs that are still asked for.

Follows https://kubernetes.io/docs/reference/using-api/deprecation-guide/.
"""

import re

from opskit.systems.kubeadm.answers import DeprecatedApi

_SAMPLE = re.compile(r"^apiserver_requested_deprecated_apis\{([^}]*)\}\s+([0-9.eE+-]+)", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def deprecated(text: str) -> list[DeprecatedApi]:
    """The deprecated APIs in a text of metrics."""
    found = [dict(_LABEL.findall(labels)) for labels, value in _SAMPLE.findall(text) if float(value)]
    return [
        DeprecatedApi(
            group=each.get("group", ""),
            version=each.get("version", ""),
            resource=each.get("resource", ""),
            removed_release=each.get("removed_release", ""),
        )
        for each in found
    ]
