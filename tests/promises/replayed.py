"""A fixed life of the small round, followed by four: what each ends with, written to stdout.

Run as `python -m tests.promises.replayed URL` on an empty database, in a process of its own, since
what is shown may not depend on the hash seed either.
"""

import asyncio
import random
import sys
from dataclasses import asdict

from service import views
from service.board import Board
from service.errors import Refusal
from service.events import Growth
from service.receipts import canonical
from tests.builders import CANDIDATES, ROUND, Clock, House, load, opened
from tests.service.moves import NUMBERS, TIMES, WISHES, Move

CROWD = [str(1000 + n) for n in range(120)]
PEOPLE = CANDIDATES + "".join(
    f"{number},众,理科,{620 - n // 3 % 30},{n % 3},\n" for n, number in enumerate(CROWD)
)
ACTS = (*["file"] * 6, "withdraw", "import_plan", "import_candidates", "import_round")


def life() -> list[Move]:
    """Fifty moves, ten before each gate."""
    chance = random.Random(2014)
    moves = [
        Move(chance.choice(ACTS), chance.randrange(len(NUMBERS)), chance.randrange(len(WISHES)))
        for _ in range(50)
    ]
    for n in reversed(range(len(TIMES))):
        moves.insert(10 * (n + 1), Move("time", 0, n))
    return moves


class Followers:
    """One who looks after every commit, one who hears each, one who hears all backwards, one late."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.looks, self.hears, self.backwards, self.late = (
            Board(house.engine, house.clock) for _ in range(4)
        )
        self.folded = 0

    async def begin(self) -> None:
        """All but the late one know the round before anything happens."""
        for board in (self.looks, self.hears, self.backwards):
            await board.catch_up()
        self.folded = self.looks.seq

    async def follow(self) -> None:
        """Tell of what is new, each in their own way."""
        news = [
            Growth(self.looks.epoch, [event])
            for event in await self.house.log()
            if event.seq > self.folded
        ]
        self.folded += len(news)
        await self.looks.catch_up()
        for growth in news:
            self.hears.hear(growth)
        for growth in reversed(news):
            self.backwards.hear(growth)
        if self.hears.lacks:
            await self.hears.catch_up()

    async def end(self) -> list[bytes]:
        """What each shows to everybody, when all have seen all."""
        boards = (self.looks, self.hears, self.backwards, self.late)
        for board in boards:
            await board.catch_up()
        return [shown(board, self.house.ids) for board in boards]


def shown(board: Board, ids: dict[str, int]) -> bytes:
    """Everything a board shows to anybody, as canonical JSON."""
    own = {number: views.standing(board, ROUND, candidate) for number, candidate in ids.items()}
    supposed = {number: what_if(board, candidate) for number, candidate in ids.items()}
    public = [views.round_views(board), views.units(board, ROUND)]
    return canonical([own, supposed, *public, views.statistics_now(board, ROUND, 1)])


def what_if(board: Board, candidate_id: int) -> object:
    """Two supposed standings, or why there are none."""
    try:
        keys = views.own_unit_keys(board, ROUND, candidate_id, "E87")
        return views.what_if(board, ROUND, candidate_id, keys)
    except Refusal as refusal:
        return refusal.code


async def replay(url: str) -> list[bytes]:
    """The log, and what the four followers show at its end."""
    clock = Clock()
    await load(url, clock, candidates=PEOPLE)
    async with opened(url, clock) as house:
        followers = Followers(house)
        await followers.begin()
        crowd = zip(CROWD, WISHES * len(CROWD), strict=False)
        await asyncio.gather(*(house.file(n, i, m, nature=p) for n, (i, m, p) in crowd))
        for move in life():
            await followers.follow()
            await move.play(house)
        await followers.follow()
        events = [{**asdict(event), "at": event.at.isoformat()} for event in await house.log()]
        return [canonical(events), *await followers.end()]


if __name__ == "__main__":
    sys.stdout.buffer.write(b"\n".join(asyncio.run(replay(sys.argv[1]))))
