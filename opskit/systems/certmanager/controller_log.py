"""What the controller's log says of one object: some causes stand nowhere else."""

import re
from datetime import datetime

import msgspec

from opskit.core.logs import klog_is_since, klog_stamp

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_ORDERING = re.compile(r"error creating new order|urn:ietf:params:acme:error:")
_ERROR = re.compile(rf"\berr(?:or)?=(?P<text>{_QUOTED})")


def said_of(log: str, namespace: str, name: str) -> str:
    """The last error that the log holds about an object, unquoted; "" when there is none.

    Args:
        log: lines of cert-manager's controller, in klog's text or JSON form.
        namespace: of the object.
        name: of the object.

    """
    key, naming = f"{namespace}/{name}", re.compile(rf"""[^\w.-]{re.escape(name)}[^\w.-]""")
    for line in reversed(log.splitlines()):
        if (key in line or naming.search(line)) and (found := _error(line)):
            return found
    return ""


def order_refused(log: str, *, since: datetime) -> str:
    """The last error about making an order at an ACME server; "" when there is none.

    cert-manager 1.21 does not say which order it was: what came before the order itself is not about it.

    Args:
        log: as before.
        since: when the order in question was made; a controller's klog tells UTC, without the year.

    """
    for line in reversed(log.splitlines()):
        stamp, said = klog_stamp(line), _error(line)
        if klog_is_since(stamp, since) and _ORDERING.search(said):
            return said
    return ""


def _error(line: str) -> str:
    start = line.find("{")
    if start >= 0 and '"msg"' in line:
        try:
            whole = msgspec.json.decode(line[start:], type=dict[str, object])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return ""
        return str(whole.get("err") or whole.get("error") or "")
    found = _ERROR.search(line)
    return _unquoted(found["text"]) if found else ""


def _unquoted(text: str) -> str:
    try:
        return msgspec.json.decode(text.encode(), type=str)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return text.strip('"').replace('\\"', '"')
