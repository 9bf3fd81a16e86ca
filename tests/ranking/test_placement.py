"""Filing and placement: the worked cases, the edges, and every rule against the definitions."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking.outcomes import (
    REASON_NAMES,
    ConservationError,
    Reason,
    check_conservation,
    lowest_admitted,
)
from ranking.rules import ExtraSeats, RoundRules, UnitKey, UnitRules
from ranking.standing import NO_LINE
from ranking.terms import terms_of, with_extra_seats
from tests import oracles
from tests.oracles import Applicant, Fate, UnitTerms
from tests.ranking.economies import (
    Choice,
    a_unit,
    crowds,
    fates,
    in_one,
    person,
    plan_of,
    run,
    units,
)

ADMITTED, REJECTED, NOT_FILED = "admitted", "rejected", "not_filed"


def majors(fates_: list[Fate]) -> list[int | None]:
    return [fate.major for fate in fates_]


def outcomes(fates_: list[Fate]) -> list[str]:
    return [fate.outcome for fate in fates_]


def reasons(people: list[Applicant], unit: UnitTerms) -> list[str]:
    public = run([unit], people, [[Choice(1, 0, one.majors, one.adjusts)] for one in people])
    return [REASON_NAMES[public.placed.reason[row]] for row in public.roll.row_of()]


# Worked cases

FIN, CS, LAW = 0, 1, 2
O4 = [
    person(630, FIN, CS),
    person(625, FIN, CS),
    person(623, CS, FIN),
    person(620, CS, LAW),
    person(610, LAW),
]
O8 = [person(630, FIN), person(620, FIN, adjusts=True), person(610, CS)]


def test_o2_all_four_at_or_above_the_line_are_filed() -> None:
    scores = [person(score, 0) for score in (620, 615, 615, 615, 600)]
    unit = a_unit(3)._replace(all_filed=True)
    assert outcomes(in_one(scores, unit)).count(NOT_FILED) == 1


def test_o2_a_strict_unit_files_exactly_due_by_the_tie_keys() -> None:
    keys = {"A": (620, 0), "B": (615, -2), "C": (615, 0), "D": (615, -1), "E": (600, 0)}
    people = [person(score, 0, keys=(key,)) for score, key in keys.values()]
    got = outcomes(in_one(people, a_unit(3, strict=True)))
    assert [name for name, one in zip(keys, got, strict=True) if one == ADMITTED] == ["A", "C", "D"]


@pytest.mark.parametrize("steps", [(), (0, 0), (0, 1)])
def test_o4_without_steps_or_with_a_step_of_1_the_score_decides(steps: tuple[int, ...]) -> None:
    unit = a_unit(1, 1, 2)._replace(steps=steps, refill="cascade")
    assert majors(in_one(O4, unit)) == [FIN, CS, None, LAW, LAW]


@pytest.mark.parametrize("steps", [(0, 3), None, (0, 2), (0, 2, 100)])
def test_o4_with_larger_steps_the_earlier_choice_decides(steps: tuple[int, ...] | None) -> None:
    unit = a_unit(1, 1, 2)._replace(steps=steps, refill="cascade")
    assert majors(in_one(O4, unit)) == [FIN, None, CS, LAW, LAW]


def test_o4_at_equal_effective_scores_a_tie_break_key_comes_before_the_earlier_choice() -> None:
    b, c = O4[1]._replace(keys=(9,)), O4[2]._replace(keys=(8,))
    people = [O4[0]._replace(keys=(0,)), b, c]
    unit = a_unit(1, 1, 2)._replace(steps=(0, 2))
    assert majors(in_one(people, unit)) == [FIN, CS, None]


def test_o8_one_to_one_leaves_the_third_out_and_adjusts_the_second() -> None:
    unit = a_unit(1, 1, ratio=15_000)
    assert in_one(O8, unit) == [Fate(ADMITTED, FIN, 1), Fate(ADMITTED, CS, 0), Fate(REJECTED)]
    assert reasons(O8, unit) == ["listed", "adjusted", "beyond_plan"]


def test_o8_all_filed_compete_before_anybody_is_adjusted() -> None:
    unit = a_unit(1, 1, ratio=15_000)._replace(all_filed=True)
    assert in_one(O8, unit) == [Fate(ADMITTED, FIN, 1), Fate(REJECTED), Fate(ADMITTED, CS, 1)]
    assert reasons(O8, unit) == ["listed", "nothing_left", "listed"]


# Edges


def test_adjustable_but_nothing_left_is_rejected() -> None:
    people = [person(630, 0), person(620, 0, adjusts=True)]
    unit = a_unit(1, 0, plan=2)
    assert outcomes(in_one(people, unit)) == [ADMITTED, REJECTED]
    assert reasons(people, unit) == ["listed", "nothing_left"]


def test_who_declines_adjustment_is_rejected_though_a_seat_is_free() -> None:
    people = [person(630, 0), person(620, 0)]
    assert reasons(people, a_unit(1, 1)) == ["listed", "declines_adjustment"]


def test_a_plan_of_0_files_nobody() -> None:
    people = [person(630, 0, adjusts=True)]
    for refill in ("next_round", "cascade", "within_filed"):
        assert outcomes(in_one(people, a_unit(0)._replace(refill=refill))) == [NOT_FILED]
    assert reasons(people, a_unit(0)) == ["no_plan"]


def test_a_ratio_below_1_leaves_seats_to_the_next_round_or_the_next_in_line() -> None:
    people = [person(630, 0), person(620, 0), person(610, 0)]
    half = a_unit(2, ratio=5_000)
    assert outcomes(in_one(people, half)) == [ADMITTED, NOT_FILED, NOT_FILED]
    assert outcomes(in_one(people, half._replace(refill="cascade"))) == [
        ADMITTED,
        ADMITTED,
        NOT_FILED,
    ]


def test_fewer_applicants_than_plan_leave_seats() -> None:
    public = run([a_unit(3, 2)], [person(600, 1)], [[Choice(1, 0, (1,))]])
    assert public.placed.unfilled.tolist() == [3, 1]
    assert public.placed.admitted.tolist() == [0, 1]


def test_a_tie_across_the_line_is_filed_and_the_plan_line_is_drawn_by_the_keys_then_the_draw() -> (
    None
):
    people = [person(600, 0, keys=(5,), draw=d) for d in (3, 1, 2)]
    assert outcomes(in_one(people, a_unit(2))) == [REJECTED, ADMITTED, ADMITTED]
    assert reasons(people, a_unit(2)) == ["beyond_plan", "listed", "listed"]


def test_all_equal_and_strict_files_by_the_draw_alone() -> None:
    people = [person(600, 0, draw=d) for d in (3, 1, 2)]
    assert outcomes(in_one(people, a_unit(2, strict=True))) == [NOT_FILED, ADMITTED, ADMITTED]


def test_majors_by_exam_score_are_not_decided_by_the_bonus() -> None:
    people = [person(630, 0, 1, exam=600), person(620, 0, 1, exam=620)]
    unit = a_unit(1, 1)
    assert majors(in_one(people, unit)) == [0, 1]
    assert majors(in_one(people, unit._replace(by_exam=True))) == [1, 0]


def test_equals_by_exam_score_are_told_apart_by_the_draw_not_by_the_bonus() -> None:
    people = [person(630, 0, 1, exam=600, draw=2), person(620, 0, 1, exam=600, draw=1)]
    assert majors(in_one(people, a_unit(1, 1)._replace(by_exam=True))) == [1, 0]


def test_a_refill_within_the_filed_asks_nobody_else() -> None:
    people = [person(630, 0), person(620, 0), person(610, 1), person(600, 1)]
    unit = a_unit(1, 1, ratio=15_000)
    assert outcomes(in_one(people, unit)) == [ADMITTED, REJECTED, REJECTED, NOT_FILED]
    within = unit._replace(refill="within_filed")
    assert in_one(people, within)[2:] == [Fate(ADMITTED, 1, 1), Fate(NOT_FILED)]
    assert reasons(people, within)[2] == "refilled"


def test_a_cascade_goes_down_the_line_until_the_unit_is_full() -> None:
    people = [person(630 - at, 0) for at in range(4)] + [person(600, 1), person(590, 1)]
    cascade = a_unit(1, 1)._replace(refill="cascade")
    assert outcomes(in_one(people, cascade)) == [ADMITTED, *[REJECTED] * 3, ADMITTED, NOT_FILED]


def test_a_cascade_adjusts_whoever_accepts_it() -> None:
    people = [person(630, 0), person(620, 0), person(610, 0, adjusts=True)]
    cascade = a_unit(1, 1)._replace(refill="cascade")
    assert in_one(people, cascade)[2] == Fate(ADMITTED, 1, 0)


def test_a_unit_plan_below_the_sum_of_its_majors_bounds_who_is_placed() -> None:
    people = [person(630, 0), person(620, 1), person(610, 1)]
    for refill in ("next_round", "cascade"):
        unit = a_unit(1, 1, plan=1)._replace(refill=refill)
        assert outcomes(in_one(people, unit)) == [ADMITTED, NOT_FILED, NOT_FILED]


def test_who_lists_no_major_is_placed_only_by_adjustment() -> None:
    people = [person(630), person(620, adjusts=True)]
    assert in_one(people, a_unit(1, 1)) == [Fate(REJECTED), Fate(ADMITTED, 0, 0)]


def test_a_round_without_anybody_or_anything_is_well_defined() -> None:
    assert in_one([], a_unit(2)) == []
    public = run([], [person(600)], [[]])
    assert fates(public.placed, public.plan, public.roll) == [Fate("", None, 0)]


def test_two_choices_of_one_candidate_are_refused_under_the_dynamic_regime() -> None:
    with pytest.raises(ValueError, match="more than one"):
        run([a_unit(1)], [person(600, 0)], [[Choice(1, 0, (0,)), Choice(2, 0, (0,))]])


def test_the_lowest_admitted_score_of_a_major_is_its_projection() -> None:
    people = [person(630, 0), person(620, 0), person(610, 0)]
    public = run([a_unit(2, 1)], people, [[Choice(1, 0, one.majors)] for one in people])
    assert lowest_admitted(public.plan, public.roll, public.placed).tolist() == [620, NO_LINE]


@pytest.mark.parametrize(
    ("name", "value"),
    [("major", 1), ("admitted", 2), ("unfilled", 1), ("outcome", 2), ("unit", 0)],
)
def test_a_placement_that_loses_a_seat_is_never_returned(name: str, value: int) -> None:
    public = run([a_unit(1), a_unit(1)], [person(600)], [[Choice(1, 1, (0,))]])
    column = np.full_like(getattr(public.placed, name), value)
    if name == "major":
        column -= 1
    with pytest.raises(ConservationError):
        check_conservation(public.plan, replace(public.placed, **{name: column}))


def test_every_reason_has_a_name() -> None:
    assert [len(REASON_NAMES), REASON_NAMES[0]] == [len(Reason), ""]


# Properties


@given(units().flatmap(lambda unit: st.tuples(st.just(unit), crowds(len(unit.quotas)))))
def test_everybodys_fate_is_the_definitions(case: tuple[UnitTerms, list[Applicant]]) -> None:
    unit, people = case
    assert in_one(people, unit) == oracles.placement(people, unit)


@given(st.lists(units(), min_size=2, max_size=4), st.data())
def test_units_do_not_meet(offered: list[UnitTerms], data: st.DataObject) -> None:
    crowd = data.draw(crowds(1, most=20))
    choices = []
    for at, one in enumerate(crowd):
        unit = data.draw(st.integers(0, len(offered) - 1))
        wish = st.lists(st.integers(0, len(offered[unit].quotas) - 1), unique=True)
        crowd[at] = one._replace(majors=tuple(data.draw(wish)))
        choices.append([Choice(1, unit, crowd[at].majors, one.adjusts)])
    public = run(offered, crowd, choices)
    together = fates(public.placed, public.plan, public.roll)
    for unit, terms in enumerate(offered):
        here = [at for at, (choice,) in enumerate(choices) if choice.unit == unit]
        alone = oracles.placement([crowd[at] for at in here], terms)
        assert [together[at] for at in here] == alone


# A unit's own majors


def own_of(**rules: object) -> RoundRules:
    return RoundRules(units={UnitKey("000", "理科", ""): UnitRules(**rules)})  # type: ignore[arg-type]


def test_majors_not_named_follow_in_plan_order_and_strange_ones_order_nothing() -> None:
    plan = plan_of([a_unit(1, 1, 1), a_unit(1)])
    rules = own_of(adjust_order=("03", "77", "02"))
    assert terms_of(plan, rules, ["01", "02", "03", "01"]).adjusting.tolist() == [2, 1, 0, 3]


def test_an_adjust_order_without_the_majors_codes_is_refused() -> None:
    with pytest.raises(ValueError, match="codes are not given"):
        terms_of(plan_of([a_unit(1, 1)]), own_of(adjust_order=("02",)))


def test_extra_seats_are_added_to_their_major_and_its_unit_alone() -> None:
    plan = plan_of([a_unit(1, 1), a_unit(1)])
    rules = own_of(extra_seats=(ExtraSeats("02", 2, "equal on every key"),))
    more = with_extra_seats(plan, rules, ["01", "02", "01"])
    assert (more.seats.tolist(), more.major_quota.tolist()) == ([4, 1], [1, 3, 1])
    assert plan.major_quota.tolist() == [1, 1, 1]
