"""From the bytes of an answer to a value, or to a sentence that says what is wrong with them."""

from functools import cache
from threading import Lock
from typing import Any, TypeVar

import msgspec

from opskit.core.errors import BadAnswer

S = TypeVar("S")

_BUILDING = Lock()
"""msgspec publishes what it learns of a class before it is complete: two threads that learn of one crash."""


def decoder_for(model: Any) -> Any:
    """The decoder of a model, made once, by one thread at a time.

    Args:
        model: what the JSON is decoded into: a Struct, or a type made of such.

    """
    with _BUILDING:
        return _decoder(model)


def converted(value: Any, model: Any, *, strict: bool = True) -> Any:
    """A value that is decoded already, as a model.

    Args:
        value: what JSON or YAML gave.
        model: as for `decoder_for`.
        strict: False also takes `"5"` for 5.

    Raises:
        msgspec.ValidationError: it is not of that shape.

    """
    decoder_for(model)
    return msgspec.convert(value, model, strict=strict)


@cache
def _decoder(model: Any) -> Any:
    return msgspec.json.Decoder(model)


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
