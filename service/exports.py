"""A round as the four files that the offline commands read, as of one seq of the log.

A reader: choices come from the receipts given up to that seq, the plan from the edition in force.
Who replays the log, checks an admission or rehearses a round reads the same files as anybody.
Nothing of a person is in them but number, track and scores, which is what ranks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from importers.candidates import Candidates
from importers.columns import TextColumn
from importers.plans import MajorRow
from importers.round_file import round_file_toml
from importers.written import ChoiceRow, candidates_csv, choices_csv, plan_csv
from ranking.rules import UnitKey
from service.errors import Refusal
from service.receipts import Receipt
from service.store import choices, editions, log, people, rounds
from service.store.engine import Engine, reading
from service.store.people import Roster


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
        edition = await editions.as_of(connection, terms.round_id, until)
        if edition is None:
            raise Refusal("not-found", what=f"{round_code}/{until}")
        roster = await people.read_roster(connection, terms.season_id)
        receipts = await choices.receipts_until(connection, terms.round_id, until)
    held = _held(edition.rows, map(Receipt.from_json, receipts), _track_of(roster))
    files = {
        "plan.csv": plan_csv(edition.rows),
        "candidates.csv": candidates_csv(_candidates(roster)),
        "choices.csv": choices_csv(held, terms.file.rules.majors_per_choice),
        "round.toml": round_file_toml(terms.file).encode(),
    }
    return Export(until, files)


def _track_of(roster: Roster) -> dict[str, str]:
    """Everybody's track by candidate number."""
    return dict(zip(roster.number, roster.track, strict=True))


def _candidates(roster: Roster) -> Candidates:
    nothing = [""] * len(roster.number)
    return Candidates(
        numbers=TextColumn(roster.number),
        tracks=TextColumn(roster.track),
        name=nothing,
        exam=roster.exam,
        bonus=roster.bonus,
        subjects=roster.subjects(roster.subject_names()),
        id_number=nothing,
        phone=nothing,
        initial_code=nothing,
        given=frozenset({"bonus"}),
    )


def _held(
    plan: Iterable[MajorRow], receipts: Iterable[Receipt], track: Mapping[str, str]
) -> list[ChoiceRow]:
    """What everybody holds after these receipts; a major that is not in the plan falls out."""
    offered = {(row.unit, row.major_code) for row in plan}
    newest = {receipt.candidate_no: receipt for receipt in receipts}
    rows = []
    for number, one in newest.items():
        if one.institution_code is None:
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
