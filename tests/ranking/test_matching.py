"""Deferred acceptance, parallel and sequential choice; and the identities between them. RULES.md 5."""

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking.matching import (
    Wishes,
    boston_priority,
    deferred_acceptance,
    serial_dictatorship,
    wishes_by_owner,
    wishes_of,
)
from ranking.outcomes import REASON_NAMES
from ranking.properties import Published
from ranking.regimes import admit
from ranking.terms import tie_ranks
from tests import oracles
from tests.oracles import Fate, UnitTerms
from tests.ranking.economies import Choice, a_unit, fates, person, run

APB = Path(__file__).parents[3] / "shared" / "data" / "apb"
Economy = tuple[list[list[int]], list[int]]


def lists(wishes: Sequence[Sequence[int]]) -> Wishes:
    owner = [i for i, mine in enumerate(wishes) for _ in mine]
    target = np.array([target for mine in wishes for target in mine], np.int32)
    return wishes_by_owner(np.array(owner, np.intp), target, len(wishes))


def ranks(lists_: Wishes, granted: np.ndarray) -> list[int | None]:
    """The place in their list that each was granted."""
    pairs = zip(granted.tolist(), lists_.start[:-1].tolist(), strict=True)
    return [None if wish < 0 else wish - start for wish, start in pairs]


def flat(priority: Sequence[Sequence[int]]) -> np.ndarray:
    return np.array([one for mine in priority for one in mine], np.int64)


def told(public: Published) -> list[Fate]:
    return fates(public.placed, public.plan, public.roll)


# Worked cases

X, Y, Z = 0, 1, 2
O6 = ([person(630, 0), person(620, 0), person(610, 0)], [[X, Y], [X, Y, Z], [Y, Z]])


def one_seat_each(units: int) -> list[UnitTerms]:
    return [a_unit(1) for _ in range(units)]


def forms(wishes: Sequence[Sequence[int]]) -> list[list[Choice]]:
    return [[Choice(k + 1, unit, (0,)) for k, unit in enumerate(mine)] for mine in wishes]


def test_o6_parallel_choice_gives_each_the_best_that_is_left() -> None:
    public = run(one_seat_each(3), O6[0], forms(O6[1]), "parallel")
    assert public.placed.unit[public.roll.row_of()].tolist() == [X, Y, Z]


def test_o6_sequential_choice_gives_first_choices_before_second_ones() -> None:
    public = run(one_seat_each(3), O6[0], forms(O6[1]), "sequential")
    assert public.placed.unit[public.roll.row_of()].tolist() == [X, Z, Y]


def test_who_finds_no_room_in_any_choice_is_not_filed() -> None:
    public = run(one_seat_each(1), [person(630, 0), person(620, 0)], forms([[0], [0]]), "parallel")
    assert told(public)[1] == Fate("not_filed")
    assert REASON_NAMES[public.placed.reason[1]] == "no_room"
    assert public.placed.unit[1] == -1


def test_parallel_choice_files_once_and_a_rejection_ends_it() -> None:
    units = [a_unit(1, 1), a_unit(1)]
    wishes = [[Choice(1, 0, (0,))], [Choice(1, 0, (0,)), Choice(2, 1, (0,))]]
    public = run(units, [person(630), person(620)], wishes, "parallel")
    assert told(public)[1] == Fate("rejected")
    assert public.placed.form[public.roll.row_of()].tolist() == [0, 1]


def test_sequential_choice_takes_a_rejected_candidate_to_the_next_choice() -> None:
    units = [a_unit(1, 1), a_unit(1)]
    wishes = [[Choice(1, 0, (0,))], [Choice(1, 0, (0,)), Choice(2, 1, (0,))]]
    public = run(units, [person(630), person(620)], wishes, "sequential")
    assert told(public)[1] == Fate("admitted", 0, 1)
    assert public.placed.form[public.roll.row_of()].tolist() == [0, 2]


def test_a_parallel_cascade_offers_the_seats_of_the_rejected_again() -> None:
    unit = a_unit(1, 1)
    people = [person(630), person(620), person(610)]
    wishes = [[Choice(1, 0, (0,))], [Choice(1, 0, (0,))], [Choice(1, 0, (0, 1))]]
    assert told(run([unit], people, wishes, "parallel"))[2] == Fate("not_filed")
    cascade = unit._replace(refill="cascade")
    assert told(run([cascade], people, wishes, "parallel")) == [
        Fate("admitted", 0, 1),
        Fate("rejected"),
        Fate("admitted", 1, 2),
    ]


def test_a_ratio_above_1_files_more_than_are_placed_in_parallel() -> None:
    unit = a_unit(2, ratio=15_000)
    people = [person(630 - at) for at in range(4)]
    public = run([unit], people, [[Choice(1, 0, (0,))]] * 4, "parallel")
    assert [fate.outcome for fate in told(public)] == [
        "admitted",
        "admitted",
        "rejected",
        "not_filed",
    ]


def test_choices_out_of_order_are_refused() -> None:
    public = run(one_seat_each(1), [person(630, 0), person(620, 0)], forms([[0], [0]]), "parallel")
    backwards = public.forms.take(np.array([1, 0]))
    with pytest.raises(ValueError, match="not by row"):
        admit("parallel", public.plan, public.roll, backwards, public.terms, tie_ranks(public.roll))


# Instances with known outcomes


