"""Standings as CSV bytes, in the order and columns of CONTRACT 2.

Rows are put together as importers.csv_sheet does.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from importers.columns import Column, numbered, text_order
from importers.csv_sheet import Cells, csv_lines, number_cells, table_of
from importers.csv_text import cell
from importers.plans import MajorRow
from ranking.book import NO_UNIT, Book, Index, run_starts
from ranking.rules import UnitKey
from ranking.scores import score_text
from ranking.standing import NO_LINE, STATUS_NAMES, Standings

HEADER = (
    "candidate_no,track,institution_code,plan_nature,filing_score,rank,rank_last,tied,applicants,"
    "plan,due,line_filing,line_plan,status,major_code,major_rank,major_tied,major_rank_exam,"
    "major_tied_exam"
)


class NamedBook(Protocol):
    """A book, and what its rows (by `ident`), units and majors are called."""

    @property
    def book(self) -> Book: ...

    @property
    def numbers(self) -> Column: ...

    @property
    def units(self) -> Sequence[UnitKey]: ...

    @property
    def majors(self) -> Sequence[MajorRow]: ...


def standings_csv(filed: NamedBook, now: Standings) -> Iterator[bytes]:
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
    number = table_of(map(str, range(most + 1)))
    or_blank = number.copy()
    or_blank[0] = 0
    columns = [
        Cells(number_cells(filed.numbers), ident),
        Cells(table_of(",".join(map(cell, head)) for head in heads), unit),
        Cells(table_of(scores), (np.cumsum(levels) - 1)[rows]),
        *(Cells(number, column[rows]) for column in (now.rank, now.rank_last, now.tied)),
        Cells(table_of(_unit_figures(filed, now)), unit),
        Cells(table_of(STATUS_NAMES), now.status[rows]),
        Cells(table_of(map(cell, codes)), code_of[major]),
        *(
            Cells(or_blank, column[rows])
            for column in (
                now.major_rank, now.major_tied, now.major_rank_exam, now.major_tied_exam,
            )
        ),
    ]  # fmt: skip
    return csv_lines(HEADER, columns)


def _unit_cells(filed: NamedBook, unit: int) -> tuple[str, str, str]:
    """Track, institution code, plan nature: the order of the file's columns and of its rows."""
    key = filed.units[unit]
    return key.track, key.institution_code, key.plan_nature


def _in_order(filed: NamedBook, now: Standings, heads: Sequence[tuple[str, str, str]]) -> Index:
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


def _unit_figures(filed: NamedBook, now: Standings) -> Iterator[str]:
    """Every unit's applicants, plan, due and lines, as they stand between commas."""
    counts = (now.applicants, filed.book.plan.seats, now.due)
    lines = (map(_line, column.tolist()) for column in (now.line_filing, now.line_plan))
    columns = (*(map(str, column.tolist()) for column in counts), *lines)
    return map(",".join, zip(*columns, strict=True))


def _line(milli: int) -> str:
    return "" if milli == NO_LINE else score_text(milli)
