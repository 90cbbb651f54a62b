"""A small client of one sandbox's API server, for setting up and for the stand-ins.

It is not how opskit reads clusters: `opskit.core` does that. What tests compare opskit with must not be
opskit.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import urllib3

from opskit.core.errors import BadAnswer, NotFound, OpsError, Unreachable, WriteRejected
from opskit.sandbox.waiting import patience

Json = dict[str, Any]
"""One object, as it came over the wire."""

MERGE: Final = "application/merge-patch+json"
APPLY: Final = "application/apply-patch+yaml"

_NO_ACCOUNT = b"error looking up service account"
"""A pod in a namespace so new that the controller manager has not given it its account yet."""
_ACCOUNT_SECONDS = 60.0
_UNSERVED = "404 page not found"
"""What is said of a kind whose CRD is established and not served yet."""
_BUSY_SECONDS = 150.0
"""Dozens of CRDs at once keep a small machine's API server from answering for a while."""


class KubeApi:
    """The API server, as one client certificate sees it.

    Args:
        server: its URL.
        pki: a folder with `ca.crt`, `<user>.crt` and `<user>.key`.
        user: whose certificate to show.
        manager: the field manager that writes are made as.

    """

    def __init__(self, server: str, *, pki: Path, user: str, manager: str) -> None:
        self._server = server
        self._manager = manager
        self._pool = urllib3.PoolManager(
            maxsize=8,
            ca_certs=str(pki / "ca.crt"),
            cert_file=str(pki / f"{user}.crt"),
            key_file=str(pki / f"{user}.key"),
            retries=False,
            timeout=urllib3.Timeout(connect=5.0, read=30.0 * patience()),
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.clear()

    def ready(self) -> bool:
        """Whether `/readyz` says so."""
        return self._send("GET", "/readyz")[0] == 200

    def get(self, path: str) -> Json:
        """Read one object or list.

        Raises:
            NotFound, Unreachable, BadAnswer.

        """
        return self._json("GET", path)

    def items(self, path: str) -> list[Json]:
        """The items of a list, from the server's cache."""
        joint = "&" if "?" in path else "?"
        return self.get(f"{path}{joint}resourceVersion=0").get("items") or []

    def find(self, path: str) -> Json | None:
        """Read one object; None where it does not exist."""
        try:
            return self.get(path)
        except NotFound:
            return None

    def create(self, path: str, body: Json | bytes, *, content: str = "application/json") -> Json | None:
        """Create an object; None where it exists already.

        A server that is too busy to answer is asked again: what it had created all the same exists then.

        Args:
            path: of the collection.
            body: the object, or its text.
            content: the text's media type.

        """
        try:
            return self._patiently("POST", f"{path}?fieldManager={self._manager}", body, content=content)
        except WriteRejected as error:
            if error.reason == "AlreadyExists":
                return None
            raise

    def patch(self, path: str, body: Json) -> Json:
        """Merge-patch an object."""
        return self._json("PATCH", f"{path}?fieldManager={self._manager}", body, content=MERGE)

    def put_status(self, path: str, current: Json, status: Json) -> None:
        """Replace an object's status; somebody else's change in between makes this one void."""
        metadata = {key: current["metadata"][key] for key in ("name", "namespace", "resourceVersion")}
        body = {**current, "metadata": metadata, "status": status}
        try:
            self._json("PUT", f"{path}/status?fieldManager={self._manager}", body)
        except WriteRejected as error:
            if error.reason != "Conflict":
                raise

    def apply(self, path: str, body: Json) -> Json:
        """Server-side apply an object, taking over conflicting fields."""
        query = f"fieldManager={self._manager}&force=true"
        return self._patiently("PATCH", f"{path}?{query}", body, content=APPLY)

    def delete(self, path: str, *, grace: int | None = None, uid: str | None = None) -> None:
        """Delete an object; nothing happens where it does not exist.

        Args:
            path: of the object.
            grace: seconds; None is the object's own.
            uid: delete only the object with this UID.

        """
        options: Json = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        if uid is not None:
            options["preconditions"] = {"uid": uid}
        try:
            self._json("DELETE", path, options)
        except NotFound:
            return

    def _patiently(self, method: str, path: str, body: Json | bytes, *, content: str) -> Json:
        """Write what does no harm twice, again while the server is too busy, or serves it not yet."""
        until = time.monotonic() + _BUSY_SECONDS * patience()
        while True:
            try:
                return self._json(method, path, body, content=content)
            except (Unreachable, NotFound) as error:
                unserved = isinstance(error, NotFound) and _UNSERVED in error.what
                if time.monotonic() > until or (isinstance(error, NotFound) and not unserved):
                    raise
                time.sleep(0.5)

    def _json(
        self, method: str, path: str, body: Json | bytes | None = None, *, content: str = "application/json"
    ) -> Json:
        status, data = self._send(method, path, body, content=content)
        until = time.monotonic() + _ACCOUNT_SECONDS * patience()
        while status == 403 and _NO_ACCOUNT in data and time.monotonic() < until:
            time.sleep(0.2)
            status, data = self._send(method, path, body, content=content)
        if status >= 300:
            raise _error(method, path, status, data)
        try:
            return msgspec.json.decode(data, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise BadAnswer("The API server answered with no JSON object.", where=path) from error

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | bytes | None = None, *, content: str = ""
    ) -> tuple[int, bytes]:
        data = body if isinstance(body, bytes) or body is None else msgspec.json.encode(body)
        headers = {"Accept": "application/json", **({"Content-Type": content} if data is not None else {})}
        try:
            answer = self._pool.request(method, self._server + path, body=data, headers=headers)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Unreachable(f"The API server does not answer: {error}.", where=self._server) from error
        return answer.status, answer.data


def covers(actual: Any, wanted: Any) -> bool:
    """Whether all that is wanted is there, whatever else the server has added."""
    if isinstance(wanted, dict) and isinstance(actual, dict):
        fields = cast("Json", actual)
        return all(covers(fields.get(key), value) for key, value in cast("Json", wanted).items())
    if isinstance(wanted, list) and isinstance(actual, list):
        pairs = list(zip(cast("list[Any]", actual), cast("list[Any]", wanted), strict=False))
        return len(actual) == len(wanted) and all(covers(old, new) for old, new in pairs)
    return actual == wanted or (actual is None and wanted == {})


def _error(method: str, path: str, status: int, data: bytes) -> OpsError:
    try:
        told = msgspec.json.decode(data, type=dict[str, Any])
    except msgspec.DecodeError:
        told = {}
    message, reason = str(told.get("message", data[:200])), str(told.get("reason", status))
    if status == 404:
        return NotFound(message, where=path)
    if status >= 500 or status == 429:
        return Unreachable(message, where=path)
    return WriteRejected(message, reason=reason, where=f"{method} {path}")
