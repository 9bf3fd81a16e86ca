"""The board: the log folded up to one seq, as columns in memory.

A reader: it can be thrown away and rebuilt. Every worker that has folded the same seq holds the
same columns, and so computes the same standings.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import numpy as np

from importers.book_files import tie_keys
from importers.draws import draw_numbers
from ranking.book import NO_MAJOR, NO_UNIT, Plan, Roll, empty_book, make_roll
from ranking.lists import Lists
from ranking.outlook import Gates, OneOutlook, Outlook, outlook, outlook_of
from ranking.standing import Standing, Standings, standing_of, standings
from service.events import CHOICES, IMPORTS, Event
from service.store import admission, choices, log, people, rounds
from service.store.engine import Connection, Engine, reading
from service.store.people import Roster
from service.terms import Terms

Held: TypeAlias = tuple[int, int, int | None]
"""A choice as (candidate id, unit id, first major id)."""


@dataclass(frozen=True, slots=True)
class Computed:
    """Everybody's standing and certainty of one round at one of its versions."""

    standings: Standings
    outlook: Outlook


class RoundBoard:
    """One round: its terms, its book, the gates that have passed.

    The book is kept twice: as columns, from which everybody's standing is computed at once, and as
    sorted lists, which answer one person in microseconds while nobody needs the rest.
    `version` grows with every change that a standing could show; `loaded_at` is the seq of the
    state it was read from, so earlier events are in it already.
    """

    def __init__(
        self,
        terms: Terms,
        roster: Roster,
        passed: set[str],
        held: Iterable[Held],
        loaded_at: int,
    ) -> None:
        tracks = sorted({u.key.track for u in terms.units} | set(roster.track))
        number = {track: n for n, track in enumerate(tracks)}
        self.terms = terms
        self.passed = passed
        self.version = 0
        self.loaded_at = loaded_at
        self.book = empty_book(plan_of(terms, number), roll_of(terms, roster, number))
        self.row_by_candidate: dict[int, int] = dict(
            zip(roster.id.tolist(), self.book.roll.row_of().tolist(), strict=True)
        )
        self.unit_index = {unit.id: n for n, unit in enumerate(terms.units)}
        self.major_index: dict[int, int] = {}
        for unit in terms.units:
            for major in unit.majors:
                self.major_index[major.id] = len(self.major_index)
        for candidate_id, unit_id, first_major_id in held:
            row = self.row_by_candidate[candidate_id]
            self.book.unit[row], self.book.first_major[row] = self._place(unit_id, first_major_id)
        self._lists = Lists(self.book)
        self._computed: tuple[int, Computed] | None = None

    @property
    def gates(self) -> Gates:
        """What the gates that have passed decide about certainty."""
        calendar = self.terms.calendar
        return Gates(
            locked_from=None if calendar is None else calendar.locked_from(self.passed),
            creation_closed="create_lock" in self.passed,
        )

    def place(self, candidate_id: int, unit_id: int | None, first_major_id: int | None) -> None:
        """Write one choice, or its withdrawal, into the columns."""
        row = self.row_by_candidate[candidate_id]
        self._lists.move(row, *self._place(unit_id, first_major_id))
        self.version += 1

    def _place(self, unit_id: int | None, first_major_id: int | None) -> tuple[int, int]:
        return (
            NO_UNIT if unit_id is None else self.unit_index[unit_id],
            NO_MAJOR if first_major_id is None else self.major_index[first_major_id],
        )

    def fold(self, event: Event) -> None:
        """Take in one event of this round."""
        if event.kind in CHOICES and event.candidate_id is not None:
            self.place(event.candidate_id, event.unit_id, event.first_major_id)
        elif event.body is not None and "gate" in event.body:
            self.passed.add(str(event.body["gate"]))
            self.version += 1

    def computed(self) -> Computed:
        """Everybody's standing now; computed once for each version."""
        if self._computed is None or self._computed[0] != self.version:
            now = standings(self.book)
            self._computed = (self.version, Computed(now, outlook(self.book, now, self.gates)))
        return self._computed[1]

    def own(self, row: int) -> tuple[Standing, OneOutlook]:
        """What one who holds a choice is told now: from everybody's, where that is computed."""
        if self._computed is not None and self._computed[0] == self.version:
            now = self._computed[1]
            return standing_of(self.book, now.standings, row), outlook_of(now.outlook, row)
        return self.supposed(row, int(self.book.unit[row]), int(self.book.first_major[row]))

    def supposed(self, row: int, unit: int, first_major: int) -> tuple[Standing, OneOutlook]:
        """What one would be told after moving there; nothing is moved."""
        facts = self._lists.standing(row, unit, first_major)
        return facts, self._lists.outlook(facts, row, unit, self.gates)


