"""The certainty interval: what of a candidate's final rank is already decided. RULES.md 3.

Higher scores lock first, so those who may still change are a stretch of the roll: everything below
the locked and above the candidate. Facts only: no probability, no advice. It holds while plan and
ratio stay fixed, and says nothing of the exam-score order of majors.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .book import NO_UNIT, Book, Index, Int
from .standing import Standings

Verdicts: TypeAlias = NDArray[np.uint8]
Keys: TypeAlias = NDArray[np.int64]


class Verdict(IntEnum):
    """Whether the filing line is decided for a candidate who stays."""

    NONE = 0
    SAFE = 1
    OUT = 2
    OPEN = 3


VERDICT_NAMES = ("", "safe", "out", "open")
"""By Verdict: the name used on the wire; NONE has none."""


@dataclass(frozen=True, slots=True)
class Gates:
    """What can no longer happen in a round. RULES.md 4.

    Attributes:
        locked_from: every candidate of this filing score (thousandths) or more is locked; None:
            nobody is.
        creation_closed: the create lock has passed; who holds no choice files none any more.
    """

    locked_from: int | None
    creation_closed: bool


@dataclass(frozen=True, slots=True)
class Outlook:
    """Everybody's certainty interval; (n,) each, aligned with the roll, 0 where no choice is held.

    Attributes:
        best: int32 the best final rank still possible, 1 + locked_above.
        worst: int32 the worst, 1 + locked_above + open_above.
        locked_above: int32 locked applicants of the unit with a higher score.
        open_above: int32 candidates with a higher score who are not locked and may still sit there.
        verdict: uint8, a Verdict: about the filing line, not about the plan.
    """

    best: Int
    worst: Int
    locked_above: Int
    open_above: Int
    verdict: Verdicts


class OneOutlook(NamedTuple):
    """One candidate's certainty interval in one unit, held or supposed; names as in Outlook."""

    best: int
    worst: int
    locked_above: int
    open_above: int
    verdict: Verdict


class Places(NamedTuple):
    """Which strict units' applicants, and the best and worst place the tie-break leaves them."""

    row: Index
    best: Int
    worst: Int


def outlook(book: Book, now: Standings, gates: Gates) -> Outlook:
    """Everybody's certainty interval and verdict. RULES.md 3.

    `now` is standings(book). Bounds are per level and per unit, so the cost is a few passes.
    """
    roll = book.roll
    lock = locked_rows(book, gates)
    holds = book.unit != NO_UNIT
    locked = _per_unit(book.unit[:lock], len(book.plan.keys))
    locked_above = np.minimum(np.maximum(now.rank - 1, 0), locked[book.unit])
    open_above = np.where(holds, _open_above_level(book, gates, lock)[roll.level], np.int32(0))
    best = locked_above + holds
    worst = best + open_above
    due = np.append(now.due, np.int32(0))[book.unit]
    verdict = np.where(holds, _verdicts(best, worst, due), np.uint8(Verdict.NONE))
    if book.plan.strict.any():
        strict = _strict_places(book, gates, best, worst)
        verdict[strict.row] = _verdicts(strict.best, strict.worst, due[strict.row])
    return Outlook(best, worst, locked_above, open_above, verdict)


def outlook_of(seen: Outlook, row: int) -> OneOutlook:
    """What `seen` says of the candidate in `row`, who holds a choice."""
    return OneOutlook(
        best=int(seen.best[row]),
        worst=int(seen.worst[row]),
        locked_above=int(seen.locked_above[row]),
        open_above=int(seen.open_above[row]),
        verdict=Verdict(seen.verdict[row]),
    )


def locked_rows(book: Book, gates: Gates) -> int:
    """How many rows of the roll are locked; they are the first, since higher scores lock first."""
    if gates.locked_from is None:
        return 0
    ascending = book.roll.filing[::-1]
    return len(ascending) - int(np.searchsorted(ascending, gates.locked_from))


def _per_unit(unit: Int, units: int) -> Int:
    """(m + 1,) int32 how many rows hold each unit; the last, index -1, is a 0 for NO_UNIT."""
    count = np.bincount(unit + 1, minlength=units + 1).astype(np.int32)
    return np.append(count[1:], np.int32(0))


def _open_above_level(book: Book, gates: Gates, lock: int) -> Int:
    """(l,) int32: for each level, the unlocked of its track with a higher score who may still sit.

    Whoever is locked has nobody unlocked above.
    """
    roll = book.roll
    level = roll.level[lock:]
    if gates.creation_closed:
        level = level[book.unit[lock:] != NO_UNIT]
    count = np.bincount(level, minlength=len(roll.level_track))
    higher = np.cumsum(count) - count
    first_of_track = np.searchsorted(roll.level_track, roll.level_track)
    return (higher - higher[first_of_track]).astype(np.int32)


def _verdicts(best: Int, worst: Int, due: Int) -> Verdicts:
    """SAFE when even the worst is due, OUT when not even the best is, else OPEN."""
    verdict = np.full(len(best), Verdict.OPEN, np.uint8)
    verdict[best > due] = Verdict.OUT
    verdict[worst <= due] = Verdict.SAFE
    return verdict


def _strict_places(book: Book, gates: Gates, best: Int, worst: Int) -> Places:
    """The places that equal scores leave in strict units, which file exactly `due`.

    An equal score of a better tie class beats for certain once locked; one of the same class may,
    as the draw decides; neither need be there while unlocked. RULES.md 3, 5.5.
    """
    roll = book.roll
    lock = locked_rows(book, gates)
    row = np.flatnonzero(np.append(book.plan.strict, np.False_)[book.unit])
    best, worst = best[row], worst[row]
    fixed = int(np.searchsorted(row, lock))

    held = _class_keys(book.unit[row], roll.tie_class[row])
    held.sort()
    own = _class_keys(book.unit[row[:fixed]], roll.tie_class[row[:fixed]])
    list_first = np.searchsorted(held, _class_keys(book.unit[row[:fixed]], np.int32(0)))
    best[:fixed] = np.searchsorted(held, own) - list_first + 1
    worst[:fixed] = np.searchsorted(held, own, side="right") - list_first

    movable = np.arange(lock, len(roll))
    if gates.creation_closed:
        movable = movable[book.unit[lock:] != NO_UNIT]
    free = _class_keys(roll.level[movable], roll.tie_class[movable])
    free.sort()
    own = _class_keys(roll.level[row[fixed:]], roll.tie_class[row[fixed:]])
    level_first = np.searchsorted(free, _class_keys(roll.level[row[fixed:]], np.int32(0)))
    worst[fixed:] += (np.searchsorted(free, own, side="right") - level_first - 1).astype(np.int32)
    return Places(row, best, worst)


def _class_keys(group: Int, tie_class: Int | np.int32) -> Keys:
    """(n,) int64 sorting by group, then tie class."""
    return (group.astype(np.int64) << 32) + tie_class
