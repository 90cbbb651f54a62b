"""What all tests share."""

from hypothesis import settings

settings.register_profile("opskit", deadline=None)
settings.load_profile("opskit")
"""A busy machine is no defect: how long one example takes says nothing."""
