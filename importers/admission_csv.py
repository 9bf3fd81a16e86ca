"""Outcomes and seats left as CSV bytes, in the order and columns of CONTRACT 2.

The offline command and the service write them here, so that their bytes can be compared.
"""

from collections.abc import Iterator
from hashlib import sha256

import numpy as np

from importers.admission_files import FileRound
from importers.columns import text_order
from importers.csv_sheet import Cells, csv_lines, number_cells, table_of
from importers.csv_text import cell
from ranking.book import NO_UNIT, Index, run_starts
from ranking.outcomes import OUTCOME_NAMES, REASON_NAMES, Codes, Outcome, Placement
from ranking.rules import UnitKey

ADMISSIONS_HEADER = (
    "candidate_no,track,institution_code,plan_nature,outcome,major_code,major_position,reason"
)
UNFILLED_HEADER = "track,institution_code,plan_nature,major_code,quota,admitted,unfilled"
BY_DRAW = "_by_draw"
"""Added to the reason of whom nothing but the draw kept out."""

TOLD = (*REASON_NAMES, *(name + BY_DRAW for name in REASON_NAMES))
"""Reasons as the files name them."""

Head = tuple[str, str, str]


def admission_digest(admissions: bytes, unfilled: bytes) -> str:
    """SHA-256 of both files, each by its own digest: what an independent check compares."""
    return sha256(sha256(admissions).digest() + sha256(unfilled).digest()).hexdigest()


def told_reasons(placed: Placement) -> Codes:
    """(n,) places in TOLD of everybody's reason; a draw is told of those it kept out of something."""
    admitted = placed.outcome == Outcome.ADMITTED
    return placed.reason + np.where(admitted | ~placed.by_draw, 0, len(REASON_NAMES)).astype(
        np.uint8
    )


def admissions_csv(filed: FileRound, placed: Placement) -> Iterator[bytes]:
    """The outcome of all who made a choice, by unit, filing score and candidate number.

    Who was filed nowhere, under a regime of several choices, has no institution and stands first
    of the track.
    """
    heads = [_head(unit) for unit in filed.units] + [(track, "", "") for track in filed.tracks]
    rows, head = _in_order(filed, placed, heads)
    admitted = placed.outcome[rows] == Outcome.ADMITTED
    columns = [
        Cells(number_cells(filed.numbers), filed.roll.ident[rows]),
        Cells(table_of(",".join(map(cell, cells)) for cells in heads), head),
        Cells(table_of(OUTCOME_NAMES), placed.outcome[rows]),
        Cells(table_of([*(cell(row.major_code) for row in filed.majors), ""]), placed.major[rows]),
        Cells(
            table_of(_position_texts(filed)), np.where(admitted, placed.major_position[rows], -1)
        ),
        Cells(table_of(TOLD), told_reasons(placed)[rows]),
    ]
    return csv_lines(ADMISSIONS_HEADER, columns)


def unfilled_csv(filed: FileRound, placed: Placement) -> Iterator[bytes]:
    """Every major's seats, admitted and seats left, in the order of the plan within its unit.

    Seats added over plan are in `quota`, so that a row balances.
    """
    place = _places([_head(unit) for unit in filed.units])[filed.plan.major_unit]
    at = np.argsort(place, kind="stable")
    of_unit = [",".join(map(cell, _head(unit))) for unit in filed.units]
    heads = (
        f"{of_unit[unit]},{cell(row.major_code)}"
        for unit, row in zip(filed.plan.major_unit.tolist(), filed.majors, strict=True)
    )
    figures = (filed.plan.major_quota, placed.admitted, placed.unfilled)
    most = max((int(column.max(initial=0)) for column in figures), default=0)
    number = table_of(map(str, range(most + 1)))
    columns = [Cells(table_of(heads), at), *(Cells(number, column[at]) for column in figures)]
    return csv_lines(UNFILLED_HEADER, columns)


def _in_order(filed: FileRound, placed: Placement, heads: list[Head]) -> tuple[Index, Index]:
    """(a,) the roll's rows that have an outcome, in the file's order, and the head of each.

    Head, score and number are one int64, which sorts fastest.
    """
    roll, n = filed.roll, len(filed.roll)
    by_number = text_order(filed.numbers)
    number_place = np.empty(n, np.int64)
    number_place[by_number] = np.arange(n)
    level = np.cumsum(run_starts(roll.filing))
    rows = np.flatnonzero(placed.outcome != Outcome.NONE)
    own_track = len(filed.units) + roll.track[rows].astype(np.int64)
    head = np.where(placed.unit[rows] == NO_UNIT, own_track, placed.unit[rows])
    packed = _places(heads)[head] * (n + 1)
    packed += level[rows]
    packed *= n
    packed += number_place[roll.ident[rows]]
    order = np.argsort(packed)
    return rows[order], head[order]


def _places(heads: list[Head]) -> Index:
    """(d,) each head's place among all of them, sorted as text."""
    place = np.empty(len(heads), np.intp)
    place[sorted(range(len(heads)), key=heads.__getitem__)] = np.arange(len(heads))
    return place


def _head(unit: UnitKey) -> Head:
    """Track, institution code, plan nature: the order of the files' columns and of their rows."""
    return unit.track, unit.institution_code, unit.plan_nature


def _position_texts(filed: FileRound) -> list[str]:
    """By the place of the major admitted to; the last, at -1, is blank."""
    most = filed.forms.majors.shape[1]
    return ["adjusted", *map(str, range(1, most + 1)), ""]
