"""The four files of a synthetic province, as bytes. Writing them is not an importer's business."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from importers.choices import Choices
from importers.plans import MajorRow
from importers.province import SUBJECTS, Province
from importers.round_file import round_file_toml
from ranking.scores import score_text

PLAN_COLUMNS = (
    "batch", "track", "institution_code", "institution_name", "plan_nature", "major_code", "major_name",
    "quota", "tuition", "duration", "notes",
)  # fmt: skip
SUBJECT_HEADINGS = ("chinese", "mathematics", "foreign_language", "comprehensive")

Text: TypeAlias = Sequence[str]


def province_files(province: Province) -> dict[str, bytes]:
    """plan.csv, candidates.csv, choices.csv and round.toml; no cell of them needs quotes."""
    people = province.candidates
    candidates: dict[str, Text] = {
        "candidate_no": people.candidate_no,
        "name": people.name,
        "track": people.track,
        "exam_score": _scores(people.exam),
        "bonus": _scores(people.bonus),
        **{
            heading: _scores(people.subjects[subject])
            for heading, subject in zip(SUBJECT_HEADINGS, SUBJECTS, strict=True)
        },
        "id_number": people.id_number,
        "phone": people.phone,
        "initial_code": people.initial_code,
    }
    return {
        "plan.csv": _csv(_plan_columns(province.plan)),
        "candidates.csv": _csv(candidates),
        "choices.csv": _csv(_choice_columns(province.choices)),
        "round.toml": round_file_toml(province.round_file).encode(),
    }


def _plan_columns(rows: Iterable[MajorRow]) -> dict[str, Text]:
    rows = tuple(rows)
    return {name: [str(getattr(row, name)) for row in rows] for name in PLAN_COLUMNS}


def _choice_columns(choices: Choices) -> dict[str, Text]:
    codes = (*choices.major_codes, "")
    return {
        "candidate_no": choices.candidate_no,
        "institution_code": choices.institution_code,
        "plan_nature": choices.plan_nature,
        **{
            f"major_{place}": [codes[one] for one in column]
            for place, column in enumerate(choices.major_ids.T.tolist(), 1)
        },
        "accepts_adjustment": ["1" if yes else "0" for yes in choices.accepts_adjustment.tolist()],
    }


def _scores(scores: NDArray[np.int32]) -> list[str]:
    distinct, place = np.unique(scores, return_inverse=True)
    texts = [score_text(one) for one in distinct.tolist()]
    return [texts[one] for one in place.tolist()]


def _csv(columns: dict[str, Text]) -> bytes:
    rows = map(",".join, zip(*columns.values(), strict=True))
    return "\n".join([",".join(columns), *rows, ""]).encode()
