"""The draw is seen wherever it decides, and only there. RULES.md 5.5."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ranking.properties import Published
from ranking.rules import Regime
from tests.oracles import Applicant, UnitTerms
from tests.ranking.economies import Choice, a_unit, crowds, fates, person, run, units


def in_one(people: Sequence[Applicant], unit: UnitTerms) -> Published:
    return run([unit], people, [[Choice(1, 0, one.majors, one.adjusts)] for one in people])


def drawn(public: Published) -> list[bool]:
    """Of each person, in the order they were named."""
    told: list[bool] = public.placed.by_draw[public.roll.row_of()].tolist()
    return told


def test_who_is_left_out_of_the_plan_by_the_draw_is_told() -> None:
    people = [person(600, 0, draw=d) for d in (3, 1, 2)] + [person(590, 0, draw=4)]
    assert drawn(in_one(people, a_unit(2))) == [True, False, False, False]


def test_a_lower_key_is_no_draw() -> None:
    people = [person(600, 0, keys=(1,), draw=1), person(600, 0, keys=(2,), draw=2)]
    assert drawn(in_one(people, a_unit(1))) == [False, False]


def test_a_strict_line_through_a_tie_is_the_draws() -> None:
    people = [person(600, 0, draw=d) for d in (2, 1)]
    assert drawn(in_one(people, a_unit(1, strict=True))) == [True, False]


def test_an_earlier_choice_of_the_major_is_no_draw_but_the_same_choice_is() -> None:
    by_choice = [person(600, 0, draw=2), person(600, 1, 0, draw=1)]
    assert drawn(in_one(by_choice, a_unit(1, 0, plan=2))) == [False, False]
    by_lot = [person(600, 0, draw=2), person(600, 0, draw=1)]
    assert drawn(in_one(by_lot, a_unit(1, 0, plan=2))) == [True, False]


def test_who_gets_a_later_choice_or_another_free_major_by_the_draw_is_told_too() -> None:
    listed = [person(600, 0, 1, draw=2), person(600, 0, draw=1)]
    assert drawn(in_one(listed, a_unit(1, 1))) == [True, False]
    adjusted = [person(600, adjusts=True, draw=2), person(600, adjusts=True, draw=1)]
    assert drawn(in_one(adjusted, a_unit(1, 1))) == [True, False]


def test_the_draw_among_equals_by_exam_score_is_told() -> None:
    people = [person(630, 0, exam=600, draw=2), person(620, 0, exam=600, draw=1)]
    unit = a_unit(1, 1)
    assert drawn(in_one(people, unit)) == [False, False]
    assert drawn(in_one(people, unit._replace(by_exam=True))) == [True, False]


def test_a_refill_that_an_equal_was_asked_for_first_is_told() -> None:
    people = [person(630, 0), person(620, 0), person(600, 1, draw=2), person(600, 1, draw=1)]
    cascade = a_unit(1, 1)._replace(refill="cascade")
    assert drawn(in_one(people, cascade)) == [False, False, True, False]


def test_parallel_choice_tells_who_was_passed_over_by_the_draw() -> None:
    people = [person(600, draw=2), person(600, draw=1)]
    wishes = [[Choice(1, 0, (0,)), Choice(2, 1, (0,))], [Choice(1, 0, (0,))]]
    public = run([a_unit(1), a_unit(1)], people, wishes, "parallel")
    assert drawn(public) == [True, False]


@given(units().flatmap(lambda unit: st.tuples(st.just(unit), crowds(len(unit.quotas)))), st.data())
def test_where_nobody_lost_by_the_draw_another_draw_changes_nothing(
    case: tuple[UnitTerms, list[Applicant]], data: st.DataObject
) -> None:
    unit, people = case
    public = in_one(people, unit)
    if public.placed.by_draw.any():
        return
    lots = data.draw(st.permutations(range(len(people))))
    redrawn = [one._replace(draw=lot) for one, lot in zip(people, lots, strict=True)]
    again = in_one(redrawn, unit)
    told = [fates(one.placed, one.plan, one.roll) for one in (public, again)]
    assert told[0] == told[1]
    assert not again.placed.by_draw.any()


@given(
    units().flatmap(lambda unit: st.tuples(st.just(unit), crowds(len(unit.quotas)))),
    st.sampled_from(["dynamic", "parallel", "sequential"]),
)
def test_nobody_loses_a_draw_who_has_no_equal(
    case: tuple[UnitTerms, list[Applicant]], regime: Regime
) -> None:
    unit, people = case
    apart = [one._replace(filing=9_000 - at, exam=9_000 - at) for at, one in enumerate(people)]
    choices = [[Choice(1, 0, one.majors, one.adjusts)] for one in apart]
    assert not np.any(run([unit], apart, choices, regime).placed.by_draw)
