"""The cells of one column, as text, as distinct texts, or as numbers that stand for them.

A file without quotes is never cut into a million strings: where its cells begin and end is enough
to tell them apart, eight bytes at a time, and only distinct cells become text.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from importers.words import (
    MAX_DIGITS,
    MAX_WORDS,
    WORD,
    Int,
    Words,
    digit_keys,
    distinct_words,
    padded,
    words_at,
)

Keys: TypeAlias = NDArray[np.int64]

NONE = -1
"""In columns of indices: nothing there, or nothing that exists."""

_BLANK = re.compile(r"[ \t\v\f\x1c-\x1f]")
MAX_CELL = WORD * MAX_WORDS
"""Wider cells are told apart as text."""
SAMPLE = 512


class Column(Protocol):
    """A column's cells, without surrounding blanks."""

    @property
    def texts(self) -> list[str]:
        """(n,) every row's cell."""
        ...

    @property
    def keys(self) -> Keys | None:
        """(n,) int64 that equal and order as the texts do, in every file; None if it has none.

        A blank cell has 0. Only columns of digits have keys.
        """
        ...

    def __len__(self) -> int:
        """How many rows."""
        ...

    def distinct(self) -> tuple[list[str], Int]:
        """The texts that occur, perhaps one twice, and (n,) int32 which of them each row has."""
        ...

    def mostly_the_same(self) -> bool:
        """Whether it is worth asking for distinct texts when a text for every row is wanted."""
        ...


class TextColumn:
    """A column whose cells are strings already."""

    keys = None

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts

    def __len__(self) -> int:
        """How many rows."""
        return len(self.texts)

    def distinct(self) -> tuple[list[str], Int]:
        """In the order of first appearance."""
        number = {text: place for place, text in enumerate(dict.fromkeys(self.texts))}
        found = map(number.__getitem__, self.texts)
        return list(number), np.fromiter(found, np.int32, len(self.texts))

    def mostly_the_same(self) -> bool:
        """Strings that exist cost nothing more."""
        return False


class CodedColumn:
    """A column as some texts and (n,) int32 which of them each row has."""

    keys = None

    def __init__(self, names: list[str], which: Int) -> None:
        self._names = names
        self._which = which

    @classmethod
    def blank(cls, rows: int) -> "CodedColumn":
        """Nothing in any row."""
        return cls([""], np.zeros(rows, np.int32))

    def __len__(self) -> int:
        """How many rows."""
        return len(self._which)

    @cached_property
    def texts(self) -> list[str]:
        """Looked up row by row."""
        return list(map(self._names.__getitem__, self._which.tolist()))

    def distinct(self) -> tuple[list[str], Int]:
        """As it was made."""
        return self._names, self._which

    def mostly_the_same(self) -> bool:
        """That is why it is coded."""
        return True


class ByteColumn:
    """A column as places in the bytes of its file.

    before (n,) the places just before each row's cell, ascending; end (n,) just after it.
    """

    def __init__(self, data: bytes, before: Int, end: Int) -> None:
        self._data = data
        self._before, self._end = before, end

    def __len__(self) -> int:
        """How many rows."""
        return len(self._end)

    @cached_property
    def _start(self) -> Int:
        """(n,) gathered when it is asked for: most columns of a file are not."""
        return self._before + np.int32(1)

    @cached_property
    def _width(self) -> Int:
        return self._end - self._start

    @cached_property
    def texts(self) -> list[str]:
        """Looked up where many are the same; else cut out row by row."""
        if self.mostly_the_same():
            names, which = self.distinct()
            return list(map(names.__getitem__, which.tolist()))
        return self._cut(self._start, self._width)

    def _cut(self, start: Int, width: Int) -> list[str]:
        """The cells at some places, decoded all together."""
        data = self._data
        places = zip(start.tolist(), (start + width).tolist(), strict=True)
        text = b"\n".join([data[first:last] for first, last in places]).decode()
        texts = text.split("\n") if len(start) else []
        if text.isascii() and not _BLANK.search(text):
            return texts
        return [one.strip() for one in texts]

    @cached_property
    def keys(self) -> Keys | None:
        """For up to 16 digits in every row."""
        if self._width.max(initial=0) > MAX_DIGITS:
            return None
        return digit_keys(self._words(MAX_DIGITS), self._width)

    def padded(self) -> NDArray[np.uint8]:
        """(n, b) uint8: the cells as they stand in the file, NUL after each."""
        return padded(self._words(int(self._width.max(initial=0))))

    def _words(self, widest: int) -> Words:
        return words_at(self._data, self._start, self._width, widest)

    def mostly_the_same(self) -> bool:
        """By a look at the first rows: if one in twenty is there already."""
        some = self._cut(self._start[:SAMPLE], self._width[:SAMPLE])
        return 20 * len(set(some)) < 19 * len(some)

    def distinct(self) -> tuple[list[str], Int]:
        """In no particular order."""
        widest = int(self._width.max(initial=0))
        if widest <= MAX_CELL:
            found = distinct_words(self._words(widest))
            if found is not None:
                first, which = found
                return self._cut(self._start[first], self._width[first]), which
        return TextColumn(self._cut(self._start, self._width)).distinct()


def count_distinct(column: Column) -> int:
    """How many different texts a column has."""
    keys = column.keys
    if keys is None:
        return len(set(column.texts))
    ordered = keys if ascending(keys) else np.sort(keys)
    return len(ordered[:1]) + int(np.count_nonzero(ordered[1:] != ordered[:-1]))


def ascending(keys: Keys) -> bool:
    """Whether every key is above the one before."""
    return bool((keys[1:] > keys[:-1]).all())


def text_order(column: Column) -> NDArray[np.intp]:
    """(n,) the rows, sorted by their text."""
    keys = column.keys
    if keys is None:
        texts = column.texts
        return np.array(sorted(range(len(texts)), key=texts.__getitem__), np.intp)
    return np.arange(len(keys)) if ascending(keys) else np.argsort(keys, kind="stable")


def find_rows(wanted: Column, among: Column) -> Int:
    """(n,) int32: the row of `among`, where no text stands twice, with each text; else NONE."""
    keys, sought = among.keys, wanted.keys
    if keys is not None and sought is not None:
        return find(keys, sought)
    row_of = {text: row for row, text in enumerate(among.texts)}
    rows = (row_of.get(text, NONE) for text in wanted.texts)
    return np.fromiter(rows, np.int32, len(wanted))


def find(keys: Keys, wanted: Keys) -> Int:
    """(n,) int32: where each wanted key stands among the different keys, NONE where it does not.

    Negative keys are nowhere.
    """
    if not len(keys):
        return np.full(len(wanted), NONE, np.int32)
    order = np.arange(len(keys)) if ascending(keys) else np.argsort(keys)
    ordered = keys[order]
    place = np.minimum(np.searchsorted(ordered, wanted), len(keys) - 1)
    found = (ordered[place] == wanted) & (wanted >= 0)
    return np.where(found, order[place], NONE).astype(np.int32)


def numbers_of(column: Column, number: Mapping[str, int]) -> Int:
    """(n,) int32: what each text is numbered, NONE where it is not."""
    texts, which = column.distinct()
    numbers = np.array([number.get(text, NONE) for text in texts], np.int32)
    return numbers[which] if len(texts) else np.zeros(0, np.int32)


def numbered(values: Sequence[str]) -> dict[str, int]:
    """A number for every different text, in the order of first appearance."""
    return {value: place for place, value in enumerate(dict.fromkeys(values))}
