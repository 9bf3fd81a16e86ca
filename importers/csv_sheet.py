"""CSV put together as rectangles of bytes: large tables, written without a text for each row.

A column is a table of the cells that occur and which of them each row has. Cells are laid side by
side, padded with NUL, and the NULs then fall out.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from importers.columns import ByteColumn, Column
from importers.csv_text import cell
from importers.words import padded_texts

Bytes: TypeAlias = NDArray[np.uint8]

BLOCK = 1 << 13
"""Rows put together at a time, so that their rectangle stays in the processor's cache."""


class Cells(NamedTuple):
    """A column, or several: table (d, w) uint8 of texts, NUL after each; which (n,)."""

    table: Bytes
    which: NDArray[np.integer]


def table_of(texts: Iterable[str]) -> Bytes:
    """The table of some cells, quoted already where they must be."""
    return padded_texts(list(texts))


def number_cells(numbers: Column) -> Bytes:
    """(n, w) candidates' numbers; digits need no quotes and are taken as they stand."""
    if isinstance(numbers, ByteColumn) and numbers.keys is not None:
        return numbers.padded()
    return table_of(map(cell, numbers.texts))


def csv_lines(header: str, columns: Sequence[Cells]) -> Iterator[bytes]:
    """A file of these columns, piece by piece."""
    return chain([header.encode(), b"\n"], _lines(columns))


def _lines(columns: Sequence[Cells]) -> Iterator[bytes]:
    """Rows as CSV, block by block: the cells are laid between separators that stay where they are."""
    widths = [table.shape[1] for table, _ in columns]
    ends = np.cumsum(widths) + np.arange(len(widths))
    sheet = np.zeros((BLOCK, ends[-1] + 1), np.uint8)
    sheet[:, ends] = [ord(",")] * (len(ends) - 1) + [ord("\n")]
    for begin in range(0, len(columns[0].which), BLOCK):
        rows = len(columns[0].which[begin : begin + BLOCK])
        for (table, which), width, end in zip(columns, widths, ends.tolist(), strict=True):
            sheet[:rows, end - width : end] = table.take(which[begin : begin + rows], axis=0)
        yield sheet[:rows].tobytes().translate(None, b"\0")
