"""The book of one round from files alone, with the texts that its numbers stand for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from importers.candidates import Candidates
from importers.choices import Choices
from importers.columns import Column, numbers_of
from importers.draws import draw_numbers
from importers.matching import Matched, match_choices
from importers.plans import MajorRow, by_unit
from importers.report import Report
from importers.words import Int
from ranking.book import NO_MAJOR, NO_UNIT, Book, Plan, Roll, make_roll
from ranking.rules import RoundRules, UnitKey


@dataclass(frozen=True, slots=True)
class FileBook:
    """A book, the choices in it, and what its rows, units and majors are called.

    Attributes:
        book: as the ranking wants it.
        matched: the choices in the order of their file; indices as in the book.
        numbers: (n,) candidate numbers by the candidates' row, which is the roll's `ident`.
        units: (m,) by unit index.
        majors: (k,) by major index.
    """

    book: Book
    matched: Matched
    numbers: Column
    units: tuple[UnitKey, ...]
    majors: tuple[MajorRow, ...]

    @property
    def candidate_no(self) -> list[str]:
        """(n,) the numbers' texts."""
        return self.numbers.texts


@dataclass(frozen=True, slots=True)
class FileReports:
    """Where faults go that only show when files lie beside one another."""

    candidates: Report
    choices: Report


def book_of(
    rows: Sequence[MajorRow],
    candidates: Candidates,
    choices: Choices,
    rules: RoundRules,
    reports: FileReports,
) -> FileBook | None:
    """The book that the files make; None, with faults in the reports, where they do not fit."""
    units = by_unit(rows)
    tracks = track_numbers(candidates, units)
    matched = match_choices(choices, candidates, units, rules, reports.choices)
    refuse_second_choices(choices, reports.choices)
    roll = roll_of(candidates, tracks, rules, reports.candidates)
    if roll is None or not reports.choices.accepted:
        return None
    unit = np.full(len(candidates), NO_UNIT, np.int32)
    first_major = np.full(len(candidates), NO_MAJOR, np.int32)
    unit[matched.candidate] = matched.unit
    first_major[matched.candidate] = matched.first_major
    book = Book(plan_of(units, tracks, rules), roll, unit[roll.ident], first_major[roll.ident])
    majors = tuple(row for of_unit in units.values() for row in of_unit)
    return FileBook(book, matched, candidates.numbers, tuple(units), majors)


def refuse_second_choices(choices: Choices, report: Report) -> None:
    """A live list holds a candidate once; the reader saw that positions are not held twice."""
    if choices.position.max(initial=1) == 1:
        return
    seen: set[str] = set()
    for line, number in zip(choices.line, choices.candidate_no, strict=True):
        if number in seen:
            report.reject(
                line, "candidate_no", number, "has another choice; standings are of one each"
            )
        seen.add(number)


def track_numbers(
    candidates: Candidates, units: Mapping[UnitKey, Sequence[MajorRow]]
) -> dict[str, int]:
    """A number for every track of the candidates and of the plan."""
    names = {key.track for key in units}.union(candidates.tracks.distinct()[0])
    return {track: number for number, track in enumerate(sorted(names))}


def plan_of(
    units: Mapping[UnitKey, Sequence[MajorRow]], tracks: Mapping[str, int], rules: RoundRules
) -> Plan:
    """What is offered, in the order of `units`; a unit's seats are the sum of its majors'."""
    keys = tuple(units)
    quotas = [[row.quota for row in majors] for majors in units.values()]
    return Plan(
        keys=keys,
        track=np.array([tracks[key.track] for key in keys], np.int16),
        seats=np.array([sum(quota) for quota in quotas], np.int32),
        ratio=np.array([rules.ratio_of(key) for key in keys], np.int32),
        strict=np.array([rules.strict(key) for key in keys], np.bool_),
        major_unit=np.repeat(
            np.arange(len(keys), dtype=np.int32), [len(quota) for quota in quotas]
        ),
        major_quota=np.array([one for quota in quotas for one in quota], np.int32),
    )


def roll_of(
    candidates: Candidates, tracks: Mapping[str, int], rules: RoundRules, report: Report
) -> Roll | None:
    """The candidates in ranking order; None, with faults, where a tie-break subject is missing."""
    if refuse_absent_subjects(candidates, tracks, rules, report):
        return None
    track = numbers_of(candidates.tracks, tracks).astype(np.int16)
    draw = None
    if any(own.strict for own in rules.units.values()):
        draw = draw_numbers(rules.draw_seed, candidates.candidate_no)
    keys = tie_keys(candidates.subjects, track, tracks, rules)
    return make_roll(candidates.filing, candidates.exam, track, keys, draw)


def refuse_absent_subjects(
    candidates: Candidates, tracks: Mapping[str, int], rules: RoundRules, report: Report
) -> bool:
    """Whether a tie-break subject of these tracks is missing; each is then a fault."""
    absent = sorted(
        {
            subject
            for track, subjects in rules.tie_break.items()
            if track in tracks
            for subject in subjects
            if subject not in candidates.subjects
        }
    )
    for subject in absent:
        report.reject(0, "", "", f"has no column {subject}, which the round's tie_break needs")
    return bool(absent)


def tie_keys(
    subjects: Mapping[str, Int],
    track: NDArray[np.int16],
    tracks: Mapping[str, int],
    rules: RoundRules,
) -> Int | None:
    """(n, j) the scores that decide between equals, of each candidate's own track; None: none do."""
    used = {tracks[name]: keys for name, keys in rules.tie_break.items() if name in tracks and keys}
    if not used:
        return None
    table = np.zeros((len(track), max(map(len, used.values()))), np.int32)
    for number, keys in used.items():
        here = track == number
        for place, subject in enumerate(keys):
            table[here, place] = subjects[subject][here]
    return table
