"""Small rounds for the tests of placement: units with majors, applicants with lists of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from ranking.book import NO_MAJOR, Plan, Roll, make_roll
from ranking.outcomes import OUTCOME_NAMES, Forms, Placement
from ranking.properties import Published
from ranking.regimes import admit
from ranking.rules import GradedSteps, MajorRule, Refill, Regime, RoundRules, UnitKey, UnitRules
from ranking.terms import Ties, terms_of, tie_ranks
from tests.oracles import Applicant, Fate, Offer, UnitTerms

ONE = 10_000
"""A ratio of 100 %."""


class Choice(NamedTuple):
    """A choice on a form; majors are counted inside the unit, best first."""

    position: int
    unit: int
    majors: tuple[int, ...]
    adjusts: bool = False


def rule_of(steps: tuple[int, ...] | None) -> MajorRule:
    if steps is None:
        return "major_first"
    return GradedSteps(steps) if steps else "score_first"


def plan_of(units: Sequence[UnitTerms]) -> Plan:
    return Plan(
        keys=tuple(UnitKey(f"{u:03}", "理科", "") for u in range(len(units))),
        track=np.zeros(len(units), np.int16),
        seats=np.array([unit.offer.plan for unit in units], np.int32),
        ratio=np.array([unit.offer.ratio for unit in units], np.int32),
        strict=np.array([unit.offer.strict for unit in units], np.bool_),
        major_unit=np.repeat(np.arange(len(units)), [len(unit.quotas) for unit in units]).astype(
            np.int32
        ),
        major_quota=np.array([quota for unit in units for quota in unit.quotas], np.int32),
    )


def rules_of(plan: Plan, units: Sequence[UnitTerms]) -> RoundRules:
    def refill(word: str) -> Refill:
        assert word in {"next_round", "cascade", "within_filed"}
        return word  # type: ignore[return-value]

    own = {
        key: UnitRules(
            ratio=unit.offer.ratio,
            strict=unit.offer.strict,
            scope="filed" if unit.all_filed else "one_to_one",
            refill=refill(unit.refill),
            major_rule=rule_of(unit.steps),
            major_score="exam" if unit.by_exam else "filing",
            adjust_order=tuple(f"{major:02}" for major in unit.adjust_order),
        )
        for key, unit in zip(plan.keys, units, strict=True)
    }
    return RoundRules(units=own)


def roll_of(people: Sequence[Applicant]) -> tuple[Roll, Ties]:
    width = max((len(person.keys) for person in people), default=0)
    keys = np.array([person.keys for person in people], np.int32).reshape(len(people), width)
    draw = np.array([person.draw for person in people], np.uint64)
    roll = make_roll(
        np.array([person.filing for person in people], np.int32),
        np.array([person.exam for person in people], np.int32),
        np.zeros(len(people), np.int16),
        keys,
        draw,
    )
    return roll, tie_ranks(roll, keys, draw)


def forms_of(plan: Plan, roll: Roll, choices: Sequence[Sequence[Choice]]) -> Forms:
    """choices[i] of the i-th person, best first."""
    first = np.searchsorted(plan.major_unit, np.arange(len(plan.keys)))
    flat = [(row, *choice) for row, who in enumerate(roll.ident) for choice in choices[who]]
    width = max((len(majors) for _, _, _, majors, _ in flat), default=0)
    table = np.full((len(flat), width), NO_MAJOR, np.int32)
    for at, (_, _, unit, majors, _) in enumerate(flat):
        table[at, : len(majors)] = [first[unit] + major for major in majors]
    return Forms(
        np.array([one[0] for one in flat], np.int32),
        np.array([one[1] for one in flat], np.int32),
        np.array([one[2] for one in flat], np.int32),
        table,
        np.array([one[4] for one in flat], np.bool_),
    )


def run(
    units: Sequence[UnitTerms],
    people: Sequence[Applicant],
    choices: Sequence[Sequence[Choice]],
    regime: Regime = "dynamic",
) -> Published:
    plan = plan_of(units)
    roll, ties = roll_of(people)
    forms = forms_of(plan, roll, choices)
    codes = [f"{major:02}" for unit in units for major in range(len(unit.quotas))]
    terms = terms_of(plan, rules_of(plan, units), codes)
    placed = admit(regime, plan, roll, forms, terms, ties)
    return Published(plan, roll, forms, terms, placed)


def in_one(people: Sequence[Applicant], unit: UnitTerms) -> list[Fate]:
    """Everybody's fate where there is one unit."""
    choices = [[Choice(1, 0, person.majors, person.adjusts)] for person in people]
    public = run([unit], people, choices)
    return fates(public.placed, public.plan, public.roll)


def fates(placed: Placement, plan: Plan, roll: Roll) -> list[Fate]:
    first = np.searchsorted(plan.major_unit, np.arange(len(plan.keys)))
    told = []
    for row in roll.row_of().tolist():
        major = int(placed.major[row])
        inside = None if major == NO_MAJOR else major - int(first[placed.unit[row]])
        told.append(
            Fate(OUTCOME_NAMES[placed.outcome[row]], inside, int(placed.major_position[row]))
        )
    return told


def person(
    score: int,
    *majors: int,
    adjusts: bool = False,
    exam: int | None = None,
    keys: tuple[int, ...] = (),
    draw: int = 0,
) -> Applicant:
    return Applicant(score, score if exam is None else exam, keys, draw, majors, adjusts)


def a_unit(
    *quotas: int, plan: int | None = None, ratio: int = ONE, strict: bool = False
) -> UnitTerms:
    seats = sum(quotas) if plan is None else plan
    return UnitTerms(Offer(0, seats, ratio, strict), quotas)


@st.composite
def units(draw: st.DrawFn) -> UnitTerms:
    quotas = draw(st.lists(st.integers(0, 3), min_size=1, max_size=4))
    plan = draw(
        st.sampled_from([sum(quotas), sum(quotas), max(sum(quotas) - 1, 0), sum(quotas) + 1])
    )
    ratio = draw(st.sampled_from([5_000, ONE, 10_500, 15_000, 20_000]))
    step = st.lists(st.sampled_from([0, 500, 1000, 3000]), min_size=1, max_size=3).map(tuple)
    return UnitTerms(
        Offer(0, plan, ratio, draw(st.booleans())),
        tuple(quotas),
        draw(st.none() | st.just(()) | step),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.sampled_from(["next_round", "cascade", "within_filed"])),
        tuple(draw(st.lists(st.integers(0, len(quotas) - 1), unique=True))),
    )


@st.composite
def crowds(draw: st.DrawFn, majors: int, most: int = 14) -> list[Applicant]:
    """Applicants of few scores, so that nearly everybody ties with somebody."""
    n = draw(st.integers(0, most))
    lots = draw(st.permutations(range(n)))
    lists = st.lists(st.integers(0, majors - 1), unique=True, max_size=majors).map(tuple)
    return [
        Applicant(
            draw(st.integers(0, 5)) * 500,
            draw(st.integers(0, 5)) * 500,
            (draw(st.integers(0, 1)), draw(st.integers(0, 1))),
            lots[at],
            draw(lists),
            draw(st.booleans()),
        )
        for at in range(n)
    ]
