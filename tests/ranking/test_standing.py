"""Standings are what RULES.md 2 says they are, for everybody and for one."""

from dataclasses import fields
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking.book import Book, due_seats, empty_book, make_roll
from ranking.standing import (
    NO_LINE,
    STATUS_NAMES,
    Standing,
    Standings,
    Status,
    standing_of,
    standings,
)
from tests import oracles
from tests.oracles import NaiveStanding, Offer, Person
from tests.ranking.rounds import a_unit, book_of, major_index, plan_of, rounds

Round = tuple[list[Person], list[Offer]]


def by_person(now: Standings, round_: Round) -> Standings:
    """The per-candidate columns in the people's own order."""
    people, offers = round_
    rows = book_of(people, offers).roll.row_of()
    columns = {f.name: getattr(now, f.name) for f in fields(Standings)}
    for name in PER_CANDIDATE:
        columns[name] = columns[name][rows]
    return Standings(**columns)


PER_CANDIDATE = (
    "rank",
    "tied",
    "inside_line",
    "status",
    "major_rank",
    "major_tied",
    "major_rank_exam",
    "major_tied_exam",
)


def of(round_: Round) -> Standings:
    return by_person(standings(book_of(*round_)), round_)


def naive(standing: Standing) -> NaiveStanding:
    words = standing._asdict()
    words["status"] = STATUS_NAMES[standing.status]
    return NaiveStanding(**words)


def same(one: Standings, other: Standings) -> None:
    for f in fields(Standings):
        np.testing.assert_array_equal(getattr(one, f.name), getattr(other, f.name), f.name)


# Worked cases


def test_o1_ranks_are_1_2_2_2_5_and_a_tie_counts_oneself() -> None:
    now = of(a_unit([620, 615, 615, 615, 600], plan=3))
    assert now.rank.tolist() == [1, 2, 2, 2, 5]
    assert now.tied.tolist() == [1, 3, 3, 3, 1]
    assert now.rank_last.tolist() == [1, 4, 4, 4, 5]


def test_o2_all_who_tie_at_the_line_are_inside() -> None:
    now = of(a_unit([620, 615, 615, 615, 600], plan=3))
    assert (now.due[0], now.line_filing[0]) == (3, 615)
    assert now.inside_line.tolist() == [True, True, True, True, False]


def test_o2_a_strict_unit_files_exactly_due_in_tie_break_order() -> None:
    now = of(a_unit([620, 615, 615, 615, 600], plan=3, strict=True, keys=[0, -2, 0, -1, 0]))
    assert now.inside_line.tolist() == [True, False, True, True, False]
    assert now.line_filing[0] == 615


@pytest.mark.parametrize(
    ("plan", "ratio", "due"),
    [
        (7, 10_500, 8),
        (10, 10_500, 11),
        (20, 10_500, 21),
        (100, 11_000, 110),
        (10, 8_000, 8),
        (3, 5_000, 2),
        (0, 10_500, 0),
        (2_000_000, 20_000, 4_000_000),
    ],
)
def test_o3_due_is_the_plan_times_the_ratio_rounded_up_in_integers(
    plan: int, ratio: int, due: int
) -> None:
    assert due_seats(np.array([plan], np.int32), np.array([ratio], np.int32)).tolist() == [due]


# Edge cases


def test_when_all_are_equal_all_rank_first_and_all_are_inside() -> None:
    now = of(a_unit([500] * 4, plan=2))
    assert now.rank.tolist() == [1] * 4
    assert now.tied.tolist() == [4] * 4
    assert now.inside_line.all()
    assert now.status.tolist() == [Status.STRADDLING] * 4


def test_a_unit_with_no_plan_has_no_line_and_everybody_is_outside() -> None:
    now = of(a_unit([620, 0], plan=0))
    assert (now.due[0], now.line_filing[0], now.line_plan[0]) == (0, NO_LINE, NO_LINE)
    assert not now.inside_line.any()
    assert now.status.tolist() == [Status.OUTSIDE] * 2
    assert now.rank.tolist() == [1, 2]


