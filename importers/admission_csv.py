"""Outcomes and seats left as CSV bytes, in the order and columns of CONTRACT 2.

The offline command and the service write them here, so that their bytes can be compared.
"""

from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from importers.admission_files import FileRound
from importers.csv_text import cell, csv_bytes, look_up, text_order
from ranking.book import NO_UNIT
from ranking.outcomes import OUTCOME_NAMES, REASON_NAMES, Outcome, Placement
from ranking.rules import UnitKey

ADMISSIONS_HEADER = (
    "candidate_no,track,institution_code,plan_nature,outcome,major_code,major_position,reason"
)
UNFILLED_HEADER = "track,institution_code,plan_nature,major_code,quota,admitted,unfilled"


def admission_digest(admissions: bytes, unfilled: bytes) -> str:
    """SHA-256 of both files, each by its own digest: what an independent check compares."""
    return sha256(sha256(admissions).digest() + sha256(unfilled).digest()).hexdigest()


def admissions_csv(filed: FileRound, placed: Placement) -> bytes:
    """The outcome of all who made a choice, in the order and columns of CONTRACT 2.

    Who was filed nowhere, under a regime of several choices, has no institution and stands first
    of the track. Rank is by filing score, so score orders the rows of a unit.
    """
    roll, nowhere = filed.roll, len(filed.units)
    tracks = sorted(set(filed.track))
    number = {track: nowhere + at for at, track in enumerate(tracks)}
    heads = [_unit_cells(unit) for unit in filed.units] + [(track, "", "") for track in tracks]
    rows = np.flatnonzero(placed.outcome != Outcome.NONE)
    own = np.fromiter(map(number.__getitem__, filed.track), np.int64, len(roll))[roll.ident[rows]]
    head = np.where(placed.unit[rows] == NO_UNIT, own, placed.unit[rows])
    numbers = text_order(filed.candidate_no)[roll.ident[rows]]
    order = np.lexsort((numbers, -roll.filing[rows], text_order(heads)[head]))
    rows, head = rows[order], head[order]
    columns = (
        look_up([cell(number) for number in filed.candidate_no], roll.ident[rows]),
        look_up([",".join(map(cell, cells)) for cells in heads], head),
        look_up(OUTCOME_NAMES, placed.outcome[rows]),
        look_up([*(cell(row.major_code) for row in filed.majors), ""], placed.major[rows]),
        look_up(_position_texts(filed), _position(placed)[rows]),
        look_up(REASON_NAMES, placed.reason[rows]),
    )
    return csv_bytes(ADMISSIONS_HEADER, columns)


def unfilled_csv(filed: FileRound, placed: Placement) -> bytes:
    """Every major's plan, admitted and seats left, in the order of the plan within its unit."""
    majors = filed.majors
    order = text_order([_unit_cells(unit) for unit in filed.units])[filed.plan.major_unit]
    at = np.argsort(order, kind="stable")
    heads = [",".join(map(cell, (*_unit_cells(row.unit), row.major_code))) for row in majors]
    figures = (filed.plan.major_quota, placed.admitted, placed.unfilled)
    columns = [look_up(heads, at), *(map(str, column[at].tolist()) for column in figures)]
    return csv_bytes(UNFILLED_HEADER, columns)


def _unit_cells(unit: UnitKey) -> tuple[str, str, str]:
    """Track, institution code, plan nature: the order of the files' columns and of their rows."""
    return unit.track, unit.institution_code, unit.plan_nature


def _position(placed: Placement) -> NDArray[np.int16]:
    """(n,) the place of the major admitted to, 0 adjusted, -1 not admitted."""
    return np.where(placed.outcome == Outcome.ADMITTED, placed.major_position, np.int16(-1))


def _position_texts(filed: FileRound) -> list[str]:
    """By position as above; the last, at -1, is blank."""
    most = filed.forms.majors.shape[1]
    return ["adjusted", *map(str, range(1, most + 1)), ""]
