"""Lists: each unit's and each first major's applicants, sorted, for the answer to one person.

`standings` answers everybody in some milliseconds; who has just moved, or asks what if, needs one
answer in microseconds. So the same book is kept a second time as sorted lists of its rows: the roll
is in ranking order, hence a rank is a bisection. It is the one place where RULES.md 2 and 3 are
written again, and it may not drift: tests/ranking/test_lists.py holds every field to what
`standings` and `outlook` say of the book after any moves.
"""

from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from .book import NO_MAJOR, NO_UNIT, Book, Int, due_seats, run_starts
from .groups import group_rows
from .outlook import Gates, OneOutlook, Verdict
from .standing import Standing, Status

Rows: TypeAlias = "array[int]"
Ints: TypeAlias = Sequence[int]
Tie: TypeAlias = tuple[int, int]
"""The rows [first, end) of everybody with one filing score, whatever their track or unit."""

FEW = 24
"""Up to so many rivals a loop over them is faster than numpy."""


class WrongTrackError(ValueError):
    """A standing was asked for in a unit of another track than the candidate's."""


class WrongMajorError(ValueError):
    """A first major does not belong to the unit it was named with."""


class Lists:
    """The sorted lists of a book, and the only hand that writes its columns from then on.

    A move costs two insertions and two removals in C arrays, an answer some bisections: both a few
    microseconds. The lists of 200,000 candidates, 4,000 units and 25,000 majors take 4 MB.
    """

    def __init__(self, book: Book) -> None:
        """Sort once; `book` may hold any choices."""
        plan, roll = book.plan, book.roll
        m, k = len(plan.keys), len(plan.major_unit)
        self.book = book
        self._units = _sorted_lists(book.unit, m)
        self._majors = _sorted_lists(book.first_major, k)
        self._unit, self._first_major = book.unit.data, book.first_major.data
        self._seats: Ints = plan.seats.tolist()
        self._due: Ints = due_seats(plan.seats, plan.ratio).tolist()
        self._strict: Sequence[bool] = plan.strict.tolist()
        self._unit_track: Ints = plan.track.tolist()
        self._majors_from: Ints = np.searchsorted(plan.major_unit, np.arange(m + 1)).tolist()
        self._filing, self._exam = roll.filing.data, roll.exam.data
        self._track = roll.track.data
        self._tie_class, self._level = roll.tie_class.data, roll.level.data
        first = np.flatnonzero(run_starts(roll.filing))
        self._tie_from: Ints = [*first.tolist(), len(roll)]
        self._fallen: Ints = (-roll.filing[first]).tolist()
        """The distinct filing scores, negated so that they ascend with the rows."""
        first = np.flatnonzero(run_starts(roll.level_track))
        self._level_from = dict(zip(roll.level_track[first].tolist(), first.tolist(), strict=True))
        self._level_fallen: Ints = (-roll.level_filing).tolist()
        levels = len(roll.level_track)
        self._crowd = np.bincount(roll.level, minlength=levels)
        self._holding = np.bincount(roll.level[book.unit != NO_UNIT], minlength=levels)

    def move(self, row: int, unit: int, first_major: int = NO_MAJOR) -> None:
        """Let `row` hold `unit` and `first_major` from now on; NO_UNIT: nothing.

        The caller answers for the unit being of the row's track and the major of the unit.
        """
        left, left_major = self._unit[row], self._first_major[row]
        if left != unit:
            if left != NO_UNIT:
                _remove(self._units[left], row)
            if unit != NO_UNIT:
                insort(self._units[unit], row)
            if (left == NO_UNIT) != (unit == NO_UNIT):
                self._holding[self._level[row]] += 1 if left == NO_UNIT else -1
            self._unit[row] = unit
        if left_major != first_major:
            if left_major != NO_MAJOR:
                _remove(self._majors[left_major], row)
            if first_major != NO_MAJOR:
                insort(self._majors[first_major], row)
            self._first_major[row] = first_major

    def standing(self, row: int, unit: int, first_major: int = NO_MAJOR) -> Standing:
        """The standing that the candidate in `row` has, or would have, in `unit`. RULES.md 2.

        Where the candidate now holds another choice, it is as if it had just moved; nothing is
        changed. `first_major` is an index into the plan's majors, or NO_MAJOR.

        Raises:
            IndexError: there is no such unit.
            WrongTrackError: the unit is of another track.
            WrongMajorError: the major is not one of the unit's.
        """
        self._refuse(row, unit, first_major)
        there, tie = self._units[unit], self._tie(row)
        joins = self._unit[row] != unit
        above = bisect_left(there, tie[0])
        tied = bisect_left(there, tie[1], above) - above + joins
        plan, due, applicants = self._seats[unit], self._due[unit], len(there) + joins
        line_filing = self._nth(there, row, due, joins)
        line_plan = line_filing if plan == due else self._nth(there, row, plan, joins)
        filed_until = self._filed_until(unit, line_filing)
        inside = row < filed_until
        majors = (
            self._major_ranks(row, tie, first_major, filed_until)
            if inside and first_major != NO_MAJOR
            else (None, None, None, None)
        )
        return Standing(
            above + 1,
            tied,
            applicants,
            plan,
            due,
            None if line_filing is None else self._filing[line_filing],
            None if line_plan is None else self._filing[line_plan],
            _status(above + 1, above + tied, plan if due else 0, inside=inside),
            inside,
            *majors,
        )

    def outlook(self, standing: Standing, row: int, unit: int, gates: Gates) -> OneOutlook:
        """The certainty interval of `row`, staying in or moving to `unit`. RULES.md 3.

        `standing` is the one in that unit.
        """
        there, tie = self._units[unit], self._tie(row)
        lock = self._locked_rows(gates)
        locked_above = bisect_left(there, min(lock, tie[0]))
        open_above = self._open_above(row, gates)
        best = 1 + locked_above
        worst = best + open_above
        sure = may = 0
        if self._strict[unit]:
            sure, may = self._equals(row, unit, gates, locked=row < lock)
        if worst + may <= standing.due:
            verdict = Verdict.SAFE
        else:
            verdict = Verdict.OUT if best + sure > standing.due else Verdict.OPEN
        return OneOutlook(best, worst, locked_above, open_above, verdict)

    def _refuse(self, row: int, unit: int, first_major: int) -> None:
        if not 0 <= unit < len(self._units):
            raise IndexError(f"there is no unit {unit}")
        if self._unit_track[unit] != self._track[row]:
            raise WrongTrackError(f"unit {unit} is not of the track of row {row}")
        first, end = self._majors_from[unit], self._majors_from[unit + 1]
        if first_major != NO_MAJOR and not first <= first_major < end:
            raise WrongMajorError(f"major {first_major} is not of unit {unit}")

    def _tie(self, row: int) -> Tie:
        at = bisect_right(self._tie_from, row)
        return self._tie_from[at - 1], self._tie_from[at]

    def _nth(self, there: Rows, row: int, nth: int, joins: int) -> int | None:
        """The row of the nth applicant, counted from 1; None: none. If `row` joins, 1, with it."""
        if not 0 < nth <= len(there) + joins:
            return None
        if not joins or (nth <= len(there) and there[nth - 1] < row):
            return there[nth - 1]
        return row if nth == 1 or there[nth - 2] < row else there[nth - 2]

    def _filed_until(self, unit: int, last: int | None) -> int:
        """The filed of a unit are its rows below this one; `last` is the row of the due-th."""
        if last is None:
            return len(self._track) if self._due[unit] else 0
        return last + 1 if self._strict[unit] else self._tie(last)[1]

    def _major_ranks(
        self, row: int, tie: Tie, first_major: int, filed_until: int
    ) -> tuple[int, int, int, int]:
        """Rank and tied by filing score, then by exam score, among the filed of a major."""
        there = self._majors[first_major]
        joins = self._first_major[row] != first_major
        rivals = bisect_left(there, filed_until)
        above = bisect_left(there, tie[0], 0, rivals)
        tied = bisect_left(there, tie[1], above, rivals) - above + joins
        higher, equal = self._exam_order(there, rivals, row)
        return above + 1, tied, higher + 1, equal + joins

    def _exam_order(self, there: Rows, rivals: int, row: int) -> tuple[int, int]:
        """Of the first `rivals` rows: how many have a higher exam score, how many the same.

        They are about as many as the major has seats, and in no order of exam scores: count them.
        """
        exam, own = self._exam, self._exam[row]
        if rivals <= FEW:
            found = [exam[rival] for rival in there[:rivals]]
            return sum([score > own for score in found]), found.count(own)
        among = self.book.roll.exam[np.frombuffer(there, np.int32, rivals)]
        return int(np.count_nonzero(among > own)), int(np.count_nonzero(among == own))

    def _locked_rows(self, gates: Gates) -> int:
        if gates.locked_from is None:
            return 0
        return self._tie_from[bisect_right(self._fallen, -gates.locked_from)]

    def _open_above(self, row: int, gates: Gates) -> int:
        """The unlocked of the row's track with a higher score who may still sit anywhere."""
        first, level = self._level_from[self._track[row]], self._level[row]
        if gates.locked_from is not None:
            first = bisect_right(self._level_fallen, -gates.locked_from, first, level)
        may_sit = self._holding if gates.creation_closed else self._crowd
        return int(may_sit[first:level].sum())

    def _equals(self, row: int, unit: int, gates: Gates, *, locked: bool) -> tuple[int, int]:
        """Of the same score in a strict unit: how many beat `row` for certain, how many may."""
        tie, own = self._tie(row), self._tie_class[row]
        class_first = bisect_left(self._tie_class, own, tie[0], tie[1])
        class_end = bisect_right(self._tie_class, own, tie[0], tie[1])
        if locked:
            there, joins = self._units[unit], self._unit[row] != unit
            first = bisect_left(there, tie[0])
            sure = bisect_left(there, class_first, first) - first
            return sure, bisect_left(there, class_end, first) - first - (not joins)
        rows = slice(tie[0], class_end)
        may = self.book.roll.track[rows] == self._track[row]
        if gates.creation_closed:
            may &= self.book.unit[rows] != NO_UNIT
        may[row - tie[0]] = False
        return 0, int(np.count_nonzero(may))


def _sorted_lists(group: Int, groups: int) -> list[Rows]:
    """By group: its rows, ascending."""
    gathered = group_rows(group, groups)
    rows = array("i", gathered.order.astype(np.int32).tobytes())
    ends = np.cumsum(gathered.sizes(groups)).tolist()
    return [rows[first:end] for first, end in zip([0, *ends], ends, strict=False)]


def _remove(there: Rows, row: int) -> None:
    del there[bisect_left(there, row)]


def _status(rank: int, rank_last: int, seats: int, *, inside: bool) -> Status:
    """The tie range against the plan; `seats` is 0 where nobody is due."""
    if rank_last <= seats:
        return Status.INSIDE
    if rank <= seats:
        return Status.STRADDLING
    return Status.OUTSIDE_PLAN if inside else Status.OUTSIDE
