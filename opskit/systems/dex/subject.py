"""The claim `sub` of Dex' tokens: who, and through which connector, in one opaque text. Pure.

Base64 of the message `IDTokenSubject` (https://github.com/dexidp/dex/blob/master/server/internal/types.proto).
"""

import base64

_USER, _CONNECTOR = 0x0A, 0x12
"""Tags of the message's two fields, both text."""


def decoded(sub: str) -> tuple[str, str] | None:
    """User ID and connector of a `sub`; None where the text is none."""
    try:
        raw = base64.urlsafe_b64decode(sub + "=" * (-len(sub) % 4))
        user, rest = _field(raw, _USER)
        connector, rest = _field(rest, _CONNECTOR)
    except (ValueError, IndexError):
        return None
    return (user, connector) if user and connector and not rest else None


def _field(raw: bytes, tag: int) -> tuple[str, bytes]:
    if raw[0] != tag:
        raise ValueError("another field")
    size, at = _varint(raw[1:])
    text = raw[1 + at : 1 + at + size]
    if len(text) != size:
        raise ValueError("cut off")
    return text.decode(), raw[1 + at + size :]


def _varint(raw: bytes) -> tuple[int, int]:
    """A number of seven bits a byte, lowest first, and how many bytes it took."""
    value = 0
    for at, byte in enumerate(raw[:5]):
        value |= (byte & 0x7F) << (7 * at)
        if byte < 0x80:
            return value, at + 1
    raise ValueError("no number")