def test_a_ratio_below_1_files_fewer_than_the_plan() -> None:
    now = of(a_unit([620, 610, 600, 590], plan=4, ratio=5_000))
    assert now.inside_line.tolist() == [True, True, False, False]
    assert (now.line_filing[0], now.line_plan[0]) == (610, 590)


def test_a_ratio_below_1_one_may_be_inside_the_plan_and_not_be_filed() -> None:
    now = of(a_unit([620, 610, 600, 590, 580], plan=4, ratio=5_000))
    assert [STATUS_NAMES[s] for s in now.status] == ["inside"] * 4 + ["outside"]
    assert now.inside_line.tolist() == [True, True, False, False, False]


def test_with_fewer_applicants_than_due_there_is_no_line_and_all_are_inside() -> None:
    now = of(a_unit([620, 0], plan=5))
    assert (now.line_filing[0], now.line_plan[0], now.missing[0]) == (NO_LINE, NO_LINE, 3)
    assert now.inside_line.all()


def test_a_tie_across_the_plan_line_within_the_ratio_straddles() -> None:
    now = of(a_unit([620, 610, 610, 600, 590], plan=2, ratio=20_000))
    names = [STATUS_NAMES[s] for s in now.status]
    assert names == ["inside", "straddling", "straddling", "outside_plan", "outside"]
    assert (now.line_plan[0], now.line_filing[0]) == (610, 600)


def test_in_a_strict_unit_who_is_beyond_the_plan_and_not_filed_is_outside() -> None:
    """Four tie at the line of a strict unit that files three: the last of them is not filed."""
    scores, keys = [620, 610, 610, 610, 600], [0, 3, 2, 1, 0]
    now = of(a_unit(scores, plan=1, ratio=30_000, strict=True, keys=keys))
    names = [STATUS_NAMES[s] for s in now.status]
    assert names == ["inside", "outside_plan", "outside_plan", "outside", "outside"]


def test_a_score_of_0_ranks_like_any_other() -> None:
    now = of(a_unit([0, 0, 10], plan=2))
    assert now.rank.tolist() == [2, 2, 1]
    assert (now.line_filing[0], now.line_plan[0]) == (0, 0)
    assert now.inside_line.all()


def test_an_empty_unit_and_an_empty_roll_are_well_defined() -> None:
    now = of(([], [Offer(0, 3, 10_000, strict=False)]))
    assert (now.applicants.tolist(), now.missing.tolist()) == ([0], [3])
    assert of(([], [])).rank.tolist() == []


def test_one_applicant_ranks_first() -> None:
    now = of(a_unit([500], plan=1))
    assert (now.rank[0], now.tied[0], now.line_filing[0]) == (1, 1, 500)


def test_who_holds_no_choice_has_no_standing() -> None:
    people, offers = a_unit([500, 400], plan=1)
    now = of(([people[0]._replace(unit=None, major=None), people[1]], offers))
    assert (now.rank[0], now.tied[0], now.rank_last[0]) == (0, 0, 0)
    assert (now.status[0], now.inside_line[0]) == (Status.NONE, False)
    assert now.rank[1] == 1


def test_a_first_major_is_ranked_among_those_inside_the_line_only() -> None:
    people, offers = a_unit([620, 610, 600, 590], plan=3)
    exams = [500, 600, 550, 700]
    now = of(([p._replace(exam=e) for p, e in zip(people, exams, strict=True)], offers))
    assert now.major_rank.tolist() == [1, 2, 3, 0]
    assert now.major_rank_exam.tolist() == [3, 1, 2, 0]
    assert now.major_inside.tolist() == [3, 0]


def test_two_plan_natures_of_one_institution_are_two_lists() -> None:
    first, offers = a_unit([620, 600], plan=1)
    second = [p._replace(unit=1, draw=p.draw + 2) for p in first]
    now = of((first + second, offers * 2))
    assert now.rank.tolist() == [1, 2, 1, 2]


