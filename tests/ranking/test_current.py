"""Kept standings, of which only touched lists are computed again, are those computed at once."""

from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking import current as current_module
from ranking.book import NO_UNIT, Book
from ranking.current import Current
from ranking.standing import standings
from tests.bench._round import a_round, some_moves
from tests.ranking.rounds import book_of, rounds
from tests.ranking.test_lists import moves


def assert_same(current: Current, book: Book) -> None:
    for kept, computed in zip(astuple(current.standings()), astuple(standings(book)), strict=True):
        np.testing.assert_array_equal(kept, computed)


@given(rounds(most=16), st.data(), st.sampled_from([0, 2, 1_500]))
def test_after_any_moves_the_kept_are_those_computed_at_once(round_, data, many) -> None:
    if not round_[0]:
        return
    book = book_of(*round_)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(current_module, "MANY_MOVED", many)
        current = Current(book)
        for _ in range(data.draw(st.integers(1, 3))):
            for _ in range(data.draw(st.integers(0, 4))):
                row, place = data.draw(moves(book, round_))
                book.unit[row], book.first_major[row] = place
            assert_same(current, book)


def test_in_a_large_round_the_kept_are_those_computed_at_once() -> None:
    book = a_round(30_000, units=400, majors=2_500)
    current = Current(book)
    for turn in range(3):
        for row, unit, major in some_moves(book, 200, seed=turn):
            book.unit[row], book.first_major[row] = unit, major
        leavers = np.arange(turn, 30_000, 977)
        book.unit[leavers] = book.first_major[leavers] = NO_UNIT
        assert_same(current, book)


def test_what_no_move_touched_is_not_computed_again() -> None:
    book = a_round(200, units=8, majors=20)
    current = Current(book)
    now = current.standings()
    mover = 7
    untouched = np.flatnonzero(book.unit != book.unit[mover])
    now.rank[untouched] += 1_000
    book.unit[mover] = book.first_major[mover] = NO_UNIT
    assert current.standings().rank[untouched].min() > 1_000
    assert now.rank[mover] == 0