@pytest.mark.parametrize("size", ["10", "100", "1_000"])
def test_the_published_instances_are_reproduced(size: str) -> None:
    path = APB / f"instance_{size}.json"
    if not path.exists():
        pytest.skip("the instances are not beside the project")
    instance = json.loads(path.read_text())
    known = (APB / f"solution_apb_{size}.txt").read_text().split()
    place = [{who: at for at, who in enumerate(order)} for order in instance["ranking"]]
    wishes = [
        [target for target in mine if i in place[target]]
        for i, mine in enumerate(instance["wishes"])
    ]
    priority = flat([[place[target][i] for target in mine] for i, mine in enumerate(wishes)])
    seats = np.array(instance["capacity"], np.int32)
    asked = lists(wishes)
    granted = deferred_acceptance(asked, priority, seats)
    assert ["X" if wish < 0 else str(asked.target[wish]) for wish in granted] == known


# Identities


@st.composite
def economies(draw: st.DrawFn) -> Economy:
    """Wishes of wishes and seats."""
    seats = draw(st.lists(st.integers(0, 3), min_size=1, max_size=6))
    mine = st.lists(st.integers(0, len(seats) - 1), unique=True, max_size=6)
    return draw(st.lists(mine, max_size=16)), seats


@given(economies())
def test_under_one_order_four_ways_are_one(economy: Economy) -> None:
    wishes, seats = economy
    asked, have = lists(wishes), np.array(seats, np.int32)
    expected = oracles.serial_dictatorship(wishes, seats)
    order = [[i] * len(mine) for i, mine in enumerate(wishes)]
    assert ranks(asked, serial_dictatorship(asked, have)) == expected
    assert ranks(asked, deferred_acceptance(asked, flat(order), have)) == expected
    assert oracles.greedy(wishes, order, seats) == expected
    assert oracles.deferred_acceptance(wishes, order, seats) == expected
    people = [person(900 - i) for i in range(len(wishes))]
    units = [a_unit(seats_) for seats_ in seats]
    parallel = run(units, people, forms(wishes), "parallel")
    units_got = [None if k is None else wishes[i][k] for i, k in enumerate(expected)]
    assert unit_of(parallel) == units_got


@given(economies())
def test_sequential_choice_is_deferred_acceptance_with_earlier_wishes_first(
    economy: Economy,
) -> None:
    wishes, seats = economy
    asked, have = lists(wishes), np.array(seats, np.int32)
    expected = oracles.boston(wishes, seats)
    priority = boston_priority(asked, np.arange(len(wishes)))
    assert ranks(asked, deferred_acceptance(asked, priority, have)) == expected
    blocks = [[k * 1000 + i for k in range(len(mine))] for i, mine in enumerate(wishes)]
    assert oracles.greedy(wishes, blocks, seats) == expected
    people = [person(900 - i) for i in range(len(wishes))]
    sequential = run([a_unit(seats_) for seats_ in seats], people, forms(wishes), "sequential")
    assert unit_of(sequential) == [
        None if k is None else wishes[i][k] for i, k in enumerate(expected)
    ]


@given(economies(), st.lists(st.integers(0, 4), min_size=6, max_size=6), st.data())
def test_graded_steps_are_deferred_acceptance_on_scores_less_the_points_off(
    economy: Economy, steps: list[int], data: st.DataObject
) -> None:
    wishes, seats = economy
    off = np.cumsum([0, *steps]).tolist()
    scores = data.draw(st.lists(st.integers(0, 9), min_size=len(wishes), max_size=len(wishes)))
    worth = [
        [(off[k] - score) * 10_000 + off[k] * 100 + i for k in range(len(mine))]
        for i, (mine, score) in enumerate(zip(wishes, scores, strict=True))
    ]
    asked, have = lists(wishes), np.array(seats, np.int32)
    granted = ranks(asked, deferred_acceptance(asked, flat(worth), have))
    assert granted == oracles.greedy(wishes, worth, seats)
    assert granted == oracles.deferred_acceptance(wishes, worth, seats)


@given(economies(), st.randoms(use_true_random=False))
def test_any_priorities_give_what_one_proposal_at_a_time_gives(
    economy: Economy, random: Random
) -> None:
    wishes, seats = economy
    order = [list(range(len(wishes))) for _ in seats]
    for one in order:
        random.shuffle(one)
    priority = [[order[target][i] for target in mine] for i, mine in enumerate(wishes)]
    asked = lists(wishes)
    granted = deferred_acceptance(asked, flat(priority), np.array(seats, np.int32))
    assert ranks(asked, granted) == oracles.deferred_acceptance(wishes, priority, seats)


def test_many_candidates_and_few_seats_are_matched_as_by_hand() -> None:
    random = np.random.default_rng(11)
    table = random.integers(0, 400, (9_000, 8)).astype(np.int32)
    seats = random.integers(0, 30, 400).astype(np.int32)
    asked = wishes_of(table)
    expected = oracles.serial_dictatorship(table.tolist(), seats.tolist())
    assert ranks(asked, serial_dictatorship(asked, seats)) == expected
    own = asked.owner.astype(np.int64)
    assert ranks(asked, deferred_acceptance(asked, own, seats)) == expected
    huge = own + (own % 2 << 61)
    by_hand = [[int(p)] * 8 for p in huge[::8]]
    assert ranks(asked, deferred_acceptance(asked, huge, seats)) == oracles.deferred_acceptance(
        table.tolist(), by_hand, seats.tolist()
    )


def test_bounds_that_do_not_cover_the_wishes_are_refused() -> None:
    with pytest.raises(ValueError, match="cover"):
        Wishes(np.array([0, 1]), np.zeros(2, np.int32))


def unit_of(public: Published) -> list[int | None]:
    """The unit that admitted each."""
    return [
        int(public.placed.unit[row]) if public.placed.major[row] >= 0 else None
        for row in public.roll.row_of()
    ]
