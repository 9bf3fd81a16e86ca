"""Current standings: everybody's, kept, computing again only the lists that moves have touched.

A list is a unit's applicants, or those of a first major who are inside the line. What is said of a
list depends on nothing outside it, so the others stay true as they are; tests/ranking/test_current.py
holds the whole to `standings` of the same book after any moves.
"""

import numpy as np

from .book import Book, Index, Int, Mask
from .groups import group_by_place, group_some, rank_and_tied
from .standing import Standings, inside_line_of, line_of, standings, statuses_of

MANY_MOVED = 1_500
"""From so many moved candidates on most lists are touched, and everybody's cost less at once."""


class Current:
    """The standings of a book whose columns its owner keeps changing.

    What has changed is found by comparing the columns with what they were at the last call, so
    nobody has to report a move.
    """

    def __init__(self, book: Book) -> None:
        """Compute everybody's once."""
        self._book = book
        self._start()

    def standings(self) -> Standings:
        """Everybody's standing as the book is now. RULES.md 2.

        The columns are those returned before, written again: who needs an earlier state copies it.
        """
        book = self._book
        moved = np.flatnonzero((book.unit != self._unit) | (book.first_major != self._first_major))
        if len(moved) >= MANY_MOVED:
            self._start()
        elif len(moved):
            self._refresh(moved)
        return self._now

    def _start(self) -> None:
        book = self._book
        self._now = standings(book)
        self._unit, self._first_major = book.unit.copy(), book.first_major.copy()

    def _refresh(self, moved: Index) -> None:
        """Compute the lists again that the moved have left or joined, and where a line moved."""
        book = self._book
        units = _touched(len(book.plan.keys), self._unit[moved], book.unit[moved])
        left_majors, left = self._first_major[moved], self._now.inside_line[moved]
        self._unit[moved], self._first_major[moved] = book.unit[moved], book.first_major[moved]
        self._clear(moved)
        crossed = self._refresh_units(units)
        self._clear_majors(crossed)
        majors = _touched(len(book.plan.major_unit), left_majors[left], book.first_major[crossed])
        self._refresh_majors(majors)

    def _clear(self, rows: Index) -> None:
        """Take back what was said of rows: who holds no choice is in no list to be told anew."""
        now = self._now
        now.rank[rows] = now.tied[rows] = 0
        now.status[rows] = 0
        now.inside_line[rows] = False
        self._clear_majors(rows)

    def _clear_majors(self, rows: Index) -> None:
        now = self._now
        now.major_rank[rows] = now.major_tied[rows] = 0
        now.major_rank_exam[rows] = now.major_tied_exam[rows] = 0

    def _refresh_units(self, units: Mask) -> Index:
        """The figures of some units, (m + 1,), and of all in them; who has crossed a line there."""
        book, now, plan = self._book, self._now, self._book.plan
        lists = group_some(np.flatnonzero(units.take(book.unit)), book.unit, len(plan.keys))
        score = book.roll.filing.take(lists.order)
        ranks = rank_and_tied(lists, score)
        inside = inside_line_of(lists, ranks, now.due, plan.strict)
        crossed: Index = lists.order[inside != now.inside_line.take(lists.order)]
        seats = np.where(now.due, plan.seats, now.due)
        now.rank[lists.order], now.tied[lists.order] = ranks
        now.inside_line[lists.order] = inside
        now.status[lists.order] = statuses_of(lists, ranks, inside, seats)
        these = np.flatnonzero(units[:-1])
        applicants = lists.sizes(len(plan.keys))
        now.applicants[these] = applicants[these]
        now.missing[these] = np.maximum(now.due - applicants, 0)[these]
        now.line_filing[these] = line_of(applicants, score, now.due)[these]
        now.line_plan[these] = line_of(applicants, score, plan.seats)[these]
        return crossed

    def _refresh_majors(self, majors: Mask) -> None:
        """The figures of some majors, (k + 1,), and of all inside who have one of them first."""
        now, roll, first_major = self._now, self._book.roll, self._book.first_major
        rows = np.flatnonzero(majors.take(first_major) & now.inside_line)
        lists = group_some(rows, first_major, len(majors) - 1)
        ranks = rank_and_tied(lists, roll.filing.take(lists.order))
        now.major_rank[lists.order], now.major_tied[lists.order] = ranks
        these = np.flatnonzero(majors[:-1])
        now.major_inside[these] = lists.sizes(len(majors) - 1)[these]
        lists = group_by_place(rows, first_major, roll.exam_place, roll.by_exam)
        ranks = rank_and_tied(lists, roll.exam.take(lists.order))
        now.major_rank_exam[lists.order], now.major_tied_exam[lists.order] = ranks


def _touched(groups: int, *held: Int) -> Mask:
    """(g + 1,) bool: the groups that are in one of `held`; the last, index -1, is none."""
    touched = np.zeros(groups + 1, np.bool_)
    for group in held:
        touched[group] = True
    touched[-1] = False
    return touched
