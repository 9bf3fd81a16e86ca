"""Cells as machine words: eight bytes are compared, told apart and read as digits at once.

Words are little-endian: a cell's first byte is the lowest. A cell ends in NUL bytes, which no file
may hold.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Int: TypeAlias = NDArray[np.int32]
Words: TypeAlias = NDArray[np.uint64]

WORD = 8
MAX_DIGITS = 16
"""Eleven to this power fits int64 with room."""

MAX_WORDS = 4
_KEEP = np.array(
    [
        [(1 << 8 * min(max(width - begin, 0), WORD)) - 1 for width in range(WORD * MAX_WORDS + 1)]
        for begin in range(0, WORD * MAX_WORDS, WORD)
    ],
    np.uint64,
)
"""By word and width of the cell: the bytes of the word that belong to the cell."""
_EACH = 0x0101010101010101
_ZEROS, _ONES = np.uint64(ord("0") * _EACH), np.uint64(_EACH)
_TO_HIGH_BIT, _HIGH_BIT = np.uint64((0x80 - 10) * _EACH), np.uint64(0x80 * _EACH)

_SLOT_BITS = 16
_MIX = np.array([pow(0x9E3779B97F4A7C15, power, 1 << 64) for power in range(1, 9)], np.uint64)
"""Odd, so that multiplying loses nothing; one for each turn of hashing."""


def words_at(data: bytes, start: Int, width: Int, widest: int) -> Words:
    """(w, n) uint64: n cells of at most `widest` bytes, in w words, at most four; NUL after each.

    start, width (n,), start ascending. Cells near the end are read from a roomy copy of it.
    """
    count = max(1, -(-widest // WORD))
    words = np.empty((count, len(start)), np.uint64)
    near = int(np.searchsorted(start, len(data) - count * WORD))
    _read_words(data, start[:near], words[:, :near])
    if near < len(start):
        end = int(start[near])
        _read_words(data[end:] + bytes(count * WORD), start[near:] - end, words[:, near:])
    for word, kept in zip(words, _KEEP, strict=False):
        np.bitwise_and(word, kept.take(width), out=word)
    return words


def _read_words(data: bytes, start: Int, words: Words) -> None:
    if not len(start):
        return
    everywhere = np.ndarray((len(data) - WORD + 1,), "<u8", data, strides=(1,))
    for place, word in enumerate(words):
        word[:] = everywhere[start + place * WORD if place else start]


def digit_keys(words: Words, width: Int) -> NDArray[np.int64] | None:
    """(n,) int64 by which cells of digits equal and order as their texts; None if not all digits.

    A key is the cell as a number of 16 places to base 11, where a digit counts one more than it
    says and a place without one counts 0: "1" < "10" < "2", and "01" is not "1".
    """
    key = np.zeros(words.shape[1], np.uint64)
    for place, word in enumerate(words):
        eight = _eight_places(word, _KEEP[place].take(width))
        if eight is None:
            return None
        key *= np.uint64(11**WORD)
        key += eight
    return key.astype(np.int64)


def _eight_places(word: Words, kept: Words) -> Words | None:
    """(n,) eight places to base 11, neighbours put together thrice; None if not all digits."""
    place = word ^ (_ZEROS & kept)
    if np.any(((place + _TO_HIGH_BIT) | place) & _HIGH_BIT):
        return None
    place += _ONES & kept
    for bits, mask in (
        (8, 0x00FF00FF00FF00FF), (16, 0x0000FFFF0000FFFF), (32, 0x00000000FFFFFFFF),
    ):  # fmt: skip
        place *= np.uint64((11 ** (bits // 8) << bits) + 1)
        place >>= np.uint64(bits)
        place &= np.uint64(mask)
    return place


def distinct_words(words: Words) -> tuple[Int, Int] | None:
    """A row of each distinct cell, and (n,) int32 which of them each row has.

    words (w, n). Rows write themselves into a small table at a hash of theirs; whoever finds an
    equal one there is told, the others try again with another hash. None where that does not end,
    or where two cells share a hash of all their words.
    """
    mixed = _mixed(words)
    which = np.empty(len(mixed), np.int32)
    firsts: list[Int] = []
    told = 0
    rows = np.arange(len(mixed), dtype=np.int32)
    hashes = mixed
    for multiplier in _MIX:
        slot = (hashes * multiplier >> np.uint64(64 - _SLOT_BITS)).astype(np.intp)
        first_in = np.full(1 << _SLOT_BITS, -1, np.int32)
        first_in[slot] = rows
        used = first_in >= 0
        firsts.append(first_in[used])
        number = (np.cumsum(used, dtype=np.int32) + np.int32(told - 1)).take(slot)
        told += len(firsts[-1])
        which[rows] = number
        others = np.flatnonzero(mixed.take(first_in.take(slot)) != hashes)
        rows, hashes = rows[others], hashes[others]
        if not len(rows):
            break
    first = np.concatenate(firsts)
    if len(rows) or (len(words) > 1 and (words[:, first[which]] != words).any()):
        return None
    return first, which


def _mixed(words: Words) -> Words:
    """(n,) one word of several; two different cells rarely share it, which the caller checks."""
    mixed: Words = words[0].copy()
    for word in words[1:]:
        mixed ^= mixed >> np.uint64(29)
        mixed *= _MIX[1]
        mixed += word
    return mixed


def padded(words: Words) -> NDArray[np.uint8]:
    """(n, 8w) uint8: the cells of (w, n) words as bytes, NUL after each."""
    return np.ascontiguousarray(words.T, "<u8").view(np.uint8)


def padded_texts(texts: Sequence[str]) -> NDArray[np.uint8]:
    """(n, b) uint8: texts as UTF-8, NUL after each."""
    packed = np.array([text.encode() for text in texts], np.bytes_)
    return packed.view(np.uint8).reshape(len(texts), packed.itemsize)
