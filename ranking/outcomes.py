"""What became of everybody: choices in, outcomes out, and the account that must balance.

RULES.md 5.6: plan - admitted = unfilled >= 0 per major, and nobody is admitted twice.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .book import NO_MAJOR, Index, Int, Mask, Plan, Roll
from .standing import NO_LINE

Codes: TypeAlias = NDArray[np.uint8]

NO_FORM = -1
"""In a placement's `form`: no choice of the candidate was reached."""


class Outcome(IntEnum):
    """What became of a candidate."""

    NONE = 0
    NOT_FILED = 1
    REJECTED = 2
    ADMITTED = 3


OUTCOME_NAMES = ("", "not_filed", "rejected", "admitted")
"""By Outcome: the name used in files; NONE, who holds no choice, has none."""


class Reason(IntEnum):
    """Why it became so."""

    NONE = 0
    NO_PLAN = 1
    BELOW_LINE = 2
    NO_ROOM = 3
    BEYOND_PLAN = 4
    DECLINES_ADJUSTMENT = 5
    NOTHING_LEFT = 6
    LISTED = 7
    ADJUSTED = 8
    REFILLED = 9


REASON_NAMES = tuple(reason.name.lower() if reason else "" for reason in Reason)
"""By Reason: the name used in files."""


class ConservationError(ArithmeticError):
    """A placement lost or made a seat, or admitted somebody twice: never published."""


@dataclass(frozen=True, slots=True)
class Forms:
    """All choices of a round, c of them, by row of the roll ascending, then in order of preference.

    Attributes:
        row: (c,) int32 row of the roll.
        position: (c,) int32 place on the candidate's form, 1 the first.
        unit: (c,) int32 index into the plan's units, of the candidate's own track.
        majors: (c, w) int32 indices into the plan's majors, all of that unit; NO_MAJOR after the last.
        accepts_adjustment: (c,) bool.
    """

    row: Int
    position: Int
    unit: Int
    majors: Int
    accepts_adjustment: Mask

    def take(self, which: Index | Mask) -> "Forms":
        """Some of the choices, in the same order."""
        return Forms(
            self.row[which],
            self.position[which],
            self.unit[which],
            self.majors[which],
            self.accepts_adjustment[which],
        )


@dataclass(frozen=True, slots=True)
class Placement:
    """The outcome of a round; n candidates aligned with the roll, k majors with the plan.

    Attributes:
        outcome: (n,) uint8, an Outcome.
        reason: (n,) uint8, a Reason.
        form: (n,) int32 the choice that the outcome is about, or NO_FORM.
        unit: (n,) int32 its unit, or NO_UNIT.
        major: (n,) int32 the major admitted to, or NO_MAJOR.
        major_position: (n,) int16 its place in the list of majors, 1 the first; 0 adjusted, or none.
        admitted: (k,) int32 of each major.
        unfilled: (k,) int32 seats left of each major.
        by_draw: (n,) bool, somebody equal on every key got what this candidate would rather have
            had: nothing but the draw told them apart. RULES.md 5.5.
    """

    outcome: Codes
    reason: Codes
    form: Int
    unit: Int
    major: Int
    major_position: NDArray[np.int16]
    admitted: Int
    unfilled: Int
    by_draw: Mask


def check_conservation(plan: Plan, placed: Placement) -> None:
    """Every seat is either taken by one admitted candidate or left over. RULES.md 5.6.

    Raises:
        ConservationError: it is not so, and the placement must not be used.
    """
    major = placed.major[placed.major != NO_MAJOR]
    holds = placed.outcome == Outcome.ADMITTED
    counted = np.bincount(major, minlength=len(plan.major_quota))
    if not np.array_equal(holds, placed.major != NO_MAJOR):
        raise ConservationError("who is admitted and who has a major are not the same")
    if not np.array_equal(counted, placed.admitted):
        raise ConservationError("the admitted of a major are not those who were given it")
    if not np.array_equal(plan.major_quota, placed.admitted + placed.unfilled):
        raise ConservationError("a major's plan is not what was admitted and what is unfilled")
    if np.any(placed.unfilled < 0):
        raise ConservationError("a major admitted more than its plan")
    if not np.array_equal(plan.major_unit[major], placed.unit[holds]):
        raise ConservationError("a candidate was admitted to a major of another unit")


def lowest_admitted(plan: Plan, roll: Roll, placed: Placement) -> Int:
    """The lowest filing score admitted to each major, (k,) int32 thousandths, or NO_LINE.

    Of a placement of the choices held now it is the projected one of the public statistics.
    """
    lowest = np.full(len(plan.major_quota), NO_LINE, np.int32)
    admitted = np.flatnonzero(placed.major != NO_MAJOR)
    # Rows descend in score, so what is written last is the lowest.
    lowest[placed.major[admitted]] = roll.filing[admitted]
    return lowest
