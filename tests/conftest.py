"""What all tests share."""

import os

from hypothesis import settings

settings.register_profile("opskit", deadline=None)
settings.load_profile("opskit")
"""A busy machine is no defect: how long one example takes says nothing."""

for name in ("KUBECONFIG", "OPSKIT_CONFIG", "OPSKIT_RUNBOOKS", "OPSKIT_RUNS"):
    # What a person has set for clusters of their own is none of a test's.
    os.environ.pop(name, None)
