"""What the public may see of a unit beyond its lines: a banded score ladder, and moves in and out.

A ladder's cells are ranges of bands, each of at least `smallest` applicants. Nothing is blanked
out: a small band is only ever shown inside a larger range, so that a total gives nothing away.

Why nobody is exposed. Bands are the same for everybody and do not follow the data. Ranges are cut from
the top as soon as they are large enough, and the rest joins the last one: of a range of S, the bands
above its last may hold any number below `smallest` in sum, so no single band is known. A later
ladder of the same unit is cut only where the one before was; put side by side, and with every move
in between known, the two still tell sums over the earlier ranges and nothing finer.

One thing a pair could tell: that a range was joined to its neighbour says that it fell below
`smallest`, and where exactly as many left the unit as that takes, it says how many are in it. So no
new ladder is shown at such a moment, which is judged by what is public already: the ladder before,
and how many left. tests/ranking/test_ladder.py tries every world that two tables leave possible.
"""

from dataclasses import dataclass

import numpy as np

from .book import NO_UNIT, Index, Int

SMALLEST = 10
"""The smallest cell that may be published, unless the office decides otherwise."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """Ranges of filing scores from the top, r of them; none at all where too few apply.

    Attributes:
        low: (r,) int32 thousandths, the lowest score in each range; descending.
        count: (r,) int32 applicants in each, `smallest` or more.
    """

    low: Int
    count: Int


@dataclass(frozen=True, slots=True)
class Moves:
    """How many came to and went from each unit in a window, (m,) int32."""

    entered: Int
    left: Int


def bands(top: int, width: int) -> Int:
    """The lowest score of each band, (b,) int32 descending to 0; all in thousandths."""
    return np.arange(top // width * width, -1, -width, dtype=np.int32)


def score_ladder(
    scores: Int,
    low: Int,
    smallest: int = SMALLEST,
    before: Ladder | None = None,
    left: int = 0,
) -> Ladder:
    """The ladder of one unit.

    Args:
        scores: (a,) int32 filing scores of its applicants, thousandths.
        low: (b,) int32 the lowest score of each band, descending to 0; the same for every unit.
        smallest: the smallest cell.
        before: the ladder last published of this unit in this round; the new one is no finer,
            unless that was empty.
        left: how many left the unit since `before` was made; where that would tell a small range,
            `before` is returned once more.
    """
    if before is not None and len(before.low):
        if np.any(before.count - left == smallest - 1):
            return before
        low = before.low
    if not len(low) or len(scores) < smallest:
        return Ladder(np.zeros(0, np.int32), np.zeros(0, np.int32))
    ends = _range_ends(_counts(scores, low), smallest)
    total = np.searchsorted(np.sort(-scores), -low[ends], side="right")
    return Ladder(low[ends], np.diff(total, prepend=0).astype(np.int32))


def moves(before: Int, after: Int, units: int) -> Moves:
    """Who came and who went, by unit.

    before, after (e,) int32 unit held, NO_UNIT for none, of the same candidate or the same event:
    two columns of a book give the net moves between two moments, the events of a window every move.
    """
    moved = before != after
    came, went = after[moved], before[moved]
    entered = np.bincount(came[came != NO_UNIT], minlength=units)
    left = np.bincount(went[went != NO_UNIT], minlength=units)
    return Moves(entered.astype(np.int32), left.astype(np.int32))


def _counts(scores: Int, low: Int) -> Index:
    """(b,) how many scores are in each band."""
    band = np.searchsorted(-low, -scores, side="left")
    return np.bincount(band, minlength=len(low))[: len(low)]


def _range_ends(counts: Index, smallest: int) -> list[int]:
    """The last band of each range: cut once large enough, the rest joining the last."""
    ends, held = [], 0
    for band, count in enumerate(counts.tolist()):
        held += count
        if held >= smallest:
            ends.append(band)
            held = 0
    return [*ends[:-1], len(counts) - 1] if ends else []
