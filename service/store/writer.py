"""The desk's own way to the database: a whole writing transaction in one step.

On SQLite a transaction runs in a thread of its own, over a plain connection: crossing to another
thread once for a group, not once for each statement, is what makes a group cheap. On PostgreSQL the
driver is asynchronous by itself.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.store.engine import lock_head, prepare_sqlite, writing, writing_now

Result = TypeVar("Result")
SyncConnection = Connection

_BLAMED = ("22", "23")
"""Classes of SQLSTATE that a statement's own data cause: data exceptions and broken constraints."""


class Writer:
    """Runs writing transactions one after the other, each under the head's lock."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._thread: ThreadPoolExecutor | None = None
        self._plain: Engine | None = None

    def open(self) -> None:
        """Start the thread, where the store is SQLite."""
        if self._engine.dialect.name != "sqlite":
            return
        url = self._engine.url.set(drivername="sqlite+pysqlite")
        self._plain = prepare_sqlite(create_engine(url, pool_size=1, hide_parameters=True))
        self._thread = ThreadPoolExecutor(1, "filing-desk")

    async def close(self) -> None:
        """End the thread and its connection."""
        if self._thread is None or self._plain is None:
            return
        await asyncio.get_running_loop().run_in_executor(self._thread, self._plain.dispose)
        self._thread.shutdown()
        self._thread = self._plain = None

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """What `work` returns, after everything it wrote is committed.

        Raises:
            DatabaseFault, or whatever `work` raised; nothing was written then, unless the commit's
            own answer was lost.
        """
        if self._thread is None:
            async with writing(self._engine) as connection:
                return await connection.run_sync(work)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._in_thread, work)

    def _in_thread(self, work: Callable[[Connection], Result]) -> Result:
        if self._plain is None:
            raise AssertionError("the writer is closed")
        with self._plain.connect() as plain, writing_now(plain) as connection:
            lock_head(connection)
            return work(connection)


def blames_a_request(fault: Exception) -> bool:
    """Whether what was asked caused the fault: the database's reach, space or locks did not."""
    if isinstance(fault, DataError | IntegrityError | ProgrammingError):
        return True
    if isinstance(fault, DBAPIError):
        return str(getattr(fault.orig, "sqlstate", "") or "")[:2] in _BLAMED
    return not isinstance(fault, SQLAlchemyError | OSError)
