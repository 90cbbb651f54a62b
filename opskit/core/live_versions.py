"""Whether a resource that is not served as it was asked for is served in another version.

Follows https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api.
"""

import threading
from collections.abc import Callable

import msgspec

from opskit.core.answers import decoder_for
from opskit.core.errors import OpsError, OtherVersion
from opskit.core.live_http import Response


class _Version(msgspec.Struct, frozen=True):
    version: str = ""


class _Resource(msgspec.Struct, frozen=True):
    name: str = ""


class _Group(msgspec.Struct, frozen=True):
    """`APIGroup` and `APIResourceList`, as far as they are used."""

    versions: list[_Version] = []
    resources: list[_Resource] = []


class Versions:
    """What an API server serves of each group; each is asked once.

    Args:
        get: GET of a path.

    """

    def __init__(self, get: Callable[[str], Response]) -> None:
        self._get = get
        self._known: dict[str, _Group] = {}
        self._lock = threading.Lock()

    def error(self, path: str, resource: str, *, where: str) -> OtherVersion | None:
        """Why the resource at this path is not served, if it is served in another version.

        Args:
            path: `/apis/GROUP/VERSION/…/PLURAL…`, as it was asked for.
            resource: its name for messages, e.g. `certificates.cert-manager.io`.
            where: method and URL.

        """
        parts = path.split("/")
        if len(parts) < 5 or parts[1] != "apis":
            return None
        group, asked, plural = parts[2], parts[3], resource.partition(".")[0]
        served = [each.version for each in self._of(f"/apis/{group}").versions if each.version != asked]
        found = [each for each in served if self._has(f"/apis/{group}/{each}", plural)]
        if not found:
            return None
        return OtherVersion(
            f"The cluster serves {resource} as {', '.join(found)}, and not as {asked}, which opskit reads.",
            where=where,
            hint="upgrade the CRDs together with their operator, or use the opskit that was made for them",
        )

    def _has(self, path: str, plural: str) -> bool:
        return any(each.name == plural for each in self._of(path).resources)

    def _of(self, path: str) -> _Group:
        with self._lock:
            if path not in self._known:
                self._known[path] = self._asked(path)
            return self._known[path]

    def _asked(self, path: str) -> _Group:
        """Nothing, where discovery does not answer: then the plain refusal stands."""
        try:
            response = self._get(path)
            return decoder_for(_Group).decode(response.body) if response.status == 200 else _Group()
        except (OpsError, msgspec.MsgspecError, UnicodeDecodeError):
            return _Group()
