"""How each unit files and places, as columns, and in what order candidates compete for majors.

A round's rules speak of units by name; here they are one row a unit of the plan. RULES.md 5.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .book import Draw, Index, Int, Mask, Plan, Roll, run_starts
from .matching import Priorities, Wishes
from .rules import GradedSteps, MajorRule, RoundRules, UnitKey, UnitRules

Milli: TypeAlias = NDArray[np.int64]


class Refilling(IntEnum):
    """Where a seat goes that nobody was placed in."""

    NEXT_ROUND = 0
    WITHIN_FILED = 1
    CASCADE = 2


@dataclass(frozen=True, slots=True)
class Terms:
    """The rules of m units; `terms_of` makes them.

    Attributes:
        all_filed: (m,) bool, scope: all who were filed are placed, not only the top `plan`.
        refill: (m,) uint8, a Refilling.
        by_exam: (m,) bool, majors go by exam score, not filing score.
        rule: (m,) int16 index into `rules`.
        rules: the different major rules in force.
        adjusting: (k,) int32 the plan's majors, unit after unit, each unit's in the order in which
            the adjusted take them.
    """

    all_filed: Mask
    refill: NDArray[np.uint8]
    by_exam: Mask
    rule: NDArray[np.int16]
    rules: tuple[MajorRule, ...]
    adjusting: Int

    def of(self, unit: Int) -> "Terms":
        """The rules of some units, one row for each asked."""
        return replace(
            self,
            all_filed=self.all_filed[unit],
            refill=self.refill[unit],
            by_exam=self.by_exam[unit],
            rule=self.rule[unit],
        )


@dataclass(frozen=True, slots=True)
class Ties:
    """What decides between equal scores; aligned with the roll.

    Attributes:
        level: (n,) int32, equal where every tie-break key is; lower is better.
        order: (n,) int32, the place by the keys and then the draw: no two alike.
    """

    level: Int
    order: Int


class Precedence(NamedTuple):
    """Who comes first for the majors of a unit, (n,) int32 each, aligned with the roll."""

    by_filing: Int
    by_exam: Int

    def of(self, row: Index | Int, by_exam: Mask) -> Int:
        """The place of some candidates, by the score that counts for each; lower comes first."""
        return np.where(by_exam, self.by_exam[row], self.by_filing[row])


def terms_of(plan: Plan, rules: RoundRules, codes: Sequence[str] = ()) -> Terms:
    """The rules of every unit: the round's own, and the exceptions of the units that have some.

    codes (k,): the majors' codes, needed where a unit has its own adjust order. What speaks of a
    unit or a major that is not in the plan orders nothing; `importers.own_rules` finds such.
    """
    m = len(plan.keys)
    kinds: list[MajorRule] = [rules.major_rule]
    terms = Terms(
        all_filed=np.full(m, rules.scope == "filed"),
        refill=np.full(m, _refilling(rules.refill), np.uint8),
        by_exam=np.full(m, rules.major_score == "exam"),
        rule=np.zeros(m, np.int16),
        rules=(),
        adjusting=adjust_order(plan, rules, codes),
    )
    place = {key: unit for unit, key in enumerate(plan.keys)} if rules.units else {}
    for key, own in rules.units.items():
        if key in place:
            _except(terms, place[key], own)
            if own.major_rule is not None:
                if own.major_rule not in kinds:
                    kinds.append(own.major_rule)
                terms.rule[place[key]] = kinds.index(own.major_rule)
    columns = {field.name: getattr(terms, field.name) for field in fields(terms)}
    return Terms(**columns | {"rules": tuple(kinds)})


def _except(terms: Terms, unit: int, own: UnitRules) -> None:
    if own.scope is not None:
        terms.all_filed[unit] = own.scope == "filed"
    if own.refill is not None:
        terms.refill[unit] = _refilling(own.refill)
    if own.major_score is not None:
        terms.by_exam[unit] = own.major_score == "exam"


def adjust_order(plan: Plan, rules: RoundRules, codes: Sequence[str]) -> Int:
    """(k,) int32: each unit's majors as the adjusted take them; plan order unless it says other.

    Raises:
        ValueError: a unit of the plan has an order of its own and `codes` are not the majors'.
    """
    order = np.arange(len(plan.major_unit), dtype=np.int32)
    for key, unit in _own(plan, {key: bool(own.adjust_order) for key, own in rules.units.items()}):
        here = _majors_by_code(plan, unit, codes)
        named = [here[code] for code in rules.units[key].adjust_order if code in here]
        rest = [major for major in here.values() if major not in named]
        order[plan.majors_of(unit)] = named + rest
    return order


def with_extra_seats(plan: Plan, rules: RoundRules, codes: Sequence[str]) -> Plan:
    """The plan to admit by: what was published, and the seats that the office added to it.

    They are filed for and placed in like any other seat, so plan + added - admitted = unfilled.
    RULES.md 5.5, 5.6. codes (k,): the majors' codes; errors as in `adjust_order`.
    """
    seats, quota = plan.seats.copy(), plan.major_quota.copy()
    for key, unit in _own(plan, {key: bool(own.extra_seats) for key, own in rules.units.items()}):
        here = _majors_by_code(plan, unit, codes)
        for extra in rules.units[key].extra_seats:
            if extra.major_code in here:
                seats[unit] += extra.count
                quota[here[extra.major_code]] += extra.count
    return replace(plan, seats=seats, major_quota=quota)


def _own(plan: Plan, has: Mapping[UnitKey, bool]) -> list[tuple[UnitKey, int]]:
    """The units of the plan, with their index, for which `has` is true."""
    if not any(has.values()):
        return []
    return [(key, unit) for unit, key in enumerate(plan.keys) if has.get(key)]


def _majors_by_code(plan: Plan, unit: int, codes: Sequence[str]) -> dict[str, int]:
    """Where each major of a unit is in the plan's columns, in plan order."""
    if len(codes) != len(plan.major_unit):
        raise ValueError("a unit has rules of its own majors, and the majors' codes are not given")
    here = plan.majors_of(unit)
    return {codes[major]: major for major in range(here.start, here.stop)}