class Board:
    """All rounds, at one seq."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock
        self._folding = asyncio.Lock()
        self.seq = -1
        self.epoch = ""
        self.as_of = clock()
        self.rounds: dict[str, RoundBoard] = {}
        self._code_by_id: dict[int, str] = {}

    @property
    def warm(self) -> bool:
        """Whether the board has been built."""
        return self.seq >= 0

    async def catch_up(self) -> None:
        """Fold what the log has that the board has not.

        A log of another epoch, or one that is shorter than what was folded, is another history:
        the board is built anew from it.
        """
        async with self._folding:
            await self._catch_up()

    async def reached(self, seq: int) -> None:
        """Return when `seq` is folded: for a request that must see its own effect."""
        if self.seq >= seq:
            return
        async with self._folding:
            if self.seq < seq:  # one reader's look serves all who wait behind it
                await self._catch_up()

    async def _catch_up(self) -> None:
        asked_at = self._clock()
        async with reading(self._engine) as connection:
            head = await log.read_head(connection)
            anew = head.epoch != self.epoch or head.seq < self.seq
            events = [] if anew else await self._news(connection, head.seq)
            imported = {e.round_id for e in events if e.kind in IMPORTS}
            fresh = [
                await _read_round(connection, code, head.seq)
                for code, (round_id, _) in (await rounds.revisions(connection)).items()
                if anew or round_id in imported
            ]
        # nothing waits from here on: a reader has the state before or after, each with its own seq
        self._take([one for one in fresh if one is not None], anew=anew)
        self._fold(events)
        self.seq, self.epoch = head.seq, head.epoch
        self.as_of = max(self.as_of, asked_at)

    async def _news(self, connection: Connection, end: int) -> list[Event]:
        """The events after the board's seq up to `end`."""
        events: list[Event] = []
        while (after := events[-1].seq if events else self.seq) < end:
            events += await log.follow(connection, after)
        return events

    def _take(self, fresh: list[RoundBoard], *, anew: bool) -> None:
        """Put rounds just read in the place of what was held of them, or of everything."""
        before = self.rounds
        taken = {one.terms.file.code: one for one in fresh}
        for code, one in taken.items():
            if code in before:
                one.version += before[code].version + 1
        self.rounds = taken if anew else {**before, **taken}
        self._code_by_id = {one.terms.round_id: code for code, one in self.rounds.items()}

    def _fold(self, events: list[Event]) -> None:
        """Fold events in order; an import is folded already, by the round read after it."""
        for event in events:
            one = self.rounds.get(self._code_by_id.get(event.round_id or 0, ""))
            if one is not None and one.loaded_at < event.seq:
                one.fold(event)


async def _read_round(connection: Connection, code: str, loaded_at: int) -> RoundBoard | None:
    """A round as the database has it, which is its state at seq `loaded_at`."""
    terms = await rounds.read_terms(connection, code)
    if terms is None:
        return None
    passed = await rounds.passed_gates(connection)
    gone = await admission.gone_before(connection, terms)
    roster = (await people.read_roster(connection, terms.season_id)).without(gone)
    held = [one for one in await choices.held_in(connection, terms.round_id) if one[0] not in gone]
    return RoundBoard(terms, roster, passed.get(terms.round_id, set()), held, loaded_at)


def plan_of(terms: Terms, track_number: dict[str, int]) -> Plan:
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


def roll_of(terms: Terms, roster: Roster, track_number: dict[str, int]) -> Roll:
    """The candidates in ranking order: tie-break keys by track, then the published draw."""
    rules = terms.file.rules
    track = np.array([track_number[t] for t in roster.track], np.int16)
    nothing = np.zeros(len(track), np.int32)
    named = {name for names in rules.tie_break.values() for name in names}
    subjects = {**dict.fromkeys(named, nothing), **roster.subjects}
    strict = any(own.strict for own in rules.units.values())
    return make_roll(
        filing=roster.exam + roster.bonus,
        exam=roster.exam,
        track=track,
        tie_keys=tie_keys(subjects, track, track_number, rules),
        draw=draw_numbers(rules.draw_seed, roster.number) if strict else None,
    )
