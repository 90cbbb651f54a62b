"""Everything that can be broken in a `mesh` sandbox."""

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
)
"""All faults."""
