"""Candidates as columns: numbers, tracks, exact scores. CONTRACT 2."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from importers.cells import Cells, Milli
from importers.columns import Column, TextColumn
from importers.digests import digest_of
from importers.headings import CANDIDATES, SUBJECTS, recognise
from importers.report import Report
from importers.tables import Source, read_table

OPTIONAL = frozenset({"name", "bonus", "id_number", "phone"})
"""Columns a file may leave out."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Everybody in a file, in file order: all columns are (n,), scores int32 thousandths.

    `numbers` and `tracks` are codes; `candidate_no` and `track` are their texts. Columns that the file does not have are blank, and a bonus 0; `subjects` has only those that
    the file has, by the name that rules use, 0 where the cell is blank.
    """

    numbers: Column
    tracks: Column
    name: list[str]
    exam: Milli
    bonus: Milli
    subjects: dict[str, Milli]
    id_number: list[str]
    phone: list[str]
    initial_code: list[str]
    given: frozenset[str] = OPTIONAL
    """Which of OPTIONAL the file has: the others say nothing, and change nothing."""

    def __len__(self) -> int:
        """How many."""
        return len(self.numbers)

    @property
    def candidate_no(self) -> list[str]:
        """(n,) each candidate's number."""
        return self.numbers.texts

    @property
    def track(self) -> list[str]:
        """(n,) each candidate's track."""
        return self.tracks.texts

    @property
    def filing(self) -> Milli:
        """(n,) filing scores, exam score and bonus together, in thousandths."""
        return self.exam + self.bonus


PERSONAL = ("name", "id_number", "phone", "initial_code")

_NO_TEXT, _NO_SCORE = TextColumn([]), np.zeros(0, np.int32)
NOBODY = Candidates(_NO_TEXT, _NO_TEXT, [], _NO_SCORE, _NO_SCORE, {}, [], [], [])
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
        numbers=cells.code_column("candidate_no", needed=True),
        tracks=cells.code_column("track", needed=True),
        name=cells.texts("name"),
        exam=cells.scores("exam_score", needed=True),
        bonus=cells.scores("bonus"),
        subjects={
            subject: cells.scores(subject) for subject in SUBJECTS if subject in cells.columns
        },
        id_number=cells.codes("id_number"),
        phone=cells.codes("phone"),
        initial_code=cells.codes("initial_code"),
        given=OPTIONAL & cells.columns.keys(),
    )
    cells.refuse_repeated(people.numbers, "a candidate", "candidate_no")
    if tracks is not None:
        _refuse_unknown(people.tracks, tracks, cells)
    if not report.accepted:
        return NOBODY, report
    report.totals = {"candidates": len(people), **_count(people.tracks)}
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
            "given": sorted(people.given),
            **{f"subject {subject}": scores for subject, scores in people.subjects.items()},
        }
    )


def _count(tracks: Column) -> Counter[str]:
    """How many candidates each track has."""
    names, which = tracks.distinct()
    counts: Counter[str] = Counter()
    for name, count in zip(names, np.bincount(which, minlength=len(names)).tolist(), strict=True):
        counts[name] += count
    return counts


def _refuse_unknown(own: Column, tracks: Collection[str], cells: Cells) -> None:
    unknown = set(own.distinct()[0]) - set(tracks) - {""}
    if unknown:
        known = ", ".join(sorted(tracks))
        for row, name in enumerate(own.texts):
            if name in unknown:
                cells.reject(row, "track", name, f"is not a track of this round ({known})")
