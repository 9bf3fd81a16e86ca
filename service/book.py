"""What a round's board is made of: everything the database has of it, as columns.

Reading waits for the database and is done in pieces; making a book of it is pure computation, so
that a whole province can be built anew in a thread while its old book goes on being read.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from importers.book_files import tie_keys
from importers.draws import draw_numbers
from ranking.book import Book, Draw, Int, Plan, Roll, empty_book, make_roll
from ranking.terms import Ties, tie_ranks
from service.errors import StoreError
from service.store import admission, choices, people, rounds
from service.store.choices import NO_FIRST_MAJOR, HeldColumns, Listed
from service.store.engine import Connection
from service.store.people import Roster
from service.terms import Terms


@dataclass(frozen=True, slots=True)
class RoundRead:
    """A round as the database had it in one transaction."""

    terms: Terms
    roster: Roster
    passed: set[str]
    held: HeldColumns
    listed: Sequence[Listed]

    def book(self) -> tuple[Book, Ties]:
        """The columns, with everybody's choice in its place, and who goes first among equals."""
        tracks = sorted({u.key.track for u in self.terms.units} | set(self.roster.track))
        number = {track: n for n, track in enumerate(tracks)}
        keys, draw = tie_columns(self.terms, self.roster, number)
        roll = roll_of(self.roster, number, keys, draw)
        book = empty_book(plan_of(self.terms, number), roll)
        units = [unit.id for unit in self.terms.units]
        majors = [major.id for unit in self.terms.units for major in unit.majors]
        held, named = self.held, self.held.first_major_id != NO_FIRST_MAJOR
        rows = book.roll.row_of()[_places(self.roster.id, held.candidate_id)]
        book.unit[rows] = _places(np.array(units, np.int32), held.unit_id)
        book.first_major[rows[named]] = _places(
            np.array(majors, np.int32), held.first_major_id[named]
        )
        return book, tie_ranks(roll, keys, draw)


async def read_rounds(
    connection: Connection, wanted: Collection[int | None] | None
) -> list[RoundRead]:
    """The rounds with these row ids; None: all."""
    found = [
        await rounds.read_terms(connection, code)
        for code, (round_id, _) in (await rounds.revisions(connection)).items()
        if wanted is None or round_id in wanted
    ]
    passed = await rounds.passed_gates(connection) if found else {}
    return [
        await _read(connection, terms, passed.get(terms.round_id, set()))
        for terms in found
        if terms is not None
    ]


async def _read(connection: Connection, terms: Terms, passed: set[str]) -> RoundRead:
    """A round without those who were admitted in an earlier one of the season. RULES.md 5.6."""
    gone = await admission.gone_before(connection, terms)
    held = await choices.held_in(connection, terms.round_id)
    listed = await choices.listed_in(connection, terms.round_id)
    return RoundRead(
        terms,
        (await people.read_roster(connection, terms.season_id)).without(gone),
        passed,
        held.without(gone),
        [one for one in listed if one.candidate_id not in gone],
    )


def _places(known: Int, asked: Int) -> Int:
    """Where in `known` each of `asked` is.

    Raises:
        StoreError: when one is not there.
    """
    order = np.argsort(known)
    after = np.searchsorted(known, asked, side="right", sorter=order)
    if np.any(after == 0):
        raise StoreError("a choice is held of what the round does not have")
    places = order[after - 1]
    if np.any(known[places] != asked):
        raise StoreError("a choice is held of what the round does not have")
    return places.astype(np.int32)


def plan_of(terms: Terms, track_number: Mapping[str, int]) -> Plan:
    """The plan's columns; unit and major indices follow the order of `terms.units`."""
    rules = terms.file.rules
    majors = [(n, m.quota) for n, unit in enumerate(terms.units) for m in unit.majors]
    return Plan(
        keys=tuple(unit.key for unit in terms.units),
        track=np.array([track_number[u.key.track] for u in terms.units], np.int16),
        seats=np.array([u.plan for u in terms.units], np.int32),
        ratio=np.array([rules.ratio_of(u.key) for u in terms.units], np.int32),
        strict=np.array([rules.strict(u.key) for u in terms.units], np.bool_),
        major_unit=np.array([unit for unit, _ in majors], np.int32),
        major_quota=np.array([quota for _, quota in majors], np.int32),
    )


def tie_columns(
    terms: Terms, roster: Roster, track_number: Mapping[str, int]
) -> tuple[Int | None, Draw]:
    """The tie-break keys of everybody's own track, and the published draw. RULES.md 5.5."""
    rules = terms.file.rules
    track = np.array([track_number[t] for t in roster.track], np.int16)
    subjects = roster.subjects({name for names in rules.tie_break.values() for name in names})
    keys = tie_keys(subjects, track, track_number, rules)
    return keys, draw_numbers(rules.draw_seed, roster.number)


def roll_of(
    roster: Roster, track_number: Mapping[str, int], tie_keys: Int | None, draw: Draw
) -> Roll:
    """The candidates in ranking order: tie-break keys by track, then the published draw."""
    return make_roll(
        filing=roster.exam + roster.bonus,
        exam=roster.exam,
        track=np.array([track_number[t] for t in roster.track], np.int16),
        tie_keys=tie_keys,
        draw=draw,
    )
