"""Filing and placement: who is sent to a unit, and which major each of them gets. RULES.md 5.

One pass over (candidate, major, priority) serves every major rule; refilling is another, in the
order of the line. All units are handled at once. Conservation is checked on every result.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .book import NO_MAJOR, NO_UNIT, Book, Index, Int, Mask, Plan, Roll
from .draws import cut_by_draw, lost_by_draw, shared_unequally
from .groups import group_rows
from .matching import (
    NO_WISH,
    Wishes,
    deferred_acceptance,
    places,
    spans,
    wishes_by_owner,
    wishes_of,
)
from .outcomes import NO_FORM, Forms, Outcome, Placement, Reason, check_conservation
from .standing import standings
from .terms import Precedence, Refilling, Terms, Ties, merits, precedence, priorities

Scalar = TypeVar("Scalar", bound=np.generic)


def file_and_place(plan: Plan, roll: Roll, forms: Forms, terms: Terms, ties: Ties) -> Placement:
    """File by score, place in majors, adjust, refill: a round in which everybody has one choice.

    The first `due` of each unit are filed with every tie at the line; of a strict unit exactly
    `due` by the roll's order. RULES.md 5.1-5.5.
    """
    if np.any(forms.row[1:] <= forms.row[:-1]):
        raise ValueError("choices are not by row, or a candidate has more than one")
    unit = np.full(len(roll), NO_UNIT, np.int32)
    unit[forms.row] = forms.unit
    now = standings(Book(plan, roll, unit, np.full(len(roll), NO_MAJOR, np.int32)))
    return place_filed(plan, roll, forms, now.inside_line, terms, ties)


def place_filed(
    plan: Plan, roll: Roll, forms: Forms, filed: Mask, terms: Terms, ties: Ties
) -> Placement:
    """Place the filed in majors, adjust, refill. RULES.md 5.2-5.4.

    forms: one of each candidate at most; the one by which the candidate is, or would be, filed.
    filed (n,) bool, the candidates sent to the unit of their form.
    """
    desk = _Desk(plan, roll, forms, filed[forms.row], terms)
    order = precedence(roll, terms, ties)
    scope = desk.scope()
    desk.place(scope, order, ties)
    desk.adjust(scope, order, ties)
    desk.refill()
    result = desk.result()
    check_conservation(plan, result)
    return result


class _Desk:
    """One placement while it is made; columns (c,) aligned with the forms, free (k,)."""

    def __init__(self, plan: Plan, roll: Roll, forms: Forms, filed: Mask, terms: Terms) -> None:
        c = len(forms.row)
        self.plan, self.roll, self.forms, self.terms, self.filed = plan, roll, forms, terms, filed
        self.free = plan.major_quota.copy()
        self.major = np.full(c, NO_MAJOR, np.int32)
        self.position = np.zeros(c, np.int16)
        below = np.where(plan.seats[forms.unit] > 0, Reason.BELOW_LINE, Reason.NO_PLAN)
        self.reason = np.where(filed, np.uint8(Reason.BEYOND_PLAN), below.astype(np.uint8))
        self.by_draw = self._cut(filed)

    def scope(self) -> Index:
        """Who is placed: the top `plan` of each unit's filed, or all of them; (f,) forms."""
        unit = self.forms.unit
        lists = group_rows(np.where(self.filed, unit, np.int32(-1)), len(self.plan.keys))
        place = np.arange(len(lists.order)) - lists.first
        whole = np.repeat(self.terms.all_filed[lists.group], lists.size)
        scope = np.sort(lists.order[whole | (place < lists.each(self.plan.seats))])
        within = np.zeros(len(unit), np.bool_)
        within[scope] = True
        self.by_draw |= self._cut(within)
        return scope

    def place(self, scope: Index, order: Precedence, ties: Ties) -> None:
        """Give every candidate in scope the best listed major that their priority reaches."""
        lists = wishes_of(self.forms.majors[scope])
        row, unit = self.forms.row[scope], self.forms.unit[scope]
        terms = self.terms.of(unit)
        priority = priorities(lists, self.roll, row, terms, order, ties)
        granted = deferred_acceptance(lists, priority, self.free)
        merit = merits(lists, self.roll, row, terms, ties)
        self.by_draw[scope] |= lost_by_draw(lists, granted, priority, of_wish=merit)
        self.reason[scope] = np.where(
            self.forms.accepts_adjustment[scope], Reason.NOTHING_LEFT, Reason.DECLINES_ADJUSTMENT
        )
        got = granted != NO_WISH
        rank = granted[got] - lists.start[:-1][got]
        self.admit(scope[got], lists.target[granted[got]], rank + 1, Reason.LISTED)

    def adjust(self, scope: Index, order: Precedence, ties: Ties) -> None:
        """The unplaced who accept it take the free majors of their unit in its adjust order."""
        who = scope[(self.major[scope] == NO_MAJOR) & self.forms.accepts_adjustment[scope]]
        unit = self.forms.unit[who]
        place = order.of(self.forms.row[who], self.terms.by_exam[unit])
        who = who[np.lexsort((place, unit))]
        unit = self.forms.unit[who]
        majors = self.terms.adjusting
        left = np.repeat(majors, self.free[majors])
        bounds = np.searchsorted(self.plan.major_unit[left], np.arange(len(self.plan.keys) + 1))
        seat = bounds[unit] + places(unit)
        lucky = seat < bounds[unit + 1]
        given = np.append(left, np.int32(NO_MAJOR))[np.where(lucky, seat, -1)]
        row = self.forms.row[who]
        score = np.where(self.terms.by_exam[unit], self.roll.exam[row], self.roll.filing[row])
        self.by_draw[who] |= shared_unequally(given, unit, score, ties.level[row])
        self.admit(who[lucky], left[seat[lucky]], 0, Reason.ADJUSTED)

    def refill(self) -> None:
        """The next in line, one by one, until a unit is full or its line exhausted.

        Each takes the first listed major that is free, or is adjusted to the first free one: a
        serial dictatorship over lists to which the free majors are added.
        """
        unit = self.forms.unit
        room = self._room()
        kind = np.where(room > 0, self.terms.refill, np.uint8(Refilling.NEXT_ROUND))[unit]
        beyond = self.reason == Reason.BEYOND_PLAN
        line = np.flatnonzero(
            ((kind != Refilling.NEXT_ROUND) & beyond) | ((kind == Refilling.CASCADE) & ~self.filed)
        )
        if not len(line):
            return
        lists = self._extended(line)
        granted = deferred_acceptance(lists, lists.owner.astype(np.int64), self.free)
        got = granted != NO_WISH
        nth = _counts_before(unit[line], got)
        asked = nth < room[unit[line]]
        tried = line[asked]
        self.reason[tried] = np.where(
            self.forms.accepts_adjustment[tried], Reason.NOTHING_LEFT, Reason.DECLINES_ADJUSTMENT
        )
        self.filed[tried] = True
        got &= asked
        self.by_draw[line] = self._lost_in_line(line, lists, np.where(got, granted, NO_WISH), asked)
        rank = granted[got] - lists.start[:-1][got]
        listed = np.count_nonzero(self.forms.majors[line[got]] != NO_MAJOR, axis=1)
        position = np.where(rank < listed, rank + 1, 0)
        self.admit(line[got], lists.target[granted[got]], position, Reason.REFILLED)

    def admit(self, who: Index, major: Int, position: Index | int, reason: Reason) -> None:
        """Write an admission of each of some forms."""
        self.major[who] = major
        self.position[who] = position
        self.reason[who] = reason
        self.free -= np.bincount(major, minlength=len(self.free)).astype(np.int32)

    def result(self) -> Placement:
        """The placement, spread over the roll."""
        row, n = self.forms.row, len(self.roll)
        admitted = self.major != NO_MAJOR
        outcome = np.where(self.filed, np.uint8(Outcome.REJECTED), np.uint8(Outcome.NOT_FILED))
        outcome[admitted] = Outcome.ADMITTED
        return Placement(
            outcome=_spread(outcome, row, n, Outcome.NONE),
            reason=_spread(self.reason, row, n, Reason.NONE),
            form=_spread(np.arange(len(row), dtype=np.int32), row, n, NO_FORM),
            unit=_spread(self.forms.unit, row, n, NO_UNIT),
            major=_spread(self.major, row, n, NO_MAJOR),
            major_position=_spread(self.position, row, n, 0),
            admitted=self.plan.major_quota - self.free,
            unfilled=self.free,
            by_draw=_spread(self.by_draw, row, n, 0),
        )

    def _cut(self, taken: Mask) -> Mask:
        """(c,) whom a line through a tie left out, in the order of the roll."""
        tie_class = self.roll.tie_class[self.forms.row]
        return cut_by_draw(self.forms.unit, tie_class, taken, len(self.plan.keys))

    def _lost_in_line(self, line: Index, lists: Wishes, granted: Index, asked: Mask) -> Mask:
        """(a,) who of the line stood behind an equal when a seat, or a better one, was given."""
        tie_class, unit = self.roll.tie_class[self.forms.row[line]], self.forms.unit[line]
        got = granted != NO_WISH
        behind = lost_by_draw(lists, granted, of_owner=(tie_class,))
        left_out = cut_by_draw(unit, tie_class, got, len(self.plan.keys))
        return np.where(got, behind, self.by_draw[line] | (behind & asked) | (left_out & ~asked))

    def _room(self) -> Int:
        """(m,) how many more each unit may admit: seats of its plan, and of its majors."""
        m, of = len(self.plan.keys), self.plan.major_unit
        admitted = np.bincount(self.forms.unit[self.major != NO_MAJOR], minlength=m)
        free = np.bincount(of, weights=self.free, minlength=m).astype(np.int64)
        room: Int = np.minimum(self.plan.seats - admitted, free).astype(np.int32)
        return room

    def _extended(self, line: Index) -> Wishes:
        """The majors that some forms list, and then, where they accept it, the free ones."""
        listed = wishes_of(self.forms.majors[line])
        free = self.terms.adjusting[self.free[self.terms.adjusting] > 0]
        unit = self.forms.unit[line]
        bounds = np.searchsorted(self.plan.major_unit[free], np.arange(len(self.plan.keys) + 1))
        length = np.diff(bounds)[unit] * self.forms.accepts_adjustment[line]
        owner = np.concatenate([listed.owner, np.repeat(np.arange(len(line)), length)])
        major = np.concatenate([listed.target, free[spans(bounds[unit], length)]])
        order = np.argsort(owner, kind="stable")
        return wishes_by_owner(owner[order], major[order], len(line))


def _counts_before(group: Int, counted: Mask) -> Index:
    """(a,) intp: how many of the same group are counted before each, in the order given."""
    order = np.argsort(group, kind="stable")
    total = np.cumsum(counted[order], dtype=np.intp) - counted[order]
    place = places(group[order])
    before = np.empty(len(group), np.intp)
    before[order] = total - total[np.arange(len(group)) - place]
    return before


def _spread(value: NDArray[Scalar], row: Int, n: int, nothing: int) -> NDArray[Scalar]:
    """(n,): a value of each form on its row of the roll; `nothing` elsewhere."""
    spread = np.full(n, nothing, value.dtype)
    spread[row] = value
    return spread
