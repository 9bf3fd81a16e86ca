"""Keeps the board at the log's end, and does what the clock says: gates and publications."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import structlog

from service import views
from service.board import PATIENCE_S, Board, RoundBoard
from service.events import Growth
from service.filing import FilingDesk
from service.publishing import Publisher, publication_times
from service.store.engine import DatabaseFault

_log = structlog.get_logger(__name__)


class Follower:
    """Follows the log: hears of commits as they happen, and looks at the database at every tick.

    Only a look proves that nothing is missing, and so only looks are needed for the truth; hearing
    makes it quick, and spares the database a question for every commit from every worker.
    """

    def __init__(self, board: Board, tick_s: float) -> None:
        self._board = board
        self._tick_s = tick_s
        self._lacking = asyncio.Event()

    def hear(self, news: Growth | int) -> None:
        """Take in a commit, or that the log reaches a seq; what is missing is looked up soon."""
        self._board.hear(news)
        if self._board.lacks:
            self._lacking.set()

    async def run(self) -> None:
        """Follow until cancelled. A database out of reach is logged and tried again next tick."""
        while True:
            await self._due()
            try:
                await self._board.catch_up()
            except (DatabaseFault, OSError) as fault:
                _log.error("log_unreachable", fault=type(fault).__name__)
                await asyncio.sleep(self._tick_s)

    async def _due(self) -> None:
        """Return at the next tick, or sooner if a commit is missing and does not come by itself."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._tick_s):  # wait_for of 3.11 may swallow a cancellation
                while True:
                    await self._lacking.wait()
                    self._lacking.clear()
                    await asyncio.sleep(PATIENCE_S)
                    if self._board.lacks:
                        return


class Timekeeper:
    """Writes gates and publications when their instant has come. Any worker may; one succeeds."""

    def __init__(
        self,
        board: Board,
        desk: FilingDesk,
        publisher: Publisher,
        clock: Callable[[], datetime],
        tick_s: float,
    ) -> None:
        self._board = board
        self._desk = desk
        self._publisher = publisher
        self._clock = clock
        self._tick_s = tick_s
        self._published: dict[str, datetime] = {}

    async def run(self) -> None:
        """Keep time until cancelled."""
        while True:
            try:
                await self.look()
            except (DatabaseFault, OSError) as fault:
                _log.error("timekeeper_failed", fault=type(fault).__name__)
            await asyncio.sleep(self._tick_s)

    async def look(self) -> None:
        """Do what is due now."""
        now = self._clock()
        boards = list(self._board.rounds.values())
        if any(one.terms.calendar and one.terms.calendar.due(now, one.passed) for one in boards):
            await self._desk.pass_gates()
            await self._board.catch_up()
        for one in boards:
            await self._publish(one, now)

    async def _publish(self, one: RoundBoard, now: datetime) -> None:
        if one.terms.calendar is None:
            return
        code, round_id = one.terms.file.code, one.terms.round_id
        due = [at for at in publication_times(one.terms.calendar.schedule) if at <= now]
        if not due or self._published.get(code) == due[-1]:
            return
        number, at = await self._publisher.newest(round_id)
        if at is None or at < due[-1]:
            await self._board.catch_up()
            window = await self._publisher.window(round_id, self._board.seq)
            content = views.statistics_now(self._board, code, number + 1, window)
            if await self._publisher.publish(round_id, number + 1, content):
                _log.info("statistics_published", round=code, number=number + 1, seq=content["seq"])
        self._published[code] = due[-1]