def test_a_unit_plan_may_differ_from_the_sum_of_its_majors() -> None:
    people, offers = a_unit([620, 610, 600], plan=1)
    assert plan_of(offers).major_quota.sum() == 2
    assert of((people, offers)).due.tolist() == [1]


def test_a_plan_that_is_reduced_moves_the_line_at_once() -> None:
    scores = [620, 610, 600]
    assert of(a_unit(scores, plan=3)).line_filing[0] == 600
    assert of(a_unit(scores, plan=1)).line_filing[0] == 620


# Properties


@given(rounds())
def test_everybodys_standing_is_the_definitions(round_: Round) -> None:
    people, offers = round_
    book = book_of(people, offers)
    now = standings(book)
    rows = book.roll.row_of()
    for i, person in enumerate(people):
        expected = oracles.standing(people, offers, i)
        if person.unit is None:
            assert expected is None
            assert all(getattr(now, name)[rows[i]] == 0 for name in PER_CANDIDATE)
        else:
            assert naive(standing_of(book, now, int(rows[i]))) == expected


@given(rounds())
def test_a_units_figures_are_the_definitions(round_: Round) -> None:
    people, offers = round_
    now = standings(book_of(people, offers))
    inside = [0] * len(now.major_inside)
    for i, person in enumerate(people):
        mine = oracles.standing(people, offers, i)
        if mine and mine.inside_line and person.major is not None:
            inside[major_index(plan_of(offers), person)] += 1
    assert now.major_inside.tolist() == inside
    for u, offer in enumerate(offers):
        there = [p for p in people if p.unit == u]
        due = oracles.due_of(offer)
        line = oracles.line(there, due)
        assert now.applicants[u] == len(there)
        assert now.due[u] == due
        assert now.missing[u] == max(0, due - len(there))
        assert now.line_filing[u] == (NO_LINE if line is None else line)


@given(rounds(), st.randoms(use_true_random=False))
def test_order_of_arrival_never_matters(round_: Round, shuffle: Random) -> None:
    people, offers = round_
    places = list(range(len(people)))
    shuffle.shuffle(places)
    shuffled = [people[at] for at in places]
    now, then = of((people, offers)), of((shuffled, offers))
    for name in PER_CANDIDATE:
        assert getattr(now, name)[places].tolist() == getattr(then, name).tolist()


@given(rounds())
def test_a_second_thread_changes_nothing(round_: Round) -> None:
    alone = of(round_)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ranking.standing.LARGE", 0)
        shared = of(round_)
    for field in fields(Standings):
        assert getattr(alone, field.name).tobytes() == getattr(shared, field.name).tobytes()


# Refusals


def test_nobody_holds_anything_in_an_empty_book() -> None:
    people, offers = a_unit([500, 400], plan=1)
    book = empty_book(plan_of(offers), book_of(people, offers).roll)
    assert standings(book).applicants.tolist() == [0]


def test_the_roll_is_in_ranking_order_and_knows_the_callers_rows() -> None:
    filing = np.array([500, 600, 600, 600], np.int32)
    keys = np.array([[9, 9], [1, 2], [1, 3], [1, 2]], np.int32)
    draw = np.array([0, 7, 8, 3], np.uint64)
    roll = make_roll(filing, filing, np.zeros(4, np.int16), keys, draw)
    assert roll.ident.tolist() == [2, 3, 1, 0]
    assert roll.row_of().tolist() == [3, 2, 0, 1]
    assert roll.tie_class.tolist() == [0, 1, 1, 2]


def test_a_book_of_other_columns_than_its_rolls_is_refused() -> None:
    people, offers = a_unit([500, 400], plan=1)
    book = book_of(people, offers)
    with pytest.raises(ValueError, match="as long as"):
        Book(book.plan, book.roll, book.unit[:1], book.first_major[:1])
    with pytest.raises(ValueError, match="int32"):
        Book(book.plan, book.roll, book.unit.astype(np.int64), book.first_major)


def test_a_negative_filing_score_is_refused() -> None:
    scores = np.array([-1], np.int32)
    with pytest.raises(ValueError, match="negative"):
        make_roll(scores, scores, np.zeros(1, np.int16))
