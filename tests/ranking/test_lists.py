"""Sorted lists answer one person exactly as the columns answer everybody, after any moves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking import lists as lists_module
from ranking.book import NO_MAJOR, NO_UNIT, Book, empty_book
from ranking.lists import Lists, WrongMajorError, WrongTrackError
from ranking.outlook import outlook, outlook_of
from ranking.standing import standing_of, standings
from tests.oracles import Offer, Person
from tests.ranking.rounds import a_unit, book_of, choices, major_index, rounds
from tests.ranking.test_outlook import gates

Round = tuple[list[Person], list[Offer]]
Place = tuple[int, int]


@st.composite
def moves(draw: st.DrawFn, book: Book, round_: Round) -> tuple[int, Place]:
    """Somebody, and a place of their track for them, or none."""
    people, offers = round_
    i = draw(st.integers(0, len(people) - 1))
    moved = draw(choices(people[i], offers))
    major = NO_MAJOR if moved.major is None else major_index(book.plan, moved)
    return int(book.roll.row_of()[i]), (NO_UNIT if moved.unit is None else moved.unit, major)


@given(rounds(most=16), st.data(), gates, st.sampled_from([0, 24]))
def test_every_answer_is_that_of_the_columns_after_any_moves(round_, data, now, few) -> None:
    if not round_[0]:
        return
    book = book_of(*round_)
    lists = Lists(book)
    copy = Book(book.plan, book.roll, book.unit.copy(), book.first_major.copy())
    for _ in range(data.draw(st.integers(0, 6))):
        row, place = data.draw(moves(book, round_))
        lists.move(row, *place)
        copy.unit[row], copy.first_major[row] = place
    np.testing.assert_array_equal(book.unit, copy.unit)
    np.testing.assert_array_equal(book.first_major, copy.first_major)

    row, (unit, major) = data.draw(moves(book, round_))
    if data.draw(st.booleans()):
        unit, major = int(book.unit[row]), int(book.first_major[row])
    if unit == NO_UNIT:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lists_module, "FEW", few)
        told = lists.standing(row, unit, major)
    ahead = lists.outlook(told, row, unit, now)
    copy.unit[row], copy.first_major[row] = unit, major
    all_ = standings(copy)
    assert told == standing_of(copy, all_, row)
    assert ahead == outlook_of(outlook(copy, all_, now), row)


def test_the_lists_after_moves_are_those_of_the_book_they_lead_to() -> None:
    people, offers = a_unit([620, 615, 615, 600], plan=2)
    filled = book_of(people, offers)
    lists = Lists(empty_book(filled.plan, filled.roll))
    for row in (2, 0, 3, 1):
        lists.move(row, 0, 0)
    lists.move(3, 0, 1)
    lists.move(3, NO_UNIT)
    lists.move(3, 0, 0)
    fresh = Lists(filled)
    for row in range(4):
        assert lists.standing(row, 0, 0) == fresh.standing(row, 0, 0)


def test_an_answer_holds_plain_numbers_only() -> None:
    told = Lists(book_of(*a_unit([620] * 40, plan=2))).standing(0, 0, 0)
    assert {type(value) for value in (told.rank, told.major_rank_exam, told.major_tied_exam)} == {
        int
    }


def test_a_standing_in_another_tracks_unit_is_refused() -> None:
    people, offers = a_unit([500], plan=1)
    lists = Lists(book_of(people, [*offers, Offer(1, 1, 10_000, strict=False)]))
    with pytest.raises(WrongTrackError):
        lists.standing(0, 1)


def test_a_first_major_of_another_unit_is_refused() -> None:
    people, offers = a_unit([500], plan=1)
    with pytest.raises(WrongMajorError):
        Lists(book_of(people, offers * 2)).standing(0, 0, first_major=2)


@pytest.mark.parametrize("unit", [NO_UNIT, 1])
def test_a_standing_in_no_unit_is_refused(unit: int) -> None:
    with pytest.raises(IndexError):
        Lists(book_of(*a_unit([500], plan=1))).standing(0, unit)
