"""What a closed round is decided from: terms, the candidates still free, and what they hold.

Read from the choices as they are kept; `service.exports` reads the same from the log. RULES.md 5.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from importers.admission_files import FileRound, round_of
from importers.book_files import FileReports
from importers.candidates import Candidates
from importers.choices import Choices
from importers.columns import NONE, TextColumn
from importers.own_rules import misplaced_rules
from importers.report import Report
from service.errors import Refusal, StoreError
from service.store import admission, people, rounds
from service.store.admission import HeldForm
from service.store.engine import Connection
from service.store.people import Roster
from service.terms import Major, Terms


@dataclass(frozen=True, slots=True)
class RoundInputs:
    """A closed round before it is decided; `roster` and `forms` are of those still free."""

    terms: Terms
    seal_seq: int
    roster: Roster
    forms: Sequence[HeldForm]

    def major_by_id(self) -> dict[int, Major]:
        """The plan's majors by row id."""
        return {major.id: major for unit in self.terms.units for major in unit.majors}


async def read_inputs(connection: Connection, code: str, now: datetime) -> RoundInputs:
    """A round as its choices are kept.

    Raises:
        Refusal: as `closed_terms`.
    """
    terms, seal_seq = await closed_terms(connection, code, now)
    gone = await admission.gone_before(connection, terms)
    roster = (await people.read_roster(connection, terms.season_id)).without(gone)
    forms = await admission.held_forms(connection, terms.round_id)
    return RoundInputs(terms, seal_seq, roster, [f for f in forms if f.candidate_id not in gone])


async def closed_terms(connection: Connection, code: str, now: datetime) -> tuple[Terms, int]:
    """A round whose every segment is sealed in the log, and the seq of its last seal.

    Raises:
        Refusal: `not-found`; `not-closed` while a segment is unsealed; `imported-since-close`;
            `rules-misplaced` where the round file speaks of what the plan does not have.
    """
    terms = await rounds.read_terms(connection, code)
    if terms is None:
        raise Refusal("not-found", what=code)
    if not await rounds.is_closed(connection, terms):
        raise Refusal("not-closed", server_time=now.isoformat())
    seal_seq = await admission.last_seal(connection, terms.round_id)
    if await admission.imported_after(connection, terms.round_id, seal_seq):
        raise Refusal("imported-since-close")
    offered = {unit.key: unit.major_by_code for unit in terms.units}
    misplaced = [str(one) for one in misplaced_rules(terms.file.rules, offered)]
    if misplaced:
        raise Refusal("rules-misplaced", rules="; ".join(misplaced))
    return terms, seal_seq


def file_round(inputs: RoundInputs) -> FileRound:
    """The round as `ranking.regimes.admit` wants it, by the code that reads it from files.

    Raises:
        StoreError: what is stored does not fit together.
    """
    reports = FileReports(Report("candidates"), Report("choices"))
    made = round_of(
        rounds.as_rows(inputs.terms),
        candidates_of(inputs.terms, inputs.roster),
        _choices(inputs),
        inputs.terms.file.rules,
        reports,
    )
    if made is None:
        raise StoreError(str((reports.candidates.faults + reports.choices.faults)[0]))
    return made


def candidates_of(terms: Terms, roster: Roster) -> Candidates:
    """A roster as a candidates file has it: number, track, scores, and nothing of a person.

    Of the subjects, those that somebody has marks in or that decide between equals in this round.
    """
    blank = [""] * len(roster.number)
    deciding = {name for names in terms.file.rules.tie_break.values() for name in names}
    return Candidates(
        numbers=TextColumn(roster.number),
        tracks=TextColumn(roster.track),
        name=blank,
        exam=roster.exam,
        bonus=roster.bonus,
        subjects=roster.subjects(sorted(deciding.union(roster.subject_names()))),
        id_number=blank,
        phone=blank,
        initial_code=blank,
        given=frozenset({"bonus"}),
    )


def _choices(inputs: RoundInputs) -> Choices:
    majors, unit_by_id = inputs.major_by_id(), inputs.terms.unit_by_id
    number = dict(zip(inputs.roster.id.tolist(), inputs.roster.number, strict=True))
    codes = tuple(sorted({major.code for major in majors.values()}))
    place = {code: n for n, code in enumerate(codes)}
    width = max((len(form.majors) for form in inputs.forms), default=0)
    ids = np.full((len(inputs.forms), width), NONE, np.int32)
    for row, form in enumerate(inputs.forms):
        listed = [place[majors[one].code] for one in form.majors if one in majors]
        ids[row, : len(listed)] = listed
    keys = [unit_by_id[form.unit_id].key for form in inputs.forms]
    return Choices(
        line=range(2, len(inputs.forms) + 2),
        numbers=TextColumn([number[form.candidate_id] for form in inputs.forms]),
        institutions=TextColumn([key.institution_code for key in keys]),
        natures=TextColumn([key.plan_nature for key in keys]),
        major_codes=codes,
        major_ids=ids,
        accepts_adjustment=np.array([form.accepts_adjustment for form in inputs.forms], np.bool_),
        position=np.array([form.position for form in inputs.forms], np.int32),
    )
