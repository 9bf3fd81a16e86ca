"""A round as the four files that the offline commands read, as of one seq of the log.

A reader: choices come from the receipts given up to that seq, the plan from the edition in force.
Who replays the log, checks an admission or rehearses a round reads the same files as anybody.
Nothing of a person is in them but number, track and scores, which is what ranks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from importers.admission_files import FileRound, RoundFiles, read_files
from importers.plans import MajorRow
from importers.round_file import read_round, round_file_toml
from importers.tables import Source
from importers.written import ChoiceRow, candidates_csv, choices_csv, plan_csv
from ranking.rules import UnitKey
from service.errors import Refusal, StoreError
from service.receipts import Receipt
from service.round_inputs import candidates_of
from service.store import admission, choices, editions, log, people, rounds
from service.store.engine import Connection, Engine, reading
from service.store.people import Roster
from service.terms import Terms


@dataclass(frozen=True, slots=True)
class Export:
    """plan.csv, candidates.csv, choices.csv and round.toml, by name, as of `seq`."""

    seq: int
    files: Mapping[str, bytes]


async def export_round(engine: Engine, round_code: str, seq: int | None = None) -> Export:
    """The four files of a round as of `seq`, by default the newest.

    Plan and choices are what they were then; rules and candidates are as they are now.

    Raises:
        Refusal: `not-found` for the round, or where it had no plan yet.
    """
    async with reading(engine) as connection:
        terms = await rounds.read_terms(connection, round_code)
        if terms is None:
            raise Refusal("not-found", what=round_code)
        until = (await log.read_head(connection)).seq if seq is None else seq
        return await export_until(connection, terms, until)


async def export_until(connection: Connection, terms: Terms, seq: int) -> Export:
    """The four files of a round as of `seq`, without those an earlier round has admitted.

    Raises:
        Refusal: `not-found` where the round had no plan yet.
    """
    edition = await editions.as_of(connection, terms.round_id, seq)
    if edition is None:
        raise Refusal("not-found", what=f"{terms.file.code}/{seq}")
    gone = await admission.gone_before(connection, terms)
    roster = (await people.read_roster(connection, terms.season_id)).without(gone)
    receipts = await choices.receipts_until(connection, terms.round_id, seq)
    held = _held(edition.rows, map(Receipt.from_json, receipts), _track_of(roster))
    files = {
        "plan.csv": plan_csv(edition.rows),
        "candidates.csv": candidates_csv(candidates_of(terms, roster)),
        "choices.csv": choices_csv(held, terms.file.rules.majors_per_choice),
        "round.toml": round_file_toml(terms.file).encode(),
    }
    return Export(seq, files)


def read_exported(files: Mapping[str, bytes]) -> FileRound:
    """The round in exported files, read as the offline command reads them.

    Raises:
        StoreError: they do not read, which an export must.
    """
    file, report = read_round(Source("round.toml", files["round.toml"]))
    if file is None:
        raise StoreError(str(report.faults[0]))
    sources = [Source(name, files[name]) for name in ("plan.csv", "candidates.csv", "choices.csv")]
    made, reports = read_files(RoundFiles(*sources), file.rules, [report], lambda _: None)
    if made is None:
        raise StoreError(str(next(fault for one in reports for fault in one.faults)))
    return made


def _track_of(roster: Roster) -> dict[str, str]:
    """Everybody's track by candidate number."""
    return dict(zip(roster.number, roster.track, strict=True))


def _held(
    plan: Iterable[MajorRow], receipts: Iterable[Receipt], track: Mapping[str, str]
) -> list[ChoiceRow]:
    """What those in `track` hold after these receipts; a major not in the plan falls out."""
    offered = {(row.unit, row.major_code) for row in plan}
    newest = {receipt.candidate_no: receipt for receipt in receipts}
    rows = []
    for number, one in newest.items():
        if one.institution_code is None or number not in track:
            continue
        unit = UnitKey(one.institution_code, track[number], one.plan_nature or "")
        majors = tuple(code for code in one.majors if (unit, code) in offered)
        rows.append(
            ChoiceRow(
                number,
                unit.institution_code,
                unit.plan_nature,
                majors,
                one.accepts_adjustment is True,
            )
        )
    return rows
