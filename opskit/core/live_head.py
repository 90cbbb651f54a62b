"""What an HTTP answer says of itself: by the server's clock, beside this machine's."""

import time
from typing import TYPE_CHECKING

import msgspec

from opskit.core.heads import Head
from opskit.core.live_retry import retried
from opskit.core.reads import AskHead

if TYPE_CHECKING:
    from opskit.core.live_api import ApiServer
    from opskit.core.live_http import Response
    from opskit.core.live_servers import Servers


def told(api: "ApiServer", servers: "Servers", read: AskHead, *, deadline: float) -> bytes:
    """JSON of a `Head`: of the try that was answered, whatever its status.

    Raises:
        As any read of that server.

    """

    def once(timeout: float) -> Head:
        asked = time.time()
        answer = _answer(api, servers, read, timeout)
        return Head(
            asked=asked,
            answered=time.time(),
            date=answer.headers.get("date", ""),
            kept=answer.headers.get("cache-control", ""),
        )

    return msgspec.json.encode(retried(once, deadline=deadline, budget=api.budget))


def _answer(api: "ApiServer", servers: "Servers", read: AskHead, timeout: float) -> "Response":
    if read.server:
        return servers.request(read.server, "GET", read.path, deadline=timeout)
    return api.request("GET", read.path, deadline=timeout)
