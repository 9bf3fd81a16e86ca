"""Stored outcomes as lists: the offline files again, and what every major has left in the end.

Written from the rows that were stored and with nothing of the code that computed them, so that a
check compares what is kept, not what was meant.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from importers.admission_csv import ADMISSIONS_HEADER, UNFILLED_HEADER
from importers.csv_text import cell
from ranking.rules import UnitKey
from service.result_shapes import UnfilledRow
from service.store.admission import OutcomeRow
from service.store.people import Roster
from service.terms import Terms

ADJUSTED = "adjusted"


def admissions_of(terms: Terms, outcomes: Iterable[OutcomeRow], roster: Roster) -> bytes:
    """admissions.csv of the outcomes as they were filed, before any institution decided."""
    row_of = {candidate_id: row for row, candidate_id in enumerate(roster.id.tolist())}
    filing = (roster.exam + roster.bonus).tolist()
    codes = {major.id: major.code for unit in terms.units for major in unit.majors}
    lines = []
    for one in outcomes:
        row = row_of[one.candidate_id]
        unit = None if one.unit_id is None else terms.unit_by_id[one.unit_id].key
        head = (
            (roster.track[row], "", "")
            if unit is None
            else (unit.track, unit.institution_code, unit.plan_nature)
        )
        number = roster.number[row]
        said = (one.outcome, codes.get(one.major_id or 0, ""), position_text(one), one.reason)
        lines.append(((head, -filing[row], number), (number, *head, *said)))
    lines.sort()
    return _csv(ADMISSIONS_HEADER, (texts for _, texts in lines))


def position_text(one: OutcomeRow) -> str:
    """The place of the major admitted to in the list of majors, or `adjusted`."""
    if one.major_id is None:
        return ""
    return str(one.position) if one.position else ADJUSTED


def unfilled_of(terms: Terms, outcomes: Iterable[OutcomeRow]) -> bytes:
    """unfilled.csv of the outcomes as they were filed."""
    admitted = Counter(one.major_id for one in outcomes if one.outcome == "admitted")
    rows = [
        (
            row["track"], row["institution_code"], row["plan_nature"], row["major_code"],
            str(row["quota"]), str(row["admitted"]), str(row["unfilled"]),
        )
        for row in _rows(terms, admitted)
    ]  # fmt: skip
    return _csv(UNFILLED_HEADER, rows)


def _csv(header: str, rows: Iterable[Iterable[str]]) -> bytes:
    return "".join([f"{header}\n", *(f"{','.join(map(cell, row))}\n" for row in rows)]).encode()


def unfilled_rows(terms: Terms, outcomes: Sequence[OutcomeRow]) -> list[UnfilledRow]:
    """Every major's account after the institutions' decisions, in the order of unfilled.csv."""
    return _rows(terms, Counter(one.major_id for one in outcomes if one.final == "admitted"))


def _rows(terms: Terms, admitted: Counter[int | None]) -> list[UnfilledRow]:
    """Seats that the office added over plan are in `quota`, so that a row balances."""
    added: Counter[tuple[UnitKey, str]] = Counter()
    for key, own in terms.file.rules.units.items():
        for extra in own.extra_seats:
            added[key, extra.major_code] += extra.count
    units = sorted(
        terms.units,
        key=lambda unit: (unit.key.track, unit.key.institution_code, unit.key.plan_nature),
    )
    return [
        {
            "track": unit.key.track,
            "institution_code": unit.key.institution_code,
            "institution_name": unit.institution_name,
            "plan_nature": unit.key.plan_nature,
            "major_code": major.code,
            "major_name": major.name,
            "quota": major.quota + added[unit.key, major.code],
            "admitted": admitted[major.id],
            "unfilled": major.quota + added[unit.key, major.code] - admitted[major.id],
            "tuition": major.tuition,
            "duration": major.duration,
            "notes": major.notes,
        }
        for unit in units
        for major in unit.majors
    ]
