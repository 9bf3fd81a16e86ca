"""What of a unit is disclosed with a publication and never live: the score ladder and the moves.

Both go into the published table and are read from nowhere else, so that page, API and export can
show no other figures than those of the last publication.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from typing_extensions import TypedDict

from ranking.book import NO_UNIT, Int
from ranking.ladder import Ladder, bands, moves, score_ladder
from ranking.rules import UnitKey
from ranking.scores import MILLI, score_number
from service.board import RoundBoard
from service.shapes import LadderStep, PublishedRow, StatisticsRow, StatisticsView

BAND_WIDTH = 10 * MILLI
BAND_TOP = 1000 * MILLI
"""Bands of ten points from here down, the same for every unit; higher scores join the highest."""


def disclosed_rows(
    one: RoundBoard,
    rows: Sequence[StatisticsRow],
    as_of: str,
    last: StatisticsView | None,
    moved: Iterable[tuple[int | None, int | None]],
) -> list[PublishedRow]:
    """The rows of all units, each with its ladder and its moves.

    rows: of all units, in the order of the terms, true at `as_of`. last: the publication before,
    whose ladders the new ones are no finer than. moved: (unit id before, unit id after) of every
    choice since.
    """
    before = {} if last is None else {_key(row): row for row in last["items"]}
    pairs = list(moved)
    here = [np.array([_index(one, pair[k]) for pair in pairs], np.int32) for k in (0, 1)]
    flow = moves(here[0], here[1], len(one.terms.units))
    low = bands(BAND_TOP, BAND_WIDTH)
    by_unit = np.argsort(one.book.unit, kind="stable")
    ends = np.searchsorted(one.book.unit[by_unit], np.arange(len(one.terms.units) + 1))
    return [
        {
            **row,
            "entered": int(flow.entered[n]),
            "left": int(flow.left[n]),
            **_laddered(
                one.book.roll.filing[by_unit[ends[n] : ends[n + 1]]],
                low,
                as_of,
                before.get(_key(row)),
                int(flow.left[n]),
            ),
        }
        for n, row in enumerate(rows)
    ]


class _Laddered(TypedDict):
    ladder: list[LadderStep]
    ladder_as_of: str
    left_since_ladder: int


def _laddered(
    scores: Int, low: Int, as_of: str, before: PublishedRow | None, left: int
) -> _Laddered:
    """A unit's new ladder, or the one before again where a new one would tell a small range."""
    if before is None:
        return _new(score_ladder(scores, low), as_of)
    held = _ladder(before["ladder"])
    left += before["left_since_ladder"]
    made = score_ladder(scores, low, before=held, left=left)
    if made is not held:
        return _new(made, as_of)
    return {
        "ladder": before["ladder"],
        "ladder_as_of": before["ladder_as_of"],
        "left_since_ladder": left,
    }


def _new(ladder: Ladder, as_of: str) -> _Laddered:
    steps: list[LadderStep] = [
        {"low": score_number(low), "count": count}
        for low, count in zip(ladder.low.tolist(), ladder.count.tolist(), strict=True)
    ]
    return {"ladder": steps, "ladder_as_of": as_of, "left_since_ladder": 0}


def _key(row: StatisticsRow) -> UnitKey:
    return UnitKey(row["institution_code"], row["track"], row["plan_nature"])


def _index(one: RoundBoard, unit_id: int | None) -> int:
    """A unit's place in the plan; one that is no longer in it counts as none."""
    return NO_UNIT if unit_id is None else one.unit_index.get(unit_id, NO_UNIT)


def _ladder(steps: Sequence[LadderStep]) -> Ladder:
    """A published ladder again; its bounds are whole bands, so nothing is lost by the numbers."""
    low = [round(step["low"] * MILLI) for step in steps]
    return Ladder(np.array(low, np.int32), np.array([s["count"] for s in steps], np.int32))
