"""Simulated candidates for the demo: they sign in and file through the same desk as everybody."""

import asyncio
import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from importers.candidates import Candidates
from importers.choices import Choices
from importers.province_files import choice_rows
from ranking.book import NO_UNIT
from ranking.standing import Status
from service.board import RoundBoard
from service.errors import Refusal
from service.filing import FilingDesk, Wish
from web.deps import Services

ALREADY_FILED = 0.7
"""Share of the candidates who hold a choice when the first visitor comes."""

NEARBY = 40
"""How many places in the score order a simulated candidate looks around for a unit to move to."""

NEAR_A_VISITOR = 0.6
"""Share of the actions that can move a visitor's rank."""

ABOVE = 120
"""How many places above a visitor those come from who move there or away."""

CLOSED = ("segment-closed", "create-locked", "not-open", "wrong-track", "unknown-unit")
"""What a simulated candidate who tries too late, or at a border of tracks, is told."""

VISITORS = 3

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Actor:
    """A simulated candidate: who, with which code, wishing for what at first."""

    candidate_id: int
    candidate_no: str
    code: str
    wish: Wish


class Simulation:
    """Files for a whole province, save the few candidates kept for visitors."""

    def __init__(self, at: Services, round_code: str, actors: Sequence[Actor], seed: int) -> None:
        """`actors` in order of filing score, highest first, track by track."""
        self._at = at
        self._round_code = round_code
        self._actors = list(actors)
        self._random = random.Random(seed)  # noqa: S311 a simulation, not a secret
        self._signed_in: set[int] = set()
        self._visitors: list[Actor] = []

    async def fill(self) -> None:
        """The choices that were filed before the first visitor came."""
        early = [a for a in self._actors if self._random.random() < ALREADY_FILED]
        await file_all(self._at.desk, self._round_code, early)
        await self._at.board.catch_up()

    def keep_for_visitors(self) -> list[Actor]:
        """Three candidates whose place is worth watching; the simulation leaves them alone.

        They hold a choice in a unit that more want than it seats, close late, and stand one inside
        the plan, one on or near its edge, one outside.
        """
        one = self._board
        calendar = one.terms.calendar
        late = calendar.segments[len(calendar.segments) // 2].locked_from if calendar else None
        found: dict[Status, tuple[int, Actor]] = {}
        now = one.computed().standings
        for actor in self._actors:
            row = one.row_by_candidate[actor.candidate_id]
            unit = int(one.book.unit[row])
            if unit == NO_UNIT or (late is not None and one.book.roll.filing[row] >= late):
                continue
            plan, applicants = int(one.book.plan.seats[unit]), int(now.applicants[unit])
            if not 8 <= plan <= 120 or applicants <= plan:
                continue
            status = Status(now.status[row])
            score = abs(int(now.rank[row]) - plan * 3 // 4)
            if status not in found or score < found[status][0]:
                found[status] = (score, actor)
        chosen = [actor for _, actor in sorted(found.values(), key=lambda pair: pair[0])][:VISITORS]
        spare = (a for a in reversed(self._actors) if a not in chosen and self._holds(a))
        while len(chosen) < VISITORS:
            chosen.append(next(spare))
        self._visitors = chosen
        return chosen

    async def run(self, actions_per_second: float) -> None:
        """Act until cancelled: file late, move on, and often move where a visitor watches."""
        while True:
            await asyncio.sleep(self._random.expovariate(actions_per_second))
            if self._visitors and self._random.random() < NEAR_A_VISITOR:
                actor, wish = self._near(self._random.choice(self._visitors))
            else:
                actor = self._random.choice(self._actors)
                wish = self._another(actor) if self._holds(actor) else actor.wish
            if actor in self._visitors:
                continue
            try:
                await self._act(actor, wish)
            except Refusal as refusal:
                if refusal.code not in CLOSED:
                    _log.warning("simulation_refused", code=refusal.code)

    async def _act(self, actor: Actor, wish: Wish) -> None:
        if actor.candidate_id not in self._signed_in:
            await self._at.accounts.sign_in(actor.candidate_no, actor.code, "demo")
            self._signed_in.add(actor.candidate_id)
        await self._file(actor, wish)

    def _near(self, visitor: Actor) -> tuple[Actor, Wish]:
        """Somebody with a higher score who leaves the visitor's unit, or comes to it."""
        place = self._actors.index(visitor)
        above = self._actors[max(0, place - ABOVE) : place] or [visitor]
        unit = self._unit(visitor)
        there = [actor for actor in above if self._unit(actor) == unit]
        crowded = len(there) > self._board.book.plan.seats[unit]
        if there and self._random.random() < (0.7 if crowded else 0.4):
            actor = self._random.choice(there)
            return actor, self._another(actor)
        return self._random.choice(above), visitor.wish

    def _another(self, actor: Actor) -> Wish:
        """What somebody of about the same score wished for."""
        place = self._actors.index(actor)
        return self._random.choice(self._actors[max(0, place - NEARBY) : place + NEARBY]).wish

    def _unit(self, actor: Actor) -> int:
        return int(self._board.book.unit[self._board.row_by_candidate[actor.candidate_id]])

    def _holds(self, actor: Actor) -> bool:
        return self._unit(actor) != NO_UNIT

    async def _file(self, actor: Actor, wish: Wish) -> None:
        await file_one(self._at.desk, self._round_code, actor, wish)

    @property
    def _board(self) -> RoundBoard:
        return self._at.board.rounds[self._round_code]


async def file_one(desk: FilingDesk, round_code: str, actor: Actor, wish: Wish) -> None:
    """File a wish at the desk, as any request would."""
    key = secrets.token_hex(8)
    await desk.file(actor.candidate_id, round_code, wish, None, key, "simulation")


async def file_all(desk: FilingDesk, round_code: str, actors: Sequence[Actor]) -> None:
    """File everybody's first wish, some hundred at a time."""
    for start in range(0, len(actors), 200):
        part = actors[start : start + 200]
        await asyncio.gather(*(file_one(desk, round_code, actor, actor.wish) for actor in part))


def wishes_of(choices: Choices) -> dict[str, Wish]:
    """What each candidate of a choices file wishes for, by number."""
    return {
        row.candidate_no: Wish(
            row.institution_code, row.plan_nature, row.majors, row.accepts_adjustment
        )
        for row in choice_rows(choices)
    }


def actors_of(one: RoundBoard, people: Candidates, wishes: dict[str, Wish]) -> list[Actor]:
    """Everybody with a wish, track by track, in order of filing score."""
    candidate_by_row = {row: candidate for candidate, row in one.row_by_candidate.items()}
    ident = one.book.roll.ident.tolist()
    rows = sorted(range(len(ident)), key=lambda row: (int(one.book.roll.track[row]), row))
    return [
        Actor(candidate_by_row[row], number, people.initial_code[ident[row]], wishes[number])
        for row in rows
        if (number := people.candidate_no[ident[row]]) in wishes
    ]
