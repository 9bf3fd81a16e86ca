"""The published invariants: they hold for every outcome, and each sees what it is there to see."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranking.properties import PROPERTIES, Property, Published, blocking_pairs, violations
from tests.oracles import Applicant, UnitTerms
from tests.ranking.economies import Choice, a_unit, crowds, fates, person, run, units

Case = tuple[UnitTerms, list[Applicant]]


def in_one(people: list[Applicant], unit: UnitTerms) -> Published:
    return run([unit], people, [[Choice(1, 0, one.majors, one.adjusts)] for one in people])


@given(units().flatmap(lambda unit: st.tuples(st.just(unit), crowds(len(unit.quotas)))))
def test_every_outcome_keeps_every_property(case: Case) -> None:
    unit, people = case
    assert violations(in_one(people, unit)) == {}


@given(
    units().flatmap(lambda unit: st.tuples(st.just(unit), crowds(len(unit.quotas)))),
    st.sampled_from(["parallel", "sequential"]),
)
def test_the_other_regimes_keep_those_that_speak_of_them(case: Case, regime: str) -> None:
    unit, people = case
    choices = [[Choice(1, 0, one.majors, one.adjusts)] for one in people]
    public = run([unit], people, choices, regime)  # type: ignore[arg-type]
    wrong = violations(public, tuple(one for one in PROPERTIES if "ties" not in one.__name__))
    assert wrong == {}


@given(st.lists(units(), min_size=1, max_size=3), st.data())
def test_forms_of_several_choices_keep_those_that_speak_of_every_regime(
    offered: list[UnitTerms], data: st.DataObject
) -> None:
    crowd = data.draw(crowds(1))
    choices = []
    for one in crowd:
        form = data.draw(st.lists(st.integers(0, len(offered) - 1), unique=True, max_size=3))
        majors = [st.integers(0, len(offered[unit].quotas) - 1) for unit in form]
        choices.append(
            [
                Choice(k + 1, unit, tuple(data.draw(st.lists(majors[k], unique=True))), one.adjusts)
                for k, unit in enumerate(form)
            ]
        )
    for regime in ("parallel", "sequential"):
        public = run(offered, crowd, choices, regime)
        assert violations(public, PROPERTIES[:4]) == {}


SOUND = in_one(
    [person(630, 0, 1), person(620, 0, 1, adjusts=True), person(610, 1, 0), person(600, 0)],
    a_unit(1, 1)._replace(steps=()),
)
"""Rows 0 and 1 are admitted to majors 0 and 1 as first and second wish; rows 2 and 3 not filed."""


def spoilt(**columns: list[int]) -> Published:
    named = {
        name: np.array(value, getattr(SOUND.placed, name).dtype) for name, value in columns.items()
    }
    return replace(SOUND, placed=replace(SOUND.placed, **named))


def test_the_sound_outcome_is_as_described() -> None:
    got = fates(SOUND.placed, SOUND.plan, SOUND.roll)
    assert [fate.major for fate in got] == [0, 1, None, None]
    assert [fate.outcome for fate in got] == ["admitted", "admitted", "not_filed", "not_filed"]


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("p1", {"unfilled": [1, 0]}),
        ("p1", {"admitted": [2, 0], "unfilled": [-1, 1]}),
        ("p2", {"outcome": [3, 2, 1, 1]}),
        ("p3", {"outcome": [3, 3, 1, 0]}),
        ("p4", {"major_position": [2, 2, 0, 0]}),
        ("p4", {"major_position": [0, 2, 0, 0]}),
        ("p4", {"form": [1, 1, 2, 3]}),
        ("p5", {"outcome": [3, 3, 1, 2]}),
        (
            "p6",
            {"outcome": [3, 2, 1, 1], "major": [0, -1, -1, -1], "unfilled": [0, 1]},
        ),
        (
            "p7",
            {"major": [1, 0, -1, -1], "major_position": [2, 1, 0, 0]},
        ),
        (
            "p8",
            {
                "outcome": [3, 2, 3, 1],
                "major": [0, -1, 1, -1],
                "major_position": [1, 0, 0, 0],
            },
        ),
    ],
)
def test_a_spoilt_outcome_is_seen(name: str, columns: dict[str, list[int]]) -> None:
    public = spoilt(**columns)
    failing: list[Property] = [one for one in PROPERTIES if one.__name__.startswith(name)]
    assert len(failing) == 1
    assert list(violations(public, tuple(failing))) == [failing[0].__name__]


# Stability


def test_a_score_first_outcome_has_no_blocking_pair() -> None:
    assert blocking_pairs(SOUND) == 0


def test_major_first_leaves_those_who_lost_to_a_lower_score() -> None:
    people = [person(630, 0, 1), person(625, 0, 1), person(623, 1, 0)]
    unit = a_unit(1, 1, plan=3)
    assert blocking_pairs(in_one(people, unit)) == 1
    assert blocking_pairs(in_one(people, unit._replace(steps=()))) == 0


def test_sequential_choice_is_counted_over_all_choices() -> None:
    wishes = [(0, 1), (0, 1, 2), (1, 2)]
    choices = [[Choice(k + 1, unit, (0,)) for k, unit in enumerate(mine)] for mine in wishes]
    people = [person(630), person(620), person(610)]
    seats = [a_unit(1) for _ in range(3)]
    assert blocking_pairs(run(seats, people, choices, "sequential")) == 1
    assert blocking_pairs(run(seats, people, choices, "parallel")) == 0


@given(units().flatmap(lambda unit: st.tuples(st.just(unit), crowds(len(unit.quotas)))))
def test_blocking_pairs_are_those_of_the_definition(case: Case) -> None:
    unit, people = case
    public = in_one(people, unit)
    got = fates(public.placed, public.plan, public.roll)
    rows = public.roll.row_of().tolist()
    expected = 0
    for i, one in enumerate(people):
        mine = got[i]
        end = mine.position - 1 if mine.position else len(one.majors)
        for major in one.majors[:end]:
            lower = [j for j in range(len(people)) if got[j].major == major and rows[j] > rows[i]]
            expected += bool(lower)
    assert blocking_pairs(public) == expected
