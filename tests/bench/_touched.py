"""Standings of some units only: what a tick could do instead of computing everybody's."""

import numpy as np

from ranking.book import Book, Mask
from ranking.standing import Standings, standings


def standings_of_units(book: Book, units: Mask) -> Standings:
    """The standings of those who hold one of `units`; rows are counted among them."""
    rows = np.flatnonzero(units[book.unit])
    return standings(Book(book.plan, book.roll.take(rows), book.unit[rows], book.first_major[rows]))
