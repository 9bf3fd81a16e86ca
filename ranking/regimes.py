"""A whole round under its regime: dynamic ranking, parallel choice, or sequential choice.

Every regime files in its own way and then places with the same code. RULES.md 5; CONTRACT.md 2.
"""

from dataclasses import replace

import numpy as np

from .book import NO_MAJOR, NO_UNIT, Index, Int, Mask, Plan, Roll, due_seats
from .draws import lost_by_draw
from .matching import NO_WISH, Wishes, serial_dictatorship, wishes_by_owner
from .outcomes import NO_FORM, Forms, Outcome, Placement, Reason, check_conservation
from .placement import file_and_place, place_filed
from .rules import Regime
from .terms import Refilling, Terms, Ties


def admit(
    regime: Regime, plan: Plan, roll: Roll, forms: Forms, terms: Terms, ties: Ties
) -> Placement:
    """Everybody's outcome, and what is unfilled.

    Dynamic: everybody has one choice. Parallel: each is filed to the first choice that still has
    room, in the roll's order. Sequential: first choices first, then second ones on what is left.

    Raises:
        ValueError: under the dynamic regime a candidate has several choices, or `forms` is not by
            row.
    """
    if regime == "dynamic":
        return file_and_place(plan, roll, forms, terms, ties)
    if np.any(forms.row[1:] < forms.row[:-1]):
        raise ValueError("choices are not by row")
    run = _Round(plan, roll, forms)
    if regime == "parallel":
        run.parallel(terms, ties)
    else:
        run.sequential(terms, ties)
    result = run.result
    check_conservation(plan, result)
    return result


class _Round:
    """Passes of filing and placing, each on what the one before left."""

    def __init__(self, plan: Plan, roll: Roll, forms: Forms) -> None:
        n = len(roll)
        self.plan, self.roll, self.forms = plan, roll, forms
        self.result = Placement(
            outcome=np.zeros(n, np.uint8),
            reason=np.zeros(n, np.uint8),
            form=np.full(n, NO_FORM, np.int32),
            unit=np.full(n, NO_UNIT, np.int32),
            major=np.full(n, NO_MAJOR, np.int32),
            major_position=np.zeros(n, np.int16),
            admitted=np.zeros_like(plan.major_quota),
            unfilled=plan.major_quota,
            by_draw=np.zeros(n, np.bool_),
        )
        self.bounds = np.searchsorted(forms.row, np.arange(n + 1, dtype=np.int32))
        chose = self.bounds[1:] > self.bounds[:-1]
        self.result.outcome[chose] = Outcome.NOT_FILED
        self.result.reason[chose] = Reason.NO_ROOM

    def parallel(self, terms: Terms, ties: Ties) -> None:
        """File in the roll's order to the first choice with room; strict in every unit.

        Where the refill is a cascade, seats that nobody was placed in are offered again to those
        not yet filed, until no seat or nobody is left.
        """
        self._file_parallel(due_seats(self.plan.seats, self.plan.ratio), terms, ties)
        again = replace(terms, refill=np.zeros_like(terms.refill))
        cascade = terms.refill == Refilling.CASCADE
        while cascade.any():
            left = self._left()
            free = np.bincount(left.major_unit, left.major_quota, len(left.keys)).astype(np.int32)
            room = np.where(cascade, np.minimum(left.seats, free), np.int32(0))
            if not self._file_parallel(room, again, ties):
                return

    def sequential(self, terms: Terms, ties: Ties) -> None:
        """File and place all first choices, then the second ones of the rest, and so on."""
        for which in _by_position(self.forms.position):
            left = self._left()
            waiting = self.result.outcome[self.forms.row[which]] != Outcome.ADMITTED
            asking = which[waiting & (left.seats[self.forms.unit[which]] > 0)]
            if len(asking):
                forms = self.forms.take(asking)
                self._add(file_and_place(left, self.roll, forms, terms, ties), asking)

    def _file_parallel(self, room: Int, terms: Terms, ties: Ties) -> bool:
        """One pass over those not filed yet; whether anybody was."""
        lists, mine = self._still_waiting()
        granted = serial_dictatorship(lists, room)
        behind = lost_by_draw(lists, granted, of_owner=(self.roll.tie_class,))
        self.result.by_draw[:] |= behind
        which = granted[granted != NO_WISH]
        if mine is not None:
            which = mine[which]
        if len(which):
            filed = granted != NO_WISH
            forms = self.forms.take(which)
            self._add(place_filed(self._left(), self.roll, forms, filed, terms, ties), which)
        return len(which) > 0

    def _still_waiting(self) -> tuple[Wishes, Index | None]:
        """The units that those not filed yet chose, and which forms these are; None: all of them."""
        done = self.result.outcome > Outcome.NOT_FILED
        if not done.any():
            return Wishes(self.bounds, self.forms.unit), None
        mine = np.flatnonzero(~done[self.forms.row])
        return wishes_by_owner(self.forms.row[mine], self.forms.unit[mine], len(self.roll)), mine

    def _left(self) -> Plan:
        """The plan of what is unfilled."""
        done = self.result
        m = len(self.plan.keys)
        taken = np.bincount(self.plan.major_unit, done.admitted, m).astype(np.int32)
        seats = np.maximum(self.plan.seats - taken, 0)
        return replace(self.plan, seats=seats, major_quota=done.unfilled)

    def _add(self, more: Placement, which: Index) -> None:
        """Take over a pass on some forms wherever it brought a candidate further than before."""
        done = self.result
        further: Mask = more.outcome > done.outcome
        for name in ("outcome", "reason", "unit", "major", "major_position"):
            getattr(done, name)[further] = getattr(more, name)[further]
        done.by_draw[:] |= more.by_draw
        done.form[further] = which[more.form[further]]
        admitted = done.admitted + more.admitted
        self.result = replace(done, admitted=admitted, unfilled=self.plan.major_quota - admitted)


def _by_position(position: Int) -> list[Index]:
    """The forms of each position there is, first ones first, each in their order."""
    small = position.max(initial=0) < 1 << 15
    order = np.argsort(position.astype(np.int16) if small else position, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(position[order])) + 1)
