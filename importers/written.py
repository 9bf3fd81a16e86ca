"""The files of a round as bytes: what the readers of this room give back as it was.

Only columns that say something are written, under the English names of CONTRACT 2.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from importers.candidates import Candidates
from importers.formulas import guarded
from importers.headings import SUBJECTS
from importers.plans import MajorRow
from ranking.scores import score_text

PLAN_COLUMNS = (
    "batch", "track", "institution_code", "institution_name", "plan_nature", "major_code", "major_name",
    "quota", "tuition", "duration", "notes",
)  # fmt: skip

Text: TypeAlias = Sequence[str]


class ChoiceRow(NamedTuple):
    """A row of a choices file; `majors` in order of preference."""

    candidate_no: str
    institution_code: str
    plan_nature: str
    majors: tuple[str, ...]
    accepts_adjustment: bool


def plan_csv(rows: Iterable[MajorRow]) -> bytes:
    """A plan as CSV."""
    rows = tuple(rows)
    return _csv({name: [str(getattr(row, name)) for row in rows] for name in PLAN_COLUMNS})


def plan_sheet(rows: Iterable[MajorRow]) -> bytes:
    """A plan as CSV for people who open it in a spreadsheet: no cell is a formula."""
    rows = tuple(rows)
    columns = {name: [guarded(str(getattr(row, name))) for row in rows] for name in PLAN_COLUMNS}
    return _csv(columns)


def candidates_csv(people: Candidates) -> bytes:
    """Candidates as CSV, with the columns that they were given with."""
    columns: dict[str, Text] = {
        "candidate_no": people.candidate_no,
        "name": people.name,
        "track": people.track,
        "exam_score": _scores(people.exam),
        "bonus": _scores(people.bonus),
        **{SUBJECTS[name][0]: _scores(marks) for name, marks in people.subjects.items()},
        "id_number": people.id_number,
        "phone": people.phone,
        "initial_code": people.initial_code,
    }
    needed = {
        "candidate_no",
        "track",
        "exam_score",
        *(SUBJECTS[name][0] for name in people.subjects),
    }
    kept = needed | people.given | ({"initial_code"} if any(people.initial_code) else set())
    return _csv({name: column for name, column in columns.items() if name in kept})


def choices_csv(rows: Iterable[ChoiceRow], most: int) -> bytes:
    """Choices of one unit each as CSV; `most` is how many columns of majors it has."""
    rows = tuple(rows)
    columns: dict[str, Text] = {
        "candidate_no": [row.candidate_no for row in rows],
        "institution_code": [row.institution_code for row in rows],
        "plan_nature": [row.plan_nature for row in rows],
        **{
            f"major_{place + 1}": [
                row.majors[place] if place < len(row.majors) else "" for row in rows
            ]
            for place in range(most)
        },
        "accepts_adjustment": ["1" if row.accepts_adjustment else "0" for row in rows],
    }
    return _csv(columns)


def _scores(scores: NDArray[np.int32]) -> list[str]:
    distinct, place = np.unique(scores, return_inverse=True)
    texts = [score_text(one) for one in distinct.tolist()]
    return [texts[one] for one in place.tolist()]


def _csv(columns: Mapping[str, Text]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return out.getvalue().encode()
