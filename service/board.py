"""The board: the log folded up to one seq, as columns in memory.

A reader: it can be thrown away and rebuilt. Every worker that has folded the same seq holds the
same columns, and so computes the same standings.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from ranking.book import NO_MAJOR, NO_UNIT, Int
from ranking.current import Current
from ranking.lists import Lists
from ranking.outcomes import lowest_admitted
from ranking.outlook import Gates, OneOutlook, Outlook, outlook, outlook_of
from ranking.regimes import admit
from ranking.standing import Standing, Standings, standing_of
from ranking.terms import terms_of
from service.book import RoundRead, read_rounds
from service.events import CHOICES, GATES, IMPORTS, Event, Growth
from service.store import log
from service.store.choices import Listed
from service.store.engine import Connection, Engine, reading
from service.wishes import MajorWishes, listed_by

PATIENCE_S = 0.02
"""How long a commit that others have overtaken may be late before the database is asked."""

EARLY_LIMIT = 10_000
"""How far ahead of the board a commit is kept that was heard of before those in between."""


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

    def __init__(self, read: RoundRead, loaded_at: int) -> None:
        """A board of what was read at seq `loaded_at`."""
        self.terms = read.terms
        self.passed = read.passed
        self.version = 0
        self.loaded_at = loaded_at
        self.book, self.ties = read.book()
        self.row_by_candidate: dict[int, int] = dict(
            zip(read.roster.id.tolist(), self.book.roll.row_of().tolist(), strict=True)
        )
        self.unit_index = {unit.id: n for n, unit in enumerate(self.terms.units)}
        majors = [major.id for unit in self.terms.units for major in unit.majors]
        self.major_index = {major_id: n for n, major_id in enumerate(majors)}
        self.wishes = MajorWishes(len(self.book.roll), self.terms.file.rules.majors_per_choice)
        for one in read.listed:
            self._list(one)
        self._lists = Lists(self.book)
        self._current = Current(self.book)
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

    def knows(self, event: Event) -> bool:
        """Whether all that a choice names is of this round."""
        return (
            (event.candidate_id is None or event.candidate_id in self.row_by_candidate)
            and (event.unit_id is None or event.unit_id in self.unit_index)
            and (event.first_major_id is None or event.first_major_id in self.major_index)
        )

    def fold(self, event: Event) -> None:
        """Take in one event of this round."""
        if event.kind in CHOICES and event.candidate_id is not None:
            self.place(event.candidate_id, event.unit_id, event.first_major_id)
            self._list(listed_by(event))
        elif event.kind in GATES:
            self.passed.add(str((event.body or {})["gate"]))
            self.version += 1

    def _list(self, one: Listed) -> None:
        """Write what a choice lists; a major that has left the plan is passed over."""
        majors = [self.major_index[m] for m in one.majors if m in self.major_index]
        self.wishes.put(self.row_by_candidate[one.candidate_id], majors, one.accepts_adjustment)

    def projected(self) -> Int:
        """The lowest score that each major would admit if filing closed now; see `lowest_admitted`.

        By the function that decides the round, on the published plan. RULES.md 2, 5.
        """
        plan, roll, rules = self.book.plan, self.book.roll, self.terms.file.rules
        codes = [major.code for unit in self.terms.units for major in unit.majors]
        forms, terms = self.wishes.forms(self.book.unit), terms_of(plan, rules, codes)
        placed = admit(rules.regime, plan, roll, forms, terms, self.ties)
        return lowest_admitted(plan, roll, placed)

    def computed(self) -> Computed:
        """Everybody's standing now; computed once for each version, and written again by the next."""
        if self._computed is None or self._computed[0] != self.version:
            now = self._current.standings()
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
    """All rounds, at one seq.

    Two roads lead here: commits heard of as they happen, and looks at the database, which alone
    prove that nothing is missing. Both fold the same events in the same order.
    """

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock
        self._looking = asyncio.Lock()
        self._early: dict[int, Event] = {}
        self._told = 0
        self._grew = asyncio.Event()
        self.seq = -1
        self.epoch = ""
        self.as_of = clock()
        self.rounds: dict[str, RoundBoard] = {}
        self._code_by_id: dict[int, str] = {}

    @property
    def warm(self) -> bool:
        """Whether the board has been built."""
        return self.seq >= 0

    @property
    def lacks(self) -> bool:
        """Whether more was heard of than could be folded since the last look."""
        return self._told > self.seq

    def hear(self, news: Growth | int) -> None:
        """Fold a commit that was carried here, or note that the log reaches a seq.

        Commits may come twice, late or in any order: an event is folded when it is the next, kept
        while those before it are missing, dropped when it is folded already. What cannot be folded
        (a hole, an import, another history) is left to the next look; see `lacks`.
        """
        if isinstance(news, int):
            self._told = max(self._told, news)
            return
        if news.epoch != self.epoch:
            self._told = max(self._told, self.seq + 1)
            return
        for event in news.events:
            self._told = max(self._told, event.seq)
            if self.seq < event.seq <= self.seq + EARLY_LIMIT:
                self._early[event.seq] = event
        self._fold_heard()

    def _fold_heard(self) -> None:
        """Fold what was heard, as far as it goes on from here without a hole; wake who waits."""
        while (event := self._early.get(self.seq + 1)) is not None:
            if not self._can_fold(event):
                break
            del self._early[event.seq]
            self._fold([event])
            self.seq = event.seq
            self.as_of = max(self.as_of, min(event.at, self._clock()))
        self._grew.set()
        self._grew.clear()

    def _can_fold(self, event: Event) -> bool:
        """Whether an event says all that a fold needs, of what the board knows."""
        one = self._round_of(event)
        known = event.round_id is None if one is None else one.knows(event)
        return known and event.kind not in IMPORTS

    async def catch_up(self) -> None:
        """Look at the database, and fold what the log has that the board has not.

        A log of another epoch, or one that is shorter than what was folded, is another history:
        the board is built anew from it.
        """
        async with self._looking:
            await self._catch_up()

    async def reached(self, seq: int) -> None:
        """Return when `seq` is folded: for a request that must see its own effect."""
        if self.seq < seq <= self._told:
            await self._filled(seq)
        if self.seq >= seq:
            return
        async with self._looking:
            if self.seq < seq:  # one reader's look serves all who wait behind it
                await self._catch_up()

    async def _filled(self, seq: int) -> None:
        """Give the commits that `seq` has overtaken a moment to come by themselves."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while self.seq < seq:
                    await self._grew.wait()

    async def _catch_up(self) -> None:
        """Look once. Commits go on being heard and folded meanwhile, until the seq of an import."""
        asked_at, known, heard = self._clock(), self.seq, list(self._early)
        self._told = known
        async with reading(self._engine) as connection:
            head = await log.read_head(connection)
            anew = head.epoch != self.epoch or head.seq < known
            events = [] if anew else await _news(connection, known, head.seq)
            changed = {e.round_id for e in events if e.kind in IMPORTS}
            read = await read_rounds(connection, None if anew else changed)
        fresh = [await asyncio.to_thread(RoundBoard, one, head.seq) for one in read]
        # nothing waits from here on: a reader has the state before or after, each with its own seq
        self._take(fresh, anew=anew)
        self._fold(events)
        self.seq = head.seq if anew else max(self.seq, head.seq)
        self.epoch = head.epoch
        self.as_of = max(self.as_of, asked_at)
        # what was heard before the look is in it, or was never in this log
        dropped = self._early if anew else {*heard, *range(known, head.seq + 1)}
        self._early = {seq: e for seq, e in self._early.items() if seq not in dropped}
        self._fold_heard()

    def _take(self, fresh: list[RoundBoard], *, anew: bool) -> None:
        """Put rounds just built in the place of what was held of them, or of everything."""
        before = self.rounds
        taken = {one.terms.file.code: one for one in fresh}
        for code, one in taken.items():
            if code in before:
                one.version += before[code].version + 1
        self.rounds = taken if anew else {**before, **taken}
        self._code_by_id = {one.terms.round_id: code for code, one in self.rounds.items()}

    def _fold(self, events: list[Event]) -> None:
        """Fold events of the log in order, less those that were heard of while it was read.

        An import is folded already, by the round built after it.
        """
        for event in events:
            one = self._round_of(event)
            if one is not None and max(one.loaded_at, self.seq) < event.seq:
                one.fold(event)

    def _round_of(self, event: Event) -> RoundBoard | None:
        return self.rounds.get(self._code_by_id.get(event.round_id or 0, ""))


async def _news(connection: Connection, after: int, end: int) -> list[Event]:
    """The events after `after` up to `end`."""
    events: list[Event] = []
    while (reached := events[-1].seq if events else after) < end:
        events += await log.follow(connection, reached)
    return events
