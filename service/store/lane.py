"""Whole transactions in one step, for what is asked thousands of times a second.

On SQLite a lane is a thread with a plain connection of its own: crossing to another thread once for
a transaction, not four times for each statement, is what makes a group cheap. On PostgreSQL the
driver is asynchronous by itself.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.store.engine import (
    LANE_CACHE_KIB,
    lock_head,
    prepare_sqlite,
    reading,
    writing,
    writing_now,
)

Result = TypeVar("Result")

_BLAMED = ("22", "23")
"""Classes of SQLSTATE that a statement's own data cause: data exceptions and broken constraints."""


class Lane:
    """Runs transactions one after the other; a writing one holds the head's lock."""

    def __init__(self, engine: AsyncEngine, name: str, *, writes: bool) -> None:
        self._engine = engine
        self._name = name
        self._writes = writes
        self._opened: tuple[ThreadPoolExecutor, Engine] | None = None

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """What `work` returns, after everything it wrote is committed.

        Raises:
            DatabaseFault, or whatever `work` raised; nothing was written then, unless the commit's
            own answer was lost.
        """
        if self._engine.dialect.name != "sqlite":
            begun = writing(self._engine) if self._writes else reading(self._engine)
            async with begun as connection:
                return await connection.run_sync(work)
        if self._opened is None:
            url = self._engine.url.set(drivername="sqlite+pysqlite")
            plain = create_engine(url, pool_size=1, hide_parameters=True)
            prepare_sqlite(plain, LANE_CACHE_KIB)
            self._opened = (ThreadPoolExecutor(1, self._name), plain)
        thread, plain = self._opened
        return await asyncio.get_running_loop().run_in_executor(
            thread, lambda: self._in_thread(plain, work)
        )

    def _in_thread(self, plain: Engine, work: Callable[[Connection], Result]) -> Result:
        with plain.connect() as connection:
            if self._writes:
                with writing_now(connection) as writer:
                    lock_head(writer)
                    return work(writer)
            with connection.begin():
                return work(connection)

    async def close(self) -> None:
        """End the thread and its connection; a later `run` makes new ones."""
        if self._opened is None:
            return
        (thread, plain), self._opened = self._opened, None
        await asyncio.get_running_loop().run_in_executor(thread, plain.dispose)
        thread.shutdown()


def blames_a_request(fault: Exception) -> bool:
    """Whether what was asked caused the fault: the database's reach, space or locks did not."""
    if isinstance(fault, DataError | IntegrityError | ProgrammingError):
        return True
    if isinstance(fault, DBAPIError):
        return str(getattr(fault.orig, "sqlstate", "") or "")[:2] in _BLAMED
    return not isinstance(fault, SQLAlchemyError | OSError)