def _refilling(word: str) -> Refilling:
    return Refilling[word.upper()]


def tie_ranks(roll: Roll, tie_keys: Int | None = None, draw: Draw | None = None) -> Ties:
    """What decides between equals, from the columns that `make_roll` was given.

    tie_keys (n, j) int32, first key first, higher wins; draw (n,) uint64, lower wins; both in the
    caller's order, as there. Without a draw those equal on every key keep the roll's order.
    """
    n = len(roll)
    keys = np.empty((n, 0), np.int32) if tie_keys is None else tie_keys[roll.ident]
    lots = np.arange(n, dtype=np.uint64) if draw is None else draw[roll.ident]
    better_first = [-column.astype(np.int64) for column in keys.T]
    ranking = np.lexsort([lots, *reversed(better_first)])
    level, order = np.zeros(n, np.int32), np.empty(n, np.int32)
    order[ranking] = np.arange(n, dtype=np.int32)
    if better_first:
        level[ranking] = np.cumsum(run_starts(*(column[ranking] for column in better_first)))
    return Ties(level, order)


def precedence(roll: Roll, terms: Terms, ties: Ties) -> Precedence:
    """The order by filing score is the roll's; by exam score it is sorted, where a unit needs it."""
    by_filing = np.arange(len(roll), dtype=np.int32)
    if not terms.by_exam.any():
        return Precedence(by_filing, by_filing)
    by_exam = np.empty_like(by_filing)
    by_exam[np.lexsort((ties.order, -roll.exam))] = by_filing
    return Precedence(by_filing, by_exam)


def priorities(
    lists: Wishes, roll: Roll, row: Index | Int, terms: Terms, order: Precedence, ties: Ties
) -> Priorities:
    """The priority of each wish at its major, (w,) int64, lower wins: every major rule in one pass.

    lists: majors, of f candidates. row (f,) of the roll; terms: of the unit of each, (f,) columns.

    Score first: the candidate's place. Major first: the wish's rank, then the place. Graded: see
    `_graded`. Two rules never meet at one major, so their scales need not agree. RULES.md 5.2.
    """
    owner = lists.owner
    priority = order.of(row, terms.by_exam)[owner].astype(np.int64)
    for number, rule in enumerate(terms.rules):
        here = np.flatnonzero(terms.rule[owner] == number)
        if rule == "major_first":
            priority[here] += lists.rank[here] * np.int64(len(roll))
        elif isinstance(rule, GradedSteps):
            who = owner[here]
            at = row[who].astype(np.intp)
            score = np.where(terms.by_exam[who], roll.exam[at], roll.filing[at])
            priority[here] = _graded(score, points_off(rule, lists.rank[here]), at, ties)
    return priority


def merits(
    lists: Wishes, roll: Roll, row: Index | Int, terms: Terms, ties: Ties
) -> tuple[NDArray[np.integer], ...]:
    """All that a wish is judged by before the draw, as columns (w,); arguments as `priorities`.

    Score, tie-break keys, and what an earlier choice is worth: two wishes at one major that are
    equal in each are told apart by the draw alone.
    """
    owner = lists.owner
    at = row[owner].astype(np.intp)
    score = np.where(terms.by_exam[owner], roll.exam[at], roll.filing[at])
    worth = np.zeros(len(owner), np.int64)
    for number, rule in enumerate(terms.rules):
        here = np.flatnonzero(terms.rule[owner] == number)
        if rule == "major_first":
            worth[here] = lists.rank[here]
        elif isinstance(rule, GradedSteps):
            worth[here] = points_off(rule, lists.rank[here])
    return score, ties.level[at], worth


def _graded(score: Int, off: Milli, row: Index | Int, ties: Ties) -> Priorities:
    """The place of each wish by score less points off, tie-break keys, earlier choice, draw; (w,)."""
    place = np.empty(len(score), np.int64)
    place[np.lexsort((ties.order[row], off, ties.level[row], off - score))] = np.arange(len(score))
    return place


def points_off(rule: GradedSteps, rank: Index) -> Milli:
    """G_k of each choice, (w,) int64 thousandths: the sum of the steps so far, the last sum kept.

    rank (w,), 0 the first choice.
    """
    sums = np.cumsum(np.array(rule.steps, np.int64))
    off: Milli = sums[np.minimum(rank, len(sums) - 1)]
    return off
