"""From the bytes of an answer to a value, or to a sentence that says what is wrong with them."""

from typing import TypeVar

import msgspec

from opskit.core.errors import BadAnswer

S = TypeVar("S")


def decode(body: bytes, decoder: "msgspec.json.Decoder[S]", *, where: str) -> S:
    """Decode, or say what is wrong with the answer.

    Raises:
        BadAnswer: cut off, no JSON, or not of the expected shape.

    """
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadAnswer(
            f"The answer can't be used: {error}. It begins {body[:60]!r} and has {len(body)} bytes.",
            where=where,
            hint="ask the system itself; a version that opskit does not know may answer differently",
        ) from error
