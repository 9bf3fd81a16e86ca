"""One authority for the time. RULES.md 4.

What is decided inside a writing transaction is decided at `instant`; everything else, a countdown
or a heartbeat, is told the same authority's time as nearly as it is known here.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

import structlog

from service.events import from_ms, to_ms
from service.store.engine import DatabaseFault, Engine, PlainConnection, database_time, reading

Clock: TypeAlias = Callable[[], datetime]

MEASURE_EVERY_S = 5.0

_log = structlog.get_logger(__name__)


class DatabaseClock:
    """The database's clock, for workers on many machines: each knows how far its own is off.

    A question and its answer enclose the moment the database named, so the difference lies between
    two bounds. What was known before is kept as far as it lies between them: an answer that was
    long on its way moves nothing.
    """

    def __init__(self, local: Clock) -> None:
        self._local = local
        self._ahead = timedelta(0)

    def __call__(self) -> datetime:
        """The database's time, as nearly as it is known, without asking."""
        return self._local() + self._ahead

    def instant(self, connection: PlainConnection) -> datetime:
        """The database's time, asked for now."""
        asked = self._local()
        named = database_time(connection)
        least, most = named - self._local(), named - asked
        self._ahead = min(max(self._ahead, least), most)
        return named

    async def keep_measuring(self, engine: Engine) -> None:
        """Measure also while nothing is written, until cancelled."""
        while True:
            await asyncio.sleep(MEASURE_EVERY_S)
            try:
                await self.measure(engine)
            except (DatabaseFault, OSError) as fault:
                _log.warning("clock_not_measured", fault=type(fault).__name__)

    async def measure(self, engine: Engine) -> None:
        """Ask once, outside a writing transaction."""
        async with reading(engine) as connection:
            await connection.run_sync(self.instant)


def instant(clock: Clock, connection: PlainConnection) -> datetime:
    """Now, in whole milliseconds, for a decision inside a writing transaction.

    Where the clock is the database's, it is asked while the head is locked: decisions of all
    workers then follow each other as their rows do.
    """
    now = clock.instant(connection) if isinstance(clock, DatabaseClock) else clock()
    return from_ms(to_ms(now))
