"""Keeps the board at the log's end, and does what the clock says: gates and publications."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from service import views
from service.board import Board, RoundBoard
from service.filing import FilingDesk
from service.publishing import Publisher, publication_times
from service.push.bus import Bus
from service.store.engine import DatabaseFault

_log = structlog.get_logger(__name__)


class Follower:
    """Follows the log: at every announcement, and at every tick without one."""

    def __init__(self, board: Board, bus: Bus, tick_s: float) -> None:
        self._board = board
        self._bus = bus
        self._tick_s = tick_s

    async def run(self) -> None:
        """Follow until cancelled. A database out of reach is logged and tried again next tick."""
        while True:
            await self._bus.heard(self._tick_s)
            try:
                await self._board.catch_up()
            except (DatabaseFault, OSError) as fault:
                _log.error("log_unreachable", fault=type(fault).__name__)
                await asyncio.sleep(self._tick_s)


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
