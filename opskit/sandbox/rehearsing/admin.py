"""What a witness of several steps asks the API server, as cluster admin and by kubectl alone."""

from opskit.sandbox.binaries import require
from opskit.sandbox.running import run
from opskit.sandbox.site import Site

_ASKED = 60.0


def kubectl(site: Site, *words: str, text: str | None = None) -> str:
    """Run kubectl; its standard output.

    Args:
        site: of the sandbox.
        words: after `kubectl`.
        text: its standard input.

    Raises:
        ToolFailed: it fails, or gives no answer in time.

    """
    where = f"--kubeconfig={site.state / 'kubeconfig'}"
    return run([require("kubectl"), where, *words], deadline=_ASKED, text=text)
