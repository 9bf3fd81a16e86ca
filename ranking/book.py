"""The columns of one round: what is offered, who competes, and who holds what now.

A Roll puts candidates into ranking order once, so that every later question is about rows that are
already sorted. A Book lays the current choices beside it. Nothing here ranks. RULES.md 1.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .rules import BASIS_POINTS, UnitKey

Int: TypeAlias = NDArray[np.int32]
Small: TypeAlias = NDArray[np.int16]
Mask: TypeAlias = NDArray[np.bool_]
Index: TypeAlias = NDArray[np.intp]
Draw: TypeAlias = NDArray[np.uint64]

NO_UNIT = -1
"""In a book's `unit`: the candidate holds no choice."""
NO_MAJOR = -1
"""In a book's `first_major`: no choice, or a choice that lists no major."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is offered: m units and their k majors.

    Attributes:
        keys: the m units; their place here is their index everywhere in ranking.
        track: (m,) int16, the caller's track number.
        seats: (m,) int32 unit plan; it may differ from the sum of its majors' quotas.
        ratio: (m,) int32 filing ratio in basis points.
        strict: (m,) bool, files exactly `due`, in tie-break order.
        major_unit: (k,) int32 unit of each major, ascending.
        major_quota: (k,) int32 seats of each major.
    """

    keys: tuple[UnitKey, ...]
    track: Small
    seats: Int
    ratio: Int
    strict: Mask
    major_unit: Int
    major_quota: Int

    def __post_init__(self) -> None:
        """Refuse columns of unequal length, majors out of order, and negative numbers."""
        units = (self.track, self.seats, self.ratio, self.strict)
        if any(column.shape != (len(self.keys),) for column in units):
            raise ValueError("a plan's unit columns differ in length")
        if self.major_unit.shape != self.major_quota.shape:
            raise ValueError("a plan's major columns differ in length")
        if np.any(self.major_unit[1:] < self.major_unit[:-1]):
            raise ValueError("a plan's majors must be grouped by unit, ascending")
        if any(np.any(column < 0) for column in (self.seats, self.ratio, self.major_quota)):
            raise ValueError("a plan has a negative number of seats or a negative ratio")

    def majors_of(self, unit: int) -> slice:
        """Where the majors of `unit` are in the major columns."""
        first, end = np.searchsorted(self.major_unit, [unit, unit + 1])
        return slice(int(first), int(end))


@dataclass(frozen=True, slots=True)
class Roll:
    """Who competes, in ranking order: filing score, then tie-break keys, then the draw.

    All tracks share one roll; candidates of different tracks never meet in a unit. `make_roll`
    makes it. A *level* is the candidates of one track with one filing score.

    Attributes:
        ident: (n,) int32, the caller's row number of the candidate in each row of the roll.
        filing: (n,) int32 filing score in thousandths, descending.
        exam: (n,) int32 exam score in thousandths.
        track: (n,) int16.
        tie_class: (n,) int32, ascending; equal on filing score and every key share one.
        by_exam: (n,) int32, the rows of this roll, exam score descending.
        exam_place: (n,) int32, where each row stands in that order; `by_exam` turned around.
        level: (n,) int32, the row's level; levels go by track, then filing score descending.
        level_track: (l,) int16.
        level_filing: (l,) int32 thousandths.
    """

    ident: Int
    filing: Int
    exam: Int
    track: Small
    tie_class: Int
    by_exam: Int
    exam_place: Int = field(repr=False)
    level: Int = field(repr=False)
    level_track: Small = field(repr=False)
    level_filing: Int = field(repr=False)

    def __len__(self) -> int:
        """How many candidates compete."""
        return len(self.ident)

    def row_of(self) -> Int:
        """(n,) int32: the roll's row of each of the caller's rows; `ident` turned around."""
        return turned_around(self.ident)


