"""Standings: who is where in a unit and in a first major, now. RULES.md 2.

Everything here is a function of a Book; nothing reads a clock or a database. Columns are aligned
with the book's roll, its units or its majors, as each docstring says. Whoever needs one candidate's
standing before everybody's is computed asks ranking.lists, which is held to this.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import NamedTuple, ParamSpec, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .book import NO_MAJOR, Book, Index, Int, Mask, due_seats
from .groups import Groups, Ranks, group_by_place, group_rows, group_some, rank_and_tied

NO_LINE = -1
"""In `line_filing` and `line_plan`: there is no such line."""

LARGE = 20_000
"""Candidates from which a second thread is worth its hand-over of some 50 microseconds."""

Statuses: TypeAlias = NDArray[np.uint8]
P = ParamSpec("P")


class Status(IntEnum):
    """Where the tie range [rank, rank_last] lies against the plan and the filing line."""

    NONE = 0
    INSIDE = 1
    STRADDLING = 2
    OUTSIDE_PLAN = 3
    OUTSIDE = 4


STATUS_NAMES = ("", "inside", "straddling", "outside_plan", "outside")
"""By Status: the name used in files and on the wire; NONE has none."""


_FILED = 8
"""Added to a Status of one inside the filing line while both share a byte."""


@dataclass(frozen=True, slots=True)
class Standings:
    """Everybody's standing, and every unit's and major's figures. RULES.md 2.

    Attributes:
        rank: (n,) int32 competition rank in the unit; 0 holds no choice.
        tied: (n,) int32 how many there have exactly this filing score, oneself included; 0 as rank.
        inside_line: (n,) bool inside the filing line.
        status: (n,) uint8, a Status.
        major_rank: (n,) int32 rank by filing score among those inside the line with the same first
            major; 0 outside the line, or no major.
        major_tied: (n,) int32 tied in that list; 0 as major_rank.
        major_rank_exam: (n,) int32 as major_rank, by exam score.
        major_tied_exam: (n,) int32 as major_tied, by exam score.
        applicants: (m,) int32.
        due: (m,) int32 how many are filed.
        line_filing: (m,) int32 thousandths, score of the due-th applicant, or NO_LINE.
        line_plan: (m,) int32 thousandths, score of the plan-th applicant, or NO_LINE.
        missing: (m,) int32 max(0, due - applicants).
        major_inside: (k,) int32 applicants inside the line with it as first major.
    """

    rank: Int
    tied: Int
    inside_line: Mask
    status: Statuses
    major_rank: Int
    major_tied: Int
    major_rank_exam: Int
    major_tied_exam: Int
    applicants: Int
    due: Int
    line_filing: Int
    line_plan: Int
    missing: Int
    major_inside: Int

    @property
    def rank_last(self) -> Int:
        """(n,) int32 the last rank of the tie, rank + tied - 1; 0 holds no choice."""
        last: Int = np.maximum(self.rank + self.tied - 1, 0)
        return last


class Standing(NamedTuple):
    """One candidate's standing in one unit, held or supposed; names as in Standings.

    Scores are thousandths. The major ranks are None outside the line or without a major.
    """

    rank: int
    tied: int
    applicants: int
    plan: int
    due: int
    line_filing: int | None
    line_plan: int | None
    status: Status
    inside_line: bool
    major_rank: int | None
    major_tied: int | None
    major_rank_exam: int | None
    major_tied_exam: int | None

    @property
    def rank_last(self) -> int:
        """The last rank of the tie."""
        return self.rank + self.tied - 1


def standings(book: Book) -> Standings:
    """Everybody's standing in their unit and first major. RULES.md 2.

    Linear in candidates apart from three sorts of machine integers; no loop over anything. The two
    orders of the first major do not need each other: in a large book the second processor takes
    one of them, since numpy computes without the interpreter's lock.
    """
    plan, roll = book.plan, book.roll
    n, m, k = len(roll), len(plan.keys), len(plan.major_unit)
    due = due_seats(plan.seats, plan.ratio)
    lists = group_rows(book.unit, m)
    score = roll.filing.take(lists.order)
    ranks = rank_and_tied(lists, score)
    filed = inside_line_of(lists, ranks, due, plan.strict)
    # Both columns travel to their rows as one byte.
    code = np.zeros(n, np.uint8)
    status = statuses_of(lists, ranks, filed, np.where(due, plan.seats, due))
    status += filed * np.uint8(_FILED)
    code[lists.order] = status
    inside = code >= _FILED
    rows = np.flatnonzero(inside & (book.first_major != NO_MAJOR))
    exam = _beside(n, _by_exam, book, rows)
    rank, tied = _in_rows(lists, ranks, n)
    by_filing = group_some(rows, book.first_major, k)
    filing_ranks = rank_and_tied(by_filing, roll.filing.take(by_filing.order))
    major_rank, major_tied = _in_rows(by_filing, filing_ranks, n)
    applicants = lists.sizes(m)
    major_rank_exam, major_tied_exam = exam()
    return Standings(
        rank=rank,
        tied=tied,
        inside_line=inside,
        status=code & np.uint8(_FILED - 1),
        major_rank=major_rank,
        major_tied=major_tied,
        major_rank_exam=major_rank_exam,
        major_tied_exam=major_tied_exam,
        applicants=applicants,
        due=due,
        line_filing=line_of(applicants, score, due),
        line_plan=line_of(applicants, score, plan.seats),
        missing=np.maximum(due - applicants, 0),
        major_inside=by_filing.sizes(k),
    )


def _by_exam(book: Book, rows: Index) -> Ranks:
    """(n,) each: rank and tied by exam score among `rows`, by first major."""
    roll = book.roll
    lists = group_by_place(rows, book.first_major, roll.exam_place, roll.by_exam)
    ranks = rank_and_tied(lists, book.roll.exam.take(lists.order))
    return _in_rows(lists, ranks, len(book.roll))


def _in_rows(lists: Groups, ranks: Ranks, n: int) -> Ranks:
    """(n,) each: ranks in the lists' order, put into their rows; 0 for who is in no list."""
    rank, tied = np.zeros(n, np.int32), np.zeros(n, np.int32)
    rank[lists.order], tied[lists.order] = ranks
    return Ranks(rank, tied)


