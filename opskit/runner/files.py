"""Folders that are nobody else's to read, and files that are whole or absent."""

from pathlib import Path

from opskit.core.anchor import replace_durably
from opskit.core.errors import ConfigError

__all__ = ["make_private", "write_private"]


def make_private(folder: Path) -> Path:
    """Make a folder that only its owner can enter.

    Raises:
        ConfigError: it can't be made or written.

    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise ConfigError(
            f"The folder can't be made: {error.strerror}.",
            where=str(folder),
            hint="give another with --out, or set OPSKIT_RUNS",
        ) from None
    return folder


write_private = replace_durably
"""Replace a file of mode 0600 as a whole: a full disk or a crash leaves the old one."""
