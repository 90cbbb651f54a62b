"""The report of a run."""

from opskit.runner.folder import RunFolder


def write(own: RunFolder) -> None:
    """Write report.html."""
    own.report.touch(mode=0o600)
