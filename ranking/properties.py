"""P1 … P8: what every published outcome keeps, each checked apart from the code that made it.

Each function returns its violations, empty when the property holds: rows of the roll, majors, or
pairs, as its docstring says. Nothing here is used to compute an outcome. RULES.md 5.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from .book import NO_MAJOR, NO_UNIT, Index, Mask, Plan, Roll, run_starts
from .outcomes import Forms, Outcome, Placement
from .terms import Refilling, Terms


@dataclass(frozen=True, slots=True)
class Published:
    """A round and what came of it."""

    plan: Plan
    roll: Roll
    forms: Forms
    terms: Terms
    placed: Placement


Property: TypeAlias = Callable[[Published], Index]


def p1_seats_are_conserved(public: Published) -> Index:
    """Majors, where admitted + unfilled is not the quota, or is counted wrongly, or is negative."""
    placed, quota = public.placed, public.plan.major_quota
    counted = np.bincount(placed.major[placed.major != NO_MAJOR], minlength=len(quota))
    wrong = (counted != placed.admitted) | (placed.admitted + placed.unfilled != quota)
    return np.flatnonzero(wrong | (placed.unfilled < 0))


def p2_the_admitted_and_only_they_have_a_major(public: Published) -> Index:
    """Rows that are admitted without a major, or have one without being admitted."""
    placed = public.placed
    return np.flatnonzero((placed.outcome == Outcome.ADMITTED) != (placed.major != NO_MAJOR))


def p3_everybody_with_a_choice_has_one_outcome(public: Published) -> Index:
    """Rows with a choice and no outcome, or the other way round."""
    chose = np.zeros(len(public.roll), np.bool_)
    chose[public.forms.row] = True
    return np.flatnonzero(chose != (public.placed.outcome != Outcome.NONE))


def p4_an_outcome_is_of_ones_own_choice(public: Published) -> Index:
    """Rows whose unit is not one of their choices, or whose major is neither listed nor adjusted."""
    placed, forms = public.placed, public.forms
    row = np.flatnonzero(placed.unit != NO_UNIT)
    form = placed.form[row]
    wrong = (forms.row[form] != row) | (forms.unit[form] != placed.unit[row])
    got = placed.major[row]
    unit = np.append(public.plan.major_unit, np.int32(NO_UNIT))
    wrong |= (got != NO_MAJOR) & (unit[got] != placed.unit[row])
    position = placed.major_position[row]
    listed = np.column_stack([got, forms.majors[form]])
    at = np.take_along_axis(listed, position[:, None].astype(np.intp), axis=1)[:, 0]
    adjusted = (position == 0) & (got != NO_MAJOR)
    wrong |= (at != got) | (adjusted & ~forms.accepts_adjustment[form])
    rows: Index = row[wrong]
    return rows


def p5_who_ties_with_the_filed_is_filed(public: Published) -> Index:
    """Rows below which, or equal to which, another was filed first of the same unit; dynamic only.

    A strict unit and a cascade may tell those of one score apart.
    """
    placed, roll, plan = public.placed, public.roll, public.plan
    filed = placed.outcome >= Outcome.REJECTED
    lowest = np.full(len(plan.keys), np.iinfo(np.int32).max, np.int32)
    went = np.flatnonzero(filed)
    lowest[placed.unit[went]] = roll.filing[went]
    out = np.flatnonzero(placed.outcome == Outcome.NOT_FILED)
    unit = placed.unit[out]
    told_apart = plan.strict[unit] | (public.terms.refill[unit] == Refilling.CASCADE)
    over = roll.filing[out] > lowest[unit]
    rows: Index = out[over | (~told_apart & (roll.filing[out] == lowest[unit]))]
    return rows


def p6_no_seat_is_left_that_somebody_filed_wanted(public: Published) -> Index:
    """Rejected rows of which a listed major has a seat left; rows within scope only.

    An adjustable one misses a seat of any major of the unit.
    """
    placed, forms, plan = public.placed, public.forms, public.plan
    row = np.flatnonzero(in_scope(public) & (placed.outcome == Outcome.REJECTED))
    form = placed.form[row]
    left = np.append(placed.unfilled > 0, [False])
    free = np.bincount(plan.major_unit, placed.unfilled, len(plan.keys)) > 0
    wanted = left[forms.majors[form]].any(axis=1)
    return row[wanted | (forms.accepts_adjustment[form] & free[placed.unit[row]])]


def p7_score_first_leaves_no_envy(public: Published) -> Index:
    """Rows in scope that would rather have a listed major whose admitted include one of lower score.

    Only where score alone decides: units under score_first, by filing score, without refill.
    """
    placed, forms, roll = public.placed, public.forms, public.roll
    lowest = np.full(len(public.plan.major_quota) + 1, np.iinfo(np.int32).max, np.int32)
    listed = np.flatnonzero((placed.major != NO_MAJOR) & (placed.major_position > 0))
    lowest[placed.major[listed]] = roll.filing[listed]
    row = np.flatnonzero(in_scope(public))
    row = row[_by_score_alone(public)[placed.unit[row]]]
    majors = forms.majors[placed.form[row]]
    position = np.where(placed.major_position[row] > 0, placed.major_position[row], 1 << 14)
    better = (np.arange(majors.shape[1]) < position[:, None] - 1) & (majors != NO_MAJOR)
    rows: Index = row[(better & (lowest[majors] < roll.filing[row][:, None])).any(axis=1)]
    return rows


def p8_adjustment_is_by_score(public: Published) -> Index:
    """Rows in scope that accept adjustment and are rejected while a lower score was adjusted."""
    placed, roll = public.placed, public.roll
    adjusted = np.flatnonzero((placed.major != NO_MAJOR) & (placed.major_position == 0))
    lowest = np.full(len(public.plan.keys), np.iinfo(np.int32).max, np.int32)
    lowest[placed.unit[adjusted]] = roll.filing[adjusted]
    out = np.flatnonzero(in_scope(public) & (placed.outcome == Outcome.REJECTED))
    willing = out[public.forms.accepts_adjustment[placed.form[out]]]
    unit = placed.unit[willing]
    return willing[(lowest[unit] < roll.filing[willing]) & ~public.terms.by_exam[unit]]


PROPERTIES: tuple[Property, ...] = (
    p1_seats_are_conserved,
    p2_the_admitted_and_only_they_have_a_major,
    p3_everybody_with_a_choice_has_one_outcome,
    p4_an_outcome_is_of_ones_own_choice,
    p5_who_ties_with_the_filed_is_filed,
    p6_no_seat_is_left_that_somebody_filed_wanted,
    p7_score_first_leaves_no_envy,
    p8_adjustment_is_by_score,
)
"""All that hold under the dynamic regime; P5 speaks of it alone."""


def violations(
    public: Published, properties: tuple[Property, ...] = PROPERTIES
) -> dict[str, Index]:
    """What is wrong, by the property's name; only those that fail."""
    found = {one.__name__: one(public) for one in properties}
    return {name: where for name, where in found.items() if len(where)}


