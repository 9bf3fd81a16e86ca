"""A round as the four files that the offline commands read, from the log up to one seq.

A reader. Who replays the log, checks an admission or rehearses a round reads the same files as
anybody. Nothing of a person is in them but number, track and scores, which is what ranks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from importers.candidates import Candidates
from importers.columns import TextColumn
from importers.round_file import round_file_toml
from importers.written import ChoiceRow, candidates_csv, choices_csv, plan_csv
from service.errors import Refusal
from service.events import Event
from service.store import log, people, rounds
from service.store.engine import Engine, reading
from service.store.people import Roster
from service.terms import Terms


@dataclass(frozen=True, slots=True)
class Export:
    """plan.csv, candidates.csv, choices.csv and round.toml, by name, as of `seq`."""

    seq: int
    files: Mapping[str, bytes]


async def export_round(engine: Engine, round_code: str, seq: int | None = None) -> Export:
    """The four files of a round: choices as of `seq`, by default the newest; the rest as it is now.

    Raises:
        Refusal: `not-found`.
    """
    async with reading(engine) as connection:
        terms = await rounds.read_terms(connection, round_code)
        if terms is None:
            raise Refusal("not-found", what=round_code)
        until = (await log.read_head(connection)).seq if seq is None else seq
        roster = await people.read_roster(connection, terms.season_id)
        events = await log.choice_events(connection, terms.round_id, 0, until)
    files = {
        "plan.csv": plan_csv(rounds.as_rows(terms)),
        "candidates.csv": candidates_csv(_candidates(roster)),
        "choices.csv": choices_csv(
            _held(terms, roster, events), terms.file.rules.majors_per_choice
        ),
        "round.toml": round_file_toml(terms.file).encode(),
    }
    return Export(until, files)


def _candidates(roster: Roster) -> Candidates:
    nothing = [""] * len(roster.number)
    return Candidates(
        numbers=TextColumn(roster.number),
        tracks=TextColumn(roster.track),
        name=nothing,
        exam=roster.exam,
        bonus=roster.bonus,
        subjects=roster.subjects,
        id_number=nothing,
        phone=nothing,
        initial_code=nothing,
        given=frozenset({"bonus"}),
    )


def _held(terms: Terms, roster: Roster, events: Iterable[Event]) -> list[ChoiceRow]:
    """What everybody holds after these events; a major that is no longer in the plan falls out."""
    newest = {event.candidate_id: event for event in events}
    number = dict(zip(roster.id.tolist(), roster.number, strict=True))
    code = {major.id: major.code for unit in terms.units for major in unit.majors}
    rows = []
    for candidate_id, event in newest.items():
        if candidate_id is None or event.unit_id is None or event.body is None:
            continue
        unit = terms.unit_by_id[event.unit_id].key
        majors = cast("list[int]", event.body["majors"])
        rows.append(
            ChoiceRow(
                candidate_no=number[candidate_id],
                institution_code=unit.institution_code,
                plan_nature=unit.plan_nature,
                majors=tuple(code[one] for one in majors if one in code),
                accepts_adjustment=bool(event.body["accepts_adjustment"]),
            )
        )
    return rows
