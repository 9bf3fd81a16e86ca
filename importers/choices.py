"""Choices as columns, each checked by itself; importers.matching lays plan and candidates beside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from importers.cells import Cells
from importers.columns import NONE, Column, TextColumn, count_distinct
from importers.digests import digest_of
from importers.headings import CHOICES, MAX_MAJORS, recognise
from importers.report import Report
from importers.tables import Source, read_table
from importers.words import Int


@dataclass(frozen=True)
class Choices:
    """All choices in a file, in file order; all columns are (n,).

    `numbers`, `institutions` and `natures` are codes, of which other properties give the texts;
    majors are held as `major_ids` (n, w) int32, indices into `major_codes`, NONE after the last.
    `position` is the place of the choice on its candidate's form, 1 the first.
    """

    line: Sequence[int]
    numbers: Column
    institutions: Column
    natures: Column
    major_codes: tuple[str, ...]
    major_ids: Int
    accepts_adjustment: NDArray[np.bool_]
    position: Int

    def __len__(self) -> int:
        """How many."""
        return len(self.numbers)

    @property
    def candidate_no(self) -> list[str]:
        """(n,) who chooses."""
        return self.numbers.texts

    @property
    def institution_code(self) -> list[str]:
        """(n,) the institution chosen."""
        return self.institutions.texts

    @property
    def plan_nature(self) -> list[str]:
        """(n,) the nature of the plan chosen."""
        return self.natures.texts

    @cached_property
    def majors(self) -> list[tuple[str, ...]]:
        """Each choice's major codes, in order of preference."""
        return [
            tuple(self.major_codes[one] for one in row if one != NONE)
            for row in self.major_ids.tolist()
        ]


_NO_TEXT = TextColumn([])
NO_CHOICES = Choices(
    line=(),
    numbers=_NO_TEXT,
    institutions=_NO_TEXT,
    natures=_NO_TEXT,
    major_codes=(),
    major_ids=np.zeros((0, 0), np.int32),
    accepts_adjustment=np.zeros(0, np.bool_),
    position=np.zeros(0, np.int32),
)
"""What a refused file gives."""


def read_choices(
    source: Source, mapping: Mapping[str, str] | None = None, *, digest: bool = True
) -> tuple[Choices, Report]:
    """The choices in a file; none, with faults in the report, when anything in it is wrong.

    digest: whether the report shall have one; a computation needs none.
    """
    report = Report(source.name)
    table = read_table(source, report, may_be_empty=True)
    cells = None if table is None else recognise(table, CHOICES, mapping or {}, report)
    if cells is None:
        return NO_CHOICES, report
    codes, ids = _majors(cells)
    choices = Choices(
        line=cells.lines,
        numbers=cells.code_column("candidate_no", needed=True),
        institutions=cells.code_column("institution_code", needed=True),
        natures=cells.code_column("plan_nature"),
        major_codes=codes,
        major_ids=ids,
        accepts_adjustment=cells.yes_or_no("accepts_adjustment"),
        position=cells.positions("position"),
    )
    people = count_distinct(choices.numbers)
    if people < len(choices):
        places = zip(choices.candidate_no, choices.position.tolist(), strict=True)
        cells.refuse_twice(list(places), "a candidate's choice in this position", "candidate_no")
    if not report.accepted:
        return NO_CHOICES, report
    report.totals = {"choices": len(choices), "candidates": people}
    if digest:
        report.digest = _digest(choices)
    return choices, report


def _digest(choices: Choices) -> str:
    ids = choices.major_ids
    return digest_of(
        {
            "candidate_no": choices.candidate_no,
            "institution_code": choices.institution_code,
            "plan_nature": choices.plan_nature,
            "accepts_adjustment": choices.accepts_adjustment,
            "position": choices.position,
            "major_codes": choices.major_codes,
            "majors": ids[:, (ids != NONE).any(axis=0)],
        }
    )


def _majors(cells: Cells) -> tuple[tuple[str, ...], Int]:
    """The distinct major codes and, for each row, their indices in order of preference."""
    names = [f"major_{n}" for n in range(1, MAX_MAJORS + 1) if f"major_{n}" in cells.columns]
    columns = [cells.distinct_codes(name, slash=True) for name in names]
    codes = tuple(sorted(set().union(*(occur for occur, _ in columns)) - {""}))
    number = {code: place for place, code in enumerate(codes)} | {"": NONE}
    ids = np.full((len(cells), len(names)), NONE, np.int32, order="F")
    for place, (occur, which) in enumerate(columns):
        ids[:, place] = np.array([number[code] for code in occur], np.int32)[which]
    _refuse_gaps(cells, names, codes, ids)
    return codes, ids


def _refuse_gaps(cells: Cells, names: list[str], codes: tuple[str, ...], ids: Int) -> None:
    """A major after a blank, or the same twice: which one was meant cannot be known."""
    blank = ids == NONE
    gap = ~blank[:, 1:] & blank[:, :-1]
    for row, place in np.argwhere(gap).tolist() if gap.any() else ():
        cells.reject(row, names[place], "", "is blank before another major")
    again = np.zeros(len(ids), np.bool_)
    for one, other in combinations(range(len(names)), 2):
        again |= (ids[:, one] == ids[:, other]) & ~blank[:, one]
    for row in np.flatnonzero(again).tolist():
        seen: set[int] = set()
        for name, one in zip(names, ids[row].tolist(), strict=True):
            if one != NONE and one in seen:
                cells.reject(row, name, codes[one], "is listed twice in this choice")
            seen.add(one)
