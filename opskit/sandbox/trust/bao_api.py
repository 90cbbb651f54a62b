"""A small client of one OpenBao node, for setting up and for faults. opskit itself reads through its own."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import msgspec
import urllib3

from opskit.core.errors import BadAnswer, OpsError, Unreachable, WriteRejected
from opskit.sandbox.kube import Json
from opskit.sandbox.site import Site
from opskit.sandbox.trust.addresses import where
from opskit.sandbox.trust.authority import folder

NODES: Final = ("openbao-0", "openbao-1", "openbao-2")


class BaoApi:
    """One node, as one token sees it.

    Args:
        site: the sandbox.
        node: e.g. `openbao-0`.
        token: empty for what is asked without one.

    """

    def __init__(self, site: Site, node: str, *, token: str = "") -> None:
        self._server = f"https://{where(site, node, port='openbao')}"
        self._pool = _pool(str(folder(site) / "ca.crt"))
        self._headers = {"X-Vault-Token": token} if token else {}

    def status(self, path: str) -> tuple[int, Json]:
        """The status code and the body of a GET, whatever the code is."""
        return self._send("GET", path, None)

    def get(self, path: str) -> Json:
        """Read, e.g. `sys/leader`."""
        return self._checked("GET", path, None)

    def put(self, path: str, body: Mapping[str, Any] | None = None) -> Json:
        """Write."""
        return self._checked("PUT", path, body)

    def delete(self, path: str) -> Json:
        """Delete."""
        return self._checked("DELETE", path, None)

    def _checked(self, method: str, path: str, body: Mapping[str, Any] | None) -> Json:
        status, said = self._send(method, path, body)
        if status >= 500:
            raise Unreachable(f"OpenBao answered {status}: {said.get('errors')}.", where=path)
        if status >= 400:
            raise WriteRejected(f"OpenBao refused: {said.get('errors')}.", reason=str(status), where=path)
        return said

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> tuple[int, Json]:
        data = None if body is None else msgspec.json.encode(body)
        url = f"{self._server}/v1/{path}"
        try:
            answer = self._pool.request(method, url, body=data, headers=self._headers)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Unreachable(f"OpenBao does not answer: {error}.", where=self._server) from error
        try:
            return answer.status, msgspec.json.decode(answer.data or b"{}", type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise BadAnswer("OpenBao answered with no JSON object.", where=url) from error


@cache
def _pool(ca: str) -> urllib3.PoolManager:
    return urllib3.PoolManager(ca_certs=ca, retries=False, timeout=urllib3.Timeout(connect=2.0, read=20.0))


def leader(site: Site) -> str | None:
    """The node that says of itself that it leads; None where none does."""
    for node in NODES:
        try:
            if BaoApi(site, node).get("sys/leader").get("is_self"):
                return node
        except OpsError:
            continue
    return None
