"""A round to be decided, from files alone: plan, roll, everybody's choices, and what settles ties."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from importers.book_files import (
    FileReports,
    plan_of,
    refuse_absent_subjects,
    refuse_second_choices,
    tie_keys,
    track_numbers,
)
from importers.candidates import Candidates, read_candidates
from importers.choices import Choices, read_choices
from importers.columns import Column, numbers_of
from importers.draws import draw_numbers
from importers.matching import Matched, match_choices
from importers.own_rules import refuse_misplaced
from importers.plans import MajorRow, by_unit, read_plan
from importers.report import Report
from importers.tables import Source
from ranking.book import Int, Plan, Roll, make_roll
from ranking.outcomes import Forms
from ranking.rules import RoundRules, UnitKey
from ranking.terms import Terms, Ties, terms_of, tie_ranks, with_extra_seats


@dataclass(frozen=True, slots=True)
class FileRound:
    """All that `ranking.regimes.admit` needs, and what its rows, units and majors are called.

    Attributes:
        numbers: (n,) candidate numbers by the candidates' row, which is the roll's `ident`.
        tracks: by the roll's track number.
        subjects: by name, (n,) thousandths by the candidates' row.
        units: (m,) by unit index.
        majors: (k,) by major index.
        plan: what is offered, with the extra seats that the round file adds.
    """

    rules: RoundRules
    plan: Plan
    roll: Roll
    forms: Forms
    terms: Terms
    ties: Ties
    numbers: Column
    tracks: tuple[str, ...]
    subjects: Mapping[str, Int]
    units: tuple[UnitKey, ...]
    majors: tuple[MajorRow, ...]


@dataclass(frozen=True, slots=True)
class RoundFiles:
    """The three files that a round is decided from, beside its rules."""

    plan: Source
    candidates: Source
    choices: Source


def read_files(
    files: RoundFiles,
    rules: RoundRules,
    of_rules: Sequence[Report],
    step: Callable[[str], None],
) -> tuple[FileRound | None, list[Report]]:
    """The round in three files; None, with faults in the reports, when anything is wrong.

    `of_rules` are the reports of the round file, if there is one, and come first; `step` is told
    what is being done.
    """
    step("reading the plan")
    rows, plan_report = read_plan(files.plan, digest=False)
    step("reading candidates")
    tracks = {row.track for row in rows}.union(rules.tie_break) if rows else None
    people, people_report = read_candidates(files.candidates, tracks=tracks, personal=False)
    step("reading choices")
    filed, choices_report = read_choices(files.choices, digest=False)
    for report in of_rules:
        refuse_misplaced(rules, rows, report)
    reports = [*of_rules, plan_report, people_report, choices_report]
    if not all(report.accepted for report in reports):
        return None, reports
    step("matching choices")
    made = round_of(rows, people, filed, rules, FileReports(people_report, choices_report))
    return made, reports


def round_of(
    rows: Sequence[MajorRow],
    candidates: Candidates,
    choices: Choices,
    rules: RoundRules,
    reports: FileReports,
) -> FileRound | None:
    """The round that the files make; None, with faults in the reports, where they do not fit.

    The draw is always made: whoever is equal on every key is told apart by it. RULES.md 5.5.
    """
    units = by_unit(rows)
    tracks = track_numbers(candidates, units)
    matched = match_choices(choices, candidates, units, rules, reports.choices)
    if rules.regime == "dynamic":
        refuse_second_choices(choices, reports.choices)
    refuse_absent_subjects(candidates, tracks, rules, reports.candidates)
    if not (reports.choices.accepted and reports.candidates.accepted):
        return None
    majors = tuple(row for of_unit in units.values() for row in of_unit)
    codes = [row.major_code for row in majors]
    plan = with_extra_seats(plan_of(units, tracks, rules), rules, codes)
    track = numbers_of(candidates.tracks, tracks).astype(np.int16)
    keys = tie_keys(candidates.subjects, track, tracks, rules)
    draw = draw_numbers(rules.draw_seed, candidates.candidate_no)
    roll = make_roll(candidates.filing, candidates.exam, track, keys, draw)
    return FileRound(
        rules=rules,
        plan=plan,
        roll=roll,
        forms=forms_of(matched, roll),
        terms=terms_of(plan, rules, codes),
        ties=tie_ranks(roll, keys, draw),
        numbers=candidates.numbers,
        tracks=tuple(tracks),
        subjects=candidates.subjects,
        units=tuple(units),
        majors=majors,
    )


def forms_of(matched: Matched, roll: Roll) -> Forms:
    """Choices in the roll's order, each candidate's by position."""
    row = roll.row_of()[matched.candidate]
    order = np.lexsort((matched.position, row))
    forms = Forms(row, matched.position, matched.unit, matched.majors, matched.accepts_adjustment)
    return forms.take(order)
