"""Logins whose application never fetched its token: their codes lie in Dex' storage for half an hour.

A code is worth a login, so that none is read: the API server itself tells how many there are.
Follows https://kubernetes.io/docs/reference/instrumentation/metrics/.
"""

import re

from opskit.core.cluster import Cluster
from opskit.core.errors import Forbidden, NotInstalled

_STORED = re.compile(
    r'^apiserver_(?:resource_objects\{group="dex\.coreos\.com",resource="authcodes"\}'
    r'|storage_objects\{resource="authcodes\.dex\.coreos\.com"\}) (?P<count>\d+)$',
    re.MULTILINE,
)


def waiting(cluster: Cluster) -> int:
    """How many codes Dex has given that nobody has redeemed yet, as of at most a minute ago.

    Raises:
        NotInstalled: the API server does not tell, or not to us: Dex is judged without it.
        Unreachable, DeadlineExceeded, NotInSnapshot: as any read.

    """
    try:
        text = cluster.path("/metrics").decode(errors="replace")
    except Forbidden as error:
        raise NotInstalled(
            f"How many codes wait is not known: {error.what}", where=error.where, hint=error.hint
        ) from error
    return stored(text)


def stored(text: str) -> int:
    """The count in the API server's metrics.

    Raises:
        NotInstalled: it is not among them.

    """
    found = _STORED.search(text)
    if found is None:
        raise NotInstalled("The API server does not count Dex' codes.", where="/metrics")
    return int(found["count"])