@dataclass(frozen=True, slots=True)
class Book:
    """One round at one moment: the plan, the roll, and what each candidate holds.

    The owner may write into the two columns between computations; one choice is two cells.

    Attributes:
        plan: what is offered.
        roll: who competes.
        unit: (n,) int32 index into the plan's units, or NO_UNIT; aligned with the roll.
        first_major: (n,) int32 index into the plan's majors, or NO_MAJOR; a major of that unit.
    """

    plan: Plan
    roll: Roll
    unit: Int
    first_major: Int

    def __post_init__(self) -> None:
        """Refuse columns that do not lie beside the roll, or that are not int32."""
        if not self.unit.shape == self.first_major.shape == (len(self.roll),):
            raise ValueError("a book's columns must be as long as its roll")
        if not self.unit.dtype == self.first_major.dtype == np.int32:
            raise ValueError("a book's columns must be int32")


def empty_book(plan: Plan, roll: Roll) -> Book:
    """A round in which nobody holds a choice yet."""
    return Book(
        plan=plan,
        roll=roll,
        unit=np.full(len(roll), NO_UNIT, np.int32),
        first_major=np.full(len(roll), NO_MAJOR, np.int32),
    )


def make_roll(
    filing: Int, exam: Int, track: Small, tie_keys: Int | None = None, draw: Draw | None = None
) -> Roll:
    """Put candidates into ranking order.

    Args:
        filing: (n,) filing scores in thousandths, in the caller's row order; not negative.
        exam: (n,) exam scores in thousandths.
        track: (n,) track numbers, as in the plan.
        tie_keys: (n, j) tie-break keys of each candidate's own track, first key first, higher wins.
        draw: (n,) the published draw, lower wins. It orders those equal on every key; without it
            their order is the caller's, which must then decide nothing. RULES.md 5.5.

    Returns:
        The roll. `ident` says which of the caller's rows stands in each of its rows.

    Raises:
        ValueError: columns differ in length, or a filing score is negative.
    """
    n = len(filing)
    keys = np.empty((n, 0), np.int32) if tie_keys is None else tie_keys
    if not len(exam) == len(track) == len(keys) == n or (draw is not None and len(draw) != n):
        raise ValueError("a roll's columns differ in length")
    if np.any(filing < 0):
        raise ValueError("a filing score is negative")
    better_first = [-filing.astype(np.int64), *(-keys.T.astype(np.int64))]
    order = np.lexsort([*([] if draw is None else [draw]), *reversed(better_first)])
    classes = run_starts(*(column[order] for column in better_first))
    filing, exam, track = filing[order], exam[order], track[order]
    by_track = np.argsort(track, kind="stable")
    levels = run_starts(track[by_track], filing[by_track])
    level = np.empty(n, np.int32)
    level[by_track] = np.cumsum(levels) - 1
    first_of_level = by_track[levels]
    by_exam = np.argsort(-exam.astype(np.int64), kind="stable").astype(np.int32)
    return Roll(
        ident=order.astype(np.int32),
        filing=filing.astype(np.int32),
        exam=exam.astype(np.int32),
        track=track.astype(np.int16),
        tie_class=(np.cumsum(classes) - 1).astype(np.int32),
        by_exam=by_exam,
        exam_place=turned_around(by_exam),
        level=level,
        level_track=track[first_of_level].astype(np.int16),
        level_filing=filing[first_of_level].astype(np.int32),
    )


def turned_around(permutation: Int) -> Int:
    """(n,) int32: where each of 0 … n - 1 stands in `permutation`, (n,) int32."""
    place = np.empty(len(permutation), np.int32)
    place[permutation] = np.arange(len(permutation), dtype=np.int32)
    return place


def run_starts(*columns: NDArray[np.generic]) -> Mask:
    """(n,) bool: where a run of rows equal in every column begins; the first row always does."""
    begins = np.zeros(len(columns[0]), np.bool_)
    begins[:1] = True
    for column in columns:
        begins[1:] |= column[1:] != column[:-1]
    return begins


def due_seats(plan: Int, ratio: Int) -> Int:
    """How many are sent: ceil(plan * ratio), in integers; ratio in basis points. RULES.md 2.

    Both (m,) int32; computed in int64, so that 100 seats at 110 % are 110.
    """
    exact = plan.astype(np.int64) * ratio
    return (-(-exact // BASIS_POINTS)).astype(np.int32)