def _beside(
    n: int, compute: Callable[P, Ranks], *args: P.args, **kwargs: P.kwargs
) -> Callable[[], Ranks]:
    """Begin to compute in the other thread; the answer is called for. A small book is not worth it."""
    if n < LARGE:
        answer = compute(*args, **kwargs)
        return lambda: answer
    return _other_thread().submit(compute, *args, **kwargs).result


@cache
def _other_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="standings")


def standing_of(book: Book, now: Standings, row: int) -> Standing:
    """The standing in `now` of the candidate in `row`, who holds a choice in `book`."""
    unit = book.unit[row]
    return Standing(
        rank=int(now.rank[row]),
        tied=int(now.tied[row]),
        applicants=int(now.applicants[unit]),
        plan=int(book.plan.seats[unit]),
        due=int(now.due[unit]),
        line_filing=_or_none(now.line_filing[unit], NO_LINE),
        line_plan=_or_none(now.line_plan[unit], NO_LINE),
        status=Status(now.status[row]),
        inside_line=bool(now.inside_line[row]),
        major_rank=_or_none(now.major_rank[row], 0),
        major_tied=_or_none(now.major_tied[row], 0),
        major_rank_exam=_or_none(now.major_rank_exam[row], 0),
        major_tied_exam=_or_none(now.major_tied_exam[row], 0),
    )


def inside_line_of(lists: Groups, ranks: Ranks, due: Int, strict: Mask) -> Mask:
    """(a,) bool: inside the filing line, in the lists' order.

    A tie is inside when its rank is: the due-th applicant's score is the line, and whoever ranks
    at most due has at least that score. Strict units count places instead of ranks.
    """
    filed = lists.each(due)
    inside: Mask = ranks.rank <= filed
    if strict.any():
        place = np.arange(len(filed), dtype=np.int32) - lists.first
        exact = np.repeat(strict[lists.group], lists.size)
        inside = np.where(exact, place < filed, inside)
    return inside


def statuses_of(lists: Groups, ranks: Ranks, inside: Mask, seats: Int) -> Statuses:
    """(a,) uint8, a Status, in the lists' order: OUTSIDE, less one for each bound met.

    seats (m,) int32, the plan; 0 where nobody is due.
    """
    plan = lists.each(seats)
    begins_in_plan = ranks.rank <= plan
    ends_in_plan = ranks.rank + ranks.tied <= plan + 1
    status = np.full(len(inside), Status.OUTSIDE, np.uint8)
    for met in (inside | begins_in_plan, begins_in_plan, ends_in_plan):
        status -= met.view(np.uint8)
    return status


def line_of(applicants: Int, score: Int, seats: Int) -> Int:
    """(m,) int32: the score of the seats-th in each list, or NO_LINE where there is none.

    score is in the lists' order, one list after the other.
    """
    line = np.full(len(seats), NO_LINE, np.int32)
    full = np.flatnonzero((seats > 0) & (applicants >= seats))
    first = np.cumsum(applicants) - applicants
    line[full] = score[first[full] + seats[full] - 1]
    return line


def _or_none(value: np.int32, nothing: int) -> int | None:
    return None if value == nothing else int(value)
