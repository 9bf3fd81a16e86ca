"""What no numpy program can do without here: three sorts, and touching each column once."""

from collections.abc import Callable

import numpy as np

from ranking.book import Book, Int
from ranking.groups import group_rows
from ranking.standing import Standings


def floors(book: Book, now: Standings) -> dict[str, Callable[[], object]]:
    """Three sorts of (group, row) in 32 bits; one gather and scatter for each list; one copy."""
    inside = np.flatnonzero(now.inside_line)
    unit, major = _packed(book.unit), _packed(book.first_major[inside])
    lists = group_rows(book.unit, len(book.plan.keys)).order
    columns = [book.unit, book.first_major, book.roll.filing, book.roll.exam, book.roll.by_exam]
    columns += [now.rank, now.tied, now.major_rank, now.major_tied]
    columns += [now.major_rank_exam, now.major_tied_exam]
    out = np.empty_like(now.rank)

    def sort() -> None:
        for packed in (unit, major, major):
            np.sort(packed)

    def scatter() -> None:
        gathered = book.roll.filing.take(lists)
        for _ in range(2):
            out[lists] = gathered

    def copy() -> None:
        for column in columns:
            np.copyto(out, column)

    return {"three sorts": sort, "one gather, two scatters": scatter, "a copy of all columns": copy}


def _packed(group: Int) -> np.ndarray:
    """Group and row in one uint32, row in place of the low bits; wrapping changes no cost."""
    row = np.arange(len(group), dtype=np.uint32)
    packed: np.ndarray = group.astype(np.uint32) * np.uint32(len(group)) + row
    return packed
