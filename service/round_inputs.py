"""What a closed round is decided from: terms, the candidates still free, and what they hold.

Read twice, by two roads: from the choices kept, for the filing; and from the log's prefix up to the
last seal, as the four files of the offline command, for the independent check. RULES.md 5.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from importers.admission_files import FileRound, RoundFiles, read_files, round_of
from importers.book_files import FileReports
from importers.candidates import Candidates
from importers.choices import Choices
from importers.columns import NONE, TextColumn
from importers.csv_text import cell, csv_bytes
from importers.report import Report
from importers.tables import Source
from ranking.scores import score_text
from service.errors import Refusal, StoreError
from service.store import admission, people, rounds
from service.store.admission import HeldForm
from service.store.engine import Connection
from service.store.people import Roster
from service.terms import Major, Terms

PLAN_COLUMNS = (
    "track", "institution_code", "institution_name", "plan_nature", "major_code", "major_name",
    "quota", "tuition", "duration", "notes",
)  # fmt: skip


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
        Refusal: `not-found`; `not-closed` while a segment is unsealed; `imported-since-close`.
    """
    terms, seal_seq = await _closed_terms(connection, code, now)
    forms = await admission.held_forms(connection, terms.round_id)
    return await _of_the_free(connection, terms, seal_seq, forms)


async def read_logged_inputs(connection: Connection, code: str, now: datetime) -> RoundInputs:
    """The same round from the log's prefix up to its last seal.

    Raises:
        Refusal: as `read_inputs`.
    """
    terms, seal_seq = await _closed_terms(connection, code, now)
    forms = await admission.logged_forms(connection, terms.round_id, seal_seq)
    return await _of_the_free(connection, terms, seal_seq, forms)


async def _closed_terms(connection: Connection, code: str, now: datetime) -> tuple[Terms, int]:
    """A round whose every segment is sealed in the log, and the seq of its last seal."""
    terms = await rounds.read_terms(connection, code)
    if terms is None:
        raise Refusal("not-found", what=code)
    if not await rounds.is_closed(connection, terms):
        raise Refusal("not-closed", server_time=now.isoformat())
    seal_seq = await admission.last_seal(connection, terms.round_id)
    if await admission.imported_after(connection, terms.round_id, seal_seq):
        raise Refusal("imported-since-close")
    return terms, seal_seq


async def _of_the_free(
    connection: Connection, terms: Terms, seal_seq: int, forms: Iterable[HeldForm]
) -> RoundInputs:
    gone = await admission.gone_before(connection, terms)
    roster = (await people.read_roster(connection, terms.season_id)).without(gone)
    kept = [form for form in forms if form.candidate_id not in gone]
    return RoundInputs(terms, seal_seq, roster, kept)


def file_round(inputs: RoundInputs) -> FileRound:
    """The round as `ranking.regimes.admit` wants it, by the code that reads it from files.

    Raises:
        StoreError: what is stored does not fit together.
    """
    reports = FileReports(Report("candidates"), Report("choices"))
    made = round_of(
        rounds.as_rows(inputs.terms),
        _candidates(inputs),
        _choices(inputs),
        inputs.terms.file.rules,
        reports,
    )
    if made is None:
        raise StoreError(str((reports.candidates.faults + reports.choices.faults)[0]))
    return made


def _candidates(inputs: RoundInputs) -> Candidates:
    roster = inputs.roster
    blank = [""] * len(roster.number)
    return Candidates(
        numbers=TextColumn(roster.number),
        tracks=TextColumn(roster.track),
        name=blank,
        exam=roster.exam,
        bonus=roster.bonus,
        subjects={name: _marks(inputs, name) for name in _subjects(inputs)},
        id_number=blank,
        phone=blank,
        initial_code=blank,
    )


def _subjects(inputs: RoundInputs) -> list[str]:
    """The subjects that decide between equals or that somebody has marks in."""
    used = {name for names in inputs.terms.file.rules.tie_break.values() for name in names}
    return sorted(used | inputs.roster.subjects.keys())


def _marks(inputs: RoundInputs, subject: str) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """(n,) thousandths; 0 where nobody's marks are known, as on the board."""
    found = inputs.roster.subjects.get(subject)
    return np.zeros(len(inputs.roster.number), np.int32) if found is None else found


def _choices(inputs: RoundInputs) -> Choices:
    majors, unit_by_id = inputs.major_by_id(), inputs.terms.unit_by_id
    number = dict(zip(inputs.roster.id.tolist(), inputs.roster.number, strict=True))
    codes = tuple(sorted({major.code for major in majors.values()}))
    place = {code: n for n, code in enumerate(codes)}
    width = max((len(form.majors) for form in inputs.forms), default=0)
    ids = np.full((len(inputs.forms), width), NONE, np.int32)
    for row, form in enumerate(inputs.forms):
        ids[row, : len(form.majors)] = [place[majors[one].code] for one in form.majors]
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


async def exported_files(connection: Connection, code: str, now: datetime) -> dict[str, bytes]:
    """plan.csv, candidates.csv, choices.csv and round.toml, as `mingci admit` takes them.

    Names, ID numbers and phones decide nothing and are not in them.
    """
    inputs = await read_logged_inputs(connection, code, now)
    text = await rounds.stored_file(connection, code)
    return {
        "plan.csv": _plan_csv(inputs),
        "candidates.csv": _candidates_csv(inputs),
        "choices.csv": _choices_csv(inputs),
        "round.toml": (text or "").encode(),
    }


def read_exported(files: dict[str, bytes], code: str) -> FileRound:
    """The round in exported files, read as the offline command reads them.

    Raises:
        StoreError: they do not read, which an export must.
    """
    sources = [Source(name, files[name]) for name in ("plan.csv", "candidates.csv", "choices.csv")]
    rules = rounds.parse_stored(code, files["round.toml"].decode()).rules
    made, reports = read_files(RoundFiles(*sources), rules, lambda _: None)
    if made is None:
        raise StoreError(str(next(fault for report in reports for fault in report.faults)))
    return made


def _plan_csv(inputs: RoundInputs) -> bytes:
    rows = rounds.as_rows(inputs.terms)
    columns = [[cell(str(getattr(row, name))) for row in rows] for name in PLAN_COLUMNS]
    return csv_bytes(",".join(PLAN_COLUMNS), columns)


def _candidates_csv(inputs: RoundInputs) -> bytes:
    roster, subjects = inputs.roster, _subjects(inputs)
    columns = [
        [cell(number) for number in roster.number],
        [cell(track) for track in roster.track],
        map(score_text, roster.exam.tolist()),
        map(score_text, roster.bonus.tolist()),
        *(map(score_text, _marks(inputs, name).tolist()) for name in subjects),
    ]
    return csv_bytes(",".join(["candidate_no", "track", "exam_score", "bonus", *subjects]), columns)


def _choices_csv(inputs: RoundInputs) -> bytes:
    choices = _choices(inputs)
    width = choices.major_ids.shape[1]
    codes = [*(cell(code) for code in choices.major_codes), ""]
    header = ["candidate_no", "position", "institution_code", "plan_nature", "accepts_adjustment"]
    columns = [
        [cell(number) for number in choices.candidate_no],
        map(str, choices.position.tolist()),
        [cell(code) for code in choices.institution_code],
        [cell(nature) for nature in choices.plan_nature],
        ["1" if one else "0" for one in choices.accepts_adjustment.tolist()],
        *([codes[one] for one in choices.major_ids[:, n].tolist()] for n in range(width)),
    ]
    return csv_bytes(",".join([*header, *(f"major_{n}" for n in range(1, width + 1))]), columns)