def in_scope(public: Published) -> Mask:
    """(n,) bool: filed and not merely beyond the plan; those take part in placement."""
    placed, terms, plan = public.placed, public.terms, public.plan
    filed = np.flatnonzero(placed.outcome >= Outcome.REJECTED)
    unit = placed.unit[filed]
    order = np.argsort(unit, kind="stable")
    begins = np.flatnonzero(run_starts(unit[order]))
    place = np.empty(len(filed), np.intp)
    place[order] = np.arange(len(filed)) - np.repeat(begins, np.diff(begins, append=len(filed)))
    scope = np.zeros(len(public.roll), np.bool_)
    scope[filed] = terms.all_filed[unit] | (place < plan.seats[unit])
    return scope


def _by_score_alone(public: Published) -> Mask:
    """(m,) units where filing score alone decides about majors."""
    rule = np.array([rule == "score_first" for rule in public.terms.rules])
    alone: Mask = rule[public.terms.rule] & ~public.terms.by_exam & (public.terms.refill == 0)
    return alone


def blocking_pairs(public: Published) -> int:
    """How many (candidate, major) pairs there are where a wish went to one of lower rank.

    The candidate listed the major, above whatever was got, and somebody who stands lower on the roll
    was admitted to it. Counted over all choices of all who have one, filed or not; for publication.
    RULES.md 5; a wish counts once however often it is listed.
    """
    placed, forms = public.placed, public.forms
    last = np.full(len(public.plan.major_quota) + 1, -1, np.int32)
    admitted = np.flatnonzero(placed.major != NO_MAJOR)
    last[placed.major[admitted]] = admitted
    last[NO_MAJOR] = -1
    mine = placed.form[forms.row]
    number = np.arange(len(forms.row))
    got = placed.major[forms.row] != NO_MAJOR
    position = placed.major_position[forms.row]
    listed_before = np.where(position > 0, position - 1, forms.majors.shape[1])
    reach = np.where(~got | (number < mine), forms.majors.shape[1], 0)
    reach = np.where(got & (number == mine), listed_before, reach)
    above = np.arange(forms.majors.shape[1]) < reach[:, None]
    form, place = np.nonzero(above & (last[forms.majors] > forms.row[:, None]))
    pairs = forms.row[form].astype(np.int64) * (len(last) + 1) + forms.majors[form, place]
    return len(np.unique(pairs))
