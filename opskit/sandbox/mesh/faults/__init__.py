"""Everything that can be broken in a `mesh` sandbox."""

from opskit.sandbox.mesh.faults.certificates import CERTIFICATE_EXPIRED, WRONG_CA
from opskit.sandbox.mesh.faults.rules import (
    CONFIG_REJECTED,
    CONFLICTING_RULES,
    STRICT_PLAINTEXT,
    SUBSET_WITHOUT_PODS,
    UNKNOWN_HOST,
    WRONG_WEIGHTS,
)
from opskit.sandbox.mesh.faults.servers import (
    BROKEN_VERSION,
    ISTIOD_DOWN,
    SERVICE_BROKEN,
    SERVICE_HANGS,
    SLOW_VERSION,
)

FAULTS = (
    SUBSET_WITHOUT_PODS,
    BROKEN_VERSION,
    SLOW_VERSION,
    UNKNOWN_HOST,
    CONFIG_REJECTED,
    ISTIOD_DOWN,
    STRICT_PLAINTEXT,
    WRONG_WEIGHTS,
    CONFLICTING_RULES,
    SERVICE_BROKEN,
    SERVICE_HANGS,
    CERTIFICATE_EXPIRED,
    WRONG_CA,
)
"""All faults."""
