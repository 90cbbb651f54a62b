"""Sets of small numbers as packed bits in numpy words."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint64]
"""One row: `words(size)` words. Several rows: a matrix of them."""
Indices = npt.NDArray[np.intp]


def words(size: int) -> int:
    """Words that hold `size` bits; never 0."""
    return max(1, (size + 63) // 64)


def empty(size: int) -> Bits:
    """No member."""
    return np.zeros(words(size), np.uint64)


def full(size: int) -> Bits:
    """Every number below `size`."""
    return pack(np.ones(size, np.bool_))


def pack(members: npt.NDArray[np.bool_]) -> Bits:
    """From booleans, along the last axis."""
    packed = np.packbits(members, axis=-1, bitorder="little")
    padded = np.zeros((*members.shape[:-1], words(members.shape[-1]) * 8), np.uint8)
    padded[..., : packed.shape[-1]] = packed
    return padded.view(np.uint64)


def unpack(bits: Bits, size: int) -> npt.NDArray[np.bool_]:
    """To booleans, along the last axis."""
    raw = np.ascontiguousarray(bits).view(np.uint8)
    return np.unpackbits(raw, axis=-1, count=size, bitorder="little").view(np.bool_)


def of(members: Iterable[int], size: int) -> Bits:
    """From numbers."""
    flags = np.zeros(words(size) * 64, np.bool_)
    flags[list(members)] = True
    return np.packbits(flags, bitorder="little").view(np.uint64)


def indices(bits: Bits, size: int) -> Indices:
    """The members in order."""
    return np.flatnonzero(unpack(bits, size))


def test(bits: Bits, member: int) -> bool:
    """Whether a number is in the set."""
    return bool(int(bits[member >> 6]) >> (member & 63) & 1)


def count(bits: Bits) -> int:
    """How many members."""
    return int(np.bitwise_count(bits).sum())
