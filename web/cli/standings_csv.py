"""Standings as CSV bytes, in the order and columns of CONTRACT 2.

A column is a table of the cells that occur and which of them each row has; rows are put together
as rectangles of bytes, whose unused NUL bytes then fall out.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from importers.book_files import FileBook
from importers.columns import ByteColumn, Column, numbered, text_order
from importers.csv_text import cell
from importers.words import padded_texts
from ranking.book import NO_UNIT, Index, run_starts
from ranking.scores import score_text
from ranking.standing import NO_LINE, STATUS_NAMES, Standings

Bytes: TypeAlias = NDArray[np.uint8]

HEADER = (
    "candidate_no,track,institution_code,plan_nature,filing_score,rank,rank_last,tied,applicants,"
    "plan,due,line_filing,line_plan,status,major_code,major_rank,major_tied,major_rank_exam,"
    "major_tied_exam"
)
BLOCK = 1 << 13
"""Rows put together at a time, so that their rectangle stays in the processor's cache."""


class Cells(NamedTuple):
    """A column, or several: table (d, w) uint8 of texts, NUL after each; which (n,)."""

    table: Bytes
    which: NDArray[np.integer]


def standings_csv(filed: FileBook, now: Standings) -> Iterator[bytes]:
    """The standings of all who hold a choice, piece by piece."""
    book = filed.book
    heads = [_unit_cells(filed, unit) for unit in range(len(filed.units))]
    rows = _in_order(filed, now, heads)
    unit, ident = book.unit[rows], book.roll.ident[rows]
    levels = run_starts(book.roll.filing)
    scores = [score_text(one) for one in book.roll.filing[levels].tolist()]
    codes = numbered([*(row.major_code for row in filed.majors), ""])
    code_of = np.array([codes[row.major_code] for row in filed.majors] + [codes[""]])
    major = np.where(now.major_rank[rows] > 0, book.first_major[rows], len(filed.majors))
    most = int(max(now.applicants.max(initial=0), now.tied.max(initial=0)))
    number = _table(map(str, range(most + 1)))
    or_blank = number.copy()
    or_blank[0] = 0
    columns = [
        Cells(_numbers(filed.numbers), ident),
        Cells(_table(",".join(map(cell, head)) for head in heads), unit),
        Cells(_table(scores), (np.cumsum(levels) - 1)[rows]),
        *(Cells(number, column[rows]) for column in (now.rank, now.rank_last, now.tied)),
        Cells(_table(_unit_figures(filed, now)), unit),
        Cells(_table(STATUS_NAMES), now.status[rows]),
        Cells(_table(map(cell, codes)), code_of[major]),
        *(
            Cells(or_blank, column[rows])
            for column in (
                now.major_rank, now.major_tied, now.major_rank_exam, now.major_tied_exam,
            )
        ),
    ]  # fmt: skip
    return chain([HEADER.encode(), b"\n"], _lines(columns))


def _unit_cells(filed: FileBook, unit: int) -> tuple[str, str, str]:
    """Track, institution code, plan nature: the order of the file's columns and of its rows."""
    key = filed.units[unit]
    return key.track, key.institution_code, key.plan_nature


def _in_order(filed: FileBook, now: Standings, heads: Sequence[tuple[str, str, str]]) -> Index:
    """(a,) the book's rows that hold a choice, by unit as text, rank, candidate number as text.

    The three are one int64, which sorts fastest; it has room for 2**31 units times candidates.
    """
    book, n = filed.book, len(filed.numbers)
    unit_place = np.empty(len(heads), np.int64)
    unit_place[sorted(range(len(heads)), key=heads.__getitem__)] = np.arange(len(heads))
    by_number = text_order(filed.numbers)
    number_place = np.empty(n, np.int64)
    number_place[by_number] = np.arange(n)
    rows = np.flatnonzero(book.unit != NO_UNIT)
    packed = unit_place[book.unit[rows]] * (n + 1)
    packed += now.rank[rows]
    packed *= n
    packed += number_place[book.roll.ident[rows]]
    packed.sort()
    return book.roll.row_of()[by_number[packed % max(n, 1)]].astype(np.intp)


def _unit_figures(filed: FileBook, now: Standings) -> Iterator[str]:
    """Every unit's applicants, plan, due and lines, as they stand between commas."""
    counts = (now.applicants, filed.book.plan.seats, now.due)
    lines = (map(_line, column.tolist()) for column in (now.line_filing, now.line_plan))
    columns = (*(map(str, column.tolist()) for column in counts), *lines)
    return map(",".join, zip(*columns, strict=True))


def _line(milli: int) -> str:
    return "" if milli == NO_LINE else score_text(milli)


def _numbers(numbers: Column) -> Bytes:
    """(n, w) the candidates' numbers; digits need no quotes and are taken as they stand."""
    if isinstance(numbers, ByteColumn) and numbers.keys is not None:
        return numbers.padded()
    return _table(map(cell, numbers.texts))


def _table(texts: Iterable[str]) -> Bytes:
    return padded_texts(list(texts))


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
