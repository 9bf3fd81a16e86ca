"""Groups: rows gathered by unit or by major, and competition ranks within each.

The part of a standing that costs: everything else is a few passes over what is gathered here.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .book import Index, Int, Mask, run_starts


class Groups(NamedTuple):
    """Rows gathered by group, keeping their order within each.

    order (a,) intp the rows; begins (a,) bool where a group begins; first (a,) int32 where the
    group of each begins; group (p,) int32 the groups that have rows, ascending; size (p,) int32.
    """

    order: Index
    begins: Mask
    first: Int
    group: Int
    size: Int

    def each(self, value: Int) -> Int:
        """(a,) int32: a value of every group, (g,), repeated for each of its rows."""
        return np.repeat(value[self.group], self.size)

    def sizes(self, groups: int) -> Int:
        """(g,) int32 the size of every group, empty ones too."""
        sizes = np.zeros(groups, np.int32)
        sizes[self.group] = self.size
        return sizes


class Ranks(NamedTuple):
    """Competition rank and size of the tie, (a,) int32 each, in the order of some Groups."""

    rank: Int
    tied: Int


def group_rows(group: Int, groups: int) -> Groups:
    """Gather rows by group, stably; those of group -1 (no unit, no major) are left out.

    group (n,) int32 below `groups`. Group and row are packed into one uint32 where they fit, which
    sorts fastest by far; else groups are sorted as uint16, by radix; else by merging.
    """
    n = len(group)
    last = np.minimum(group.view(np.uint32), np.uint32(groups))
    if (groups + 1) * n <= 1 << 32:
        width = np.uint32(max(n, 1))
        packed = last * width
        packed += np.arange(n, dtype=np.uint32)
        packed.sort()
        of = packed // width
        order = packed - of * width
    else:
        narrow = last.astype(np.uint16) if groups < 1 << 16 else last
        order = np.argsort(narrow, kind="stable").astype(np.uint32)
        of = last[order]
    end = int(np.searchsorted(of, of.dtype.type(groups)))
    return _gathered(order[:end].astype(np.intp), of[:end])


def group_some(rows: Index | Int, group: Int, groups: int) -> Groups:
    """Gather some rows, in the order given; group (n,) int32 of every row."""
    lists = group_rows(group.take(rows), groups)
    return lists._replace(order=rows.take(lists.order).astype(np.intp, copy=False))


def group_by_place(rows: Index, group: Int, place: Int, row_at: Int) -> Groups:
    """Gather some rows by group, and within each by their place in another order of all rows.

    rows (a,); group, place and row_at (n,) int32 of every row, `row_at` being `place` turned around.
    """
    packed = group.take(rows).astype(np.int64)
    packed <<= 32
    packed |= place.take(rows)
    packed.sort()
    of = packed >> 32
    packed &= (1 << 32) - 1
    return _gathered(row_at.take(packed).astype(np.intp), of)


def rank_and_tied(lists: Groups, score: Int) -> Ranks:
    """The competition rank in its group, and how many tie with it. RULES.md 2.

    score (a,) int32 in the groups' order, descending within each.
    """
    begins = lists.begins.copy()
    begins[1:] |= score[1:] != score[:-1]
    start = np.flatnonzero(begins).astype(np.int32)
    run = np.cumsum(begins, dtype=np.intp)
    run -= 1
    rank = start.take(run)
    rank -= lists.first
    rank += 1
    return Ranks(rank, _lengths(start, len(score)).take(run))


def _gathered(order: Index, of: NDArray[np.integer]) -> Groups:
    """Rows in order, and the group of each, ascending, as Groups."""
    begins = run_starts(of)
    start = np.flatnonzero(begins)
    size = _lengths(start, len(of))
    first = np.repeat(start.astype(np.int32), size)
    return Groups(order, begins, first, of.take(start).astype(np.int32), size)


def _lengths(start: Int | Index, end: int) -> Int:
    """(r,) int32: from each start to the next, and from the last to `end`."""
    length = np.empty(len(start), np.int32)
    np.subtract(start[1:], start[:-1], out=length[:-1], casting="same_kind")
    length[-1:] = end - start[-1:]
    return length
