"""The cells of one column, as text or as distinct texts and which of them each row has.

A file without quotes is never cut into a million strings: where its cells begin and end is enough
to tell them apart, eight bytes at a time, and only distinct cells become text.
"""

import re
from functools import cached_property
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Int: TypeAlias = NDArray[np.int32]
Bytes: TypeAlias = NDArray[np.uint8]
Words: TypeAlias = NDArray[np.uint64]

NEWLINE = 10
_BLANK = re.compile(r"[ \t\v\f\x1c-\x1f]")
MAX_WORDS = 4
SAMPLE = 512
WORD = 8
SHORT = 3
"""Cells of so many ASCII bytes are looked up in a table of 2**21, which needs no sorting."""

_MIX = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], "u8"
)


class Column(Protocol):
    """A column's cells, without surrounding blanks."""

    @property
    def texts(self) -> list[str]:
        """(n,) every row's cell."""
        ...

    def distinct(self) -> tuple[list[str], Int]:
        """The texts that occur, and (n,) int32 which of them each row has."""
        ...

    def mostly_the_same(self) -> bool:
        """Whether it is worth asking for distinct texts when a text for every row is wanted."""
        ...


class TextColumn:
    """A column whose cells are strings already."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts

    def distinct(self) -> tuple[list[str], Int]:
        """In the order of first appearance."""
        number = {text: place for place, text in enumerate(dict.fromkeys(self.texts))}
        found = map(number.__getitem__, self.texts)
        return list(number), np.fromiter(found, np.int32, len(self.texts))

    def mostly_the_same(self) -> bool:
        """Strings that exist cost nothing more."""
        return False


class ByteColumn:
    """A column as places in the bytes of its file, `start` up to `end` of each row.

    The bytes go on for `WORD * MAX_WORDS` after the last cell, so that reading ahead is harmless.
    """

    def __init__(self, data: bytes, start: Int, end: Int) -> None:
        self._data = data
        self._start = np.ascontiguousarray(start)
        self._end = np.ascontiguousarray(end)

    @cached_property
    def texts(self) -> list[str]:
        """Cut out row by row, and decoded all together."""
        return self._cut(self._start, self._end)

    def _cut(self, start: Int, end: Int) -> list[str]:
        data = self._data
        places = zip(start.tolist(), end.tolist(), strict=True)
        text = b"\n".join([data[first:last] for first, last in places]).decode()
        texts = text.split("\n") if len(start) else []
        if text.isascii() and not _BLANK.search(text):
            return texts
        return [one.strip() for one in texts]

    def mostly_the_same(self) -> bool:
        """By a look at the first rows."""
        some = self._cut(self._start[:SAMPLE], self._end[:SAMPLE])
        return 2 * len(set(some)) < len(some)

    def distinct(self) -> tuple[list[str], Int]:
        """In no particular order."""
        width = self._end - self._start
        widest = int(width.max(initial=0))
        if widest > WORD * MAX_WORDS:
            return TextColumn(self.texts).distinct()
        cells = self._padded(width, widest)
        if widest <= SHORT and not (cells & 0x80).any():
            first, inverse = _by_table(cells)
        else:
            words = cells.view(np.uint64)
            _, first, inverse = np.unique(_mixed(words), return_index=True, return_inverse=True)
            if (words[first][inverse] != words).any():
                return TextColumn(self.texts).distinct()
        return self._cut(self._start[first], self._end[first]), inverse.astype(np.int32)

    def _padded(self, width: Int, widest: int) -> Bytes:
        """(n, 8w) uint8: each cell's bytes, then NUL, which no file may hold."""
        buffer = np.frombuffer(self._data, np.uint8)
        cells = np.zeros((len(width), -(-max(widest, 1) // WORD) * WORD), np.uint8)
        for place in range(widest):
            byte = buffer[self._start + place]
            cells[:, place] = byte * (width > place)
        return cells


def _mixed(words: Words) -> Words:
    """(n,) one word of several; two different cells rarely share it, which the caller checks."""
    mixed = words[:, 0].copy()
    for place in range(1, words.shape[1]):
        mixed = (mixed ^ (mixed >> np.uint64(29))) * _MIX[place - 1] + words[:, place]
    return mixed


def _by_table(cells: Bytes) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """For cells of up to three ASCII bytes: a row of each distinct one, and which each row has."""
    key = (cells[:, 0].astype(np.int32) << 14) | (cells[:, 1].astype(np.int32) << 7) | cells[:, 2]
    row_of = np.full(1 << 21, -1, np.int32)
    row_of[key] = np.arange(len(key), dtype=np.int32)
    seen = np.flatnonzero(row_of >= 0)
    first = row_of[seen].astype(np.intp)
    row_of[seen] = np.arange(len(seen), dtype=np.int32)
    return first, row_of[key].astype(np.intp)


def cut_evenly(data: bytes, delimiter: str, width: int) -> list[ByteColumn] | None:
    """The columns of lines that all have `width` cells and something in them; None if not so.

    `data` is UTF-8 with line feeds only and without quotes; the heading is left out.
    """
    buffer = np.frombuffer(data, np.uint8)
    cuts = np.flatnonzero((buffer == ord(delimiter)) | (buffer == NEWLINE)).astype(np.int32)
    if len(cuts) % width:
        return None
    end = cuts.reshape(-1, width)
    line_ends = buffer[end] == NEWLINE
    if not line_ends[:, -1].all() or line_ends[:, :-1].any():
        return None
    start = np.concatenate([np.zeros(1, np.int32), cuts[:-1] + 1]).reshape(-1, width)
    if _has_blank_line(data, buffer, start, end):
        return None
    roomy = data + bytes(WORD * MAX_WORDS)
    return [ByteColumn(roomy, start[1:, place], end[1:, place]) for place in range(width)]


def _has_blank_line(data: bytes, buffer: Bytes, start: Int, end: Int) -> bool:
    """Whether a line has nothing but delimiters, spaces and tabs."""
    if not (b" " in data or b"\t" in data):
        return bool(((end - start).max(axis=1) == 0).any())
    something = (buffer != ord(" ")) & (buffer != ord("\t"))
    something[end] = False
    return not bool(np.logical_or.reduceat(something, start[:, 0]).all())
