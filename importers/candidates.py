"""Candidates as columns: numbers, tracks, exact scores. CONTRACT 2."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from importers.cells import Cells, Milli
from importers.digests import digest_of
from importers.headings import CANDIDATES, SUBJECTS, recognise
from importers.report import Report
from importers.tables import Source, read_table


@dataclass(frozen=True, slots=True)
class Candidates:
    """Everybody in a file, in file order: all columns are (n,), scores int32 thousandths.

    Columns that the file does not have are blank, and a bonus 0; `subjects` has only those that
    the file has, by the name that rules use, 0 where the cell is blank.
    """

    candidate_no: list[str]
    name: list[str]
    track: list[str]
    exam: Milli
    bonus: Milli
    subjects: dict[str, Milli]
    id_number: list[str]
    phone: list[str]
    initial_code: list[str]

    def __len__(self) -> int:
        """How many."""
        return len(self.candidate_no)

    @property
    def filing(self) -> Milli:
        """(n,) filing scores, exam score and bonus together, in thousandths."""
        return self.exam + self.bonus


PERSONAL = ("name", "id_number", "phone", "initial_code")

NOBODY = Candidates([], [], [], np.zeros(0, np.int32), np.zeros(0, np.int32), {}, [], [], [])
"""What a refused file gives."""


def read_candidates(
    source: Source,
    mapping: Mapping[str, str] | None = None,
    tracks: Collection[str] | None = None,
    *,
    personal: bool = True,
) -> tuple[Candidates, Report]:
    """The candidates in a file; nobody, with faults in the report, when anything is wrong.

    tracks: the tracks there are, where that is known; any other is then a fault.
    personal: whether names, ID numbers, phones and initial codes are wanted; a computation on
        scores leaves them unread, blank, and the report without a digest.
    """
    report = Report(source.name)
    table = read_table(source, report)
    cells = None if table is None else recognise(table, CANDIDATES, mapping or {}, report)
    if cells is None:
        return NOBODY, report
    if not personal:
        cells = cells.without(PERSONAL)
    people = Candidates(
        candidate_no=cells.codes("candidate_no", needed=True),
        name=cells.texts("name"),
        track=cells.codes("track", needed=True),
        exam=cells.scores("exam_score", needed=True),
        bonus=cells.scores("bonus"),
        subjects={
            subject: cells.scores(subject) for subject in SUBJECTS if subject in cells.columns
        },
        id_number=cells.codes("id_number"),
        phone=cells.codes("phone"),
        initial_code=cells.codes("initial_code"),
    )
    cells.refuse_twice(people.candidate_no, "a candidate", "candidate_no")
    if tracks is not None:
        _refuse_unknown(people.track, tracks, cells)
    if not report.accepted:
        return NOBODY, report
    report.totals = {"candidates": len(people), **Counter(people.track)}
    if personal:
        report.digest = _digest(people)
    return people, report


def _digest(people: Candidates) -> str:
    return digest_of(
        {
            "candidate_no": people.candidate_no,
            "name": people.name,
            "track": people.track,
            "exam_score": people.exam,
            "bonus": people.bonus,
            "id_number": people.id_number,
            "phone": people.phone,
            "initial_code": people.initial_code,
            **{f"subject {subject}": scores for subject, scores in people.subjects.items()},
        }
    )


def _refuse_unknown(track: list[str], tracks: Collection[str], cells: Cells) -> None:
    unknown = set(track) - set(tracks) - {""}
    if unknown:
        known = ", ".join(sorted(tracks))
        for row, name in enumerate(track):
            if name in unknown:
                cells.reject(row, "track", name, f"is not a track of this round ({known})")
