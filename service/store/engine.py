"""Engines and the two kinds of transaction: reading, and writing under the head's lock.

On SQLite: WAL, synchronous=FULL, BEGIN IMMEDIATE for a writer. On PostgreSQL: a row lock on the
head. Either way writers queue, so `seq` has no gaps, and a commit is on disk when it returns.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import Engine as SyncEngine
from sqlalchemy import Select, event, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncTransaction,
    create_async_engine,
)
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.schema import Table

from service.settings import Settings
from service.store import schema

Engine: TypeAlias = AsyncEngine
Connection: TypeAlias = AsyncConnection
PlainConnection: TypeAlias = SyncConnection
DatabaseFault: TypeAlias = SQLAlchemyError
"""What a database out of reach, full or read-only raises; the rest of the service names it so."""

Row = TypeVar("Row")

PIECE = 1_000
"""Rows of a large result or import that are taken up at once: some milliseconds."""

POOLED_CACHE_KIB, LANE_CACHE_KIB = 2 * 1024, 16 * 1024
"""Pages that a connection to SQLite keeps: one of the pool's sixteen, and one of the two lanes.

Together 64 MiB. Much more would be the same pages once for each connection, and the kernel
has them in memory anyway.
"""

_WRITES = "mingci_writes"
_MIGRATION_LOCK = 20140715

STILL_AT_MOST_S = 5
"""How long one who holds the head's lock on PostgreSQL may say nothing, and a link take to be made.

A process that is paused or cut off inside a transaction would else stop everybody's filing.
"""

READING_AT_MOST_S = 60
"""The same for an act that reads a whole file under the lock; see `take_time`."""


def open_engine(settings: Settings) -> AsyncEngine:
    """The engine of the configured database; on SQLite the file's folder is made."""
    path = settings.sqlite_path()
    if path is None:
        return create_async_engine(
            settings.database_url,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={
                "timeout": STILL_AT_MOST_S,
                "server_settings": {
                    "idle_in_transaction_session_timeout": f"{STILL_AT_MOST_S * 1000}",
                    "lock_timeout": f"{STILL_AT_MOST_S * 1000}",
                },
            },
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(
        settings.database_url, pool_size=8, max_overflow=8, hide_parameters=True
    )
    prepare_sqlite(engine.sync_engine)
    return engine


def prepare_sqlite(engine: SyncEngine, cache: int = POOLED_CACHE_KIB) -> SyncEngine:
    """Give every connection of a SQLite engine its settings, and begin its transactions.

    `cache` is how many KiB of pages each keeps for itself.
    """

    def prepare(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        _set_pragmas(connection, cache)

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_pragmas(connection: DBAPIConnection, cache: int) -> None:
    connection.isolation_level = None  # the driver must not begin on its own: `_begin_sqlite` does
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=10000",
        f"cache_size=-{cache}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: SyncConnection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@asynccontextmanager
async def _linked(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection; one that cannot be made, or breaks, is a fault of the database like any other.

    asyncpg lets the operating system's own errors through, and SQLAlchemy names only its driver's.
    """
    try:
        async with engine.connect() as connection:
            yield connection
    except OSError as fault:
        raise OperationalError("connect", None, fault) from fault


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction that sees one state of the database throughout, and changes nothing."""
    async with _linked(engine) as plain:
        connection = plain
        if connection.dialect.name == "postgresql":
            connection = await connection.execution_options(isolation_level="REPEATABLE READ")
        async with connection.begin():
            yield connection


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction that holds the head's lock from its first statement to its commit."""
    async with _linked(engine) as plain:
        connection = await plain.execution_options(**{_WRITES: True})
        transaction = await _begun(connection)
        try:
            yield connection
        except BaseException:
            await transaction.rollback()
            raise
        if transaction.is_active:  # not ended by `forget`
            await transaction.commit()


async def _begun(connection: AsyncConnection) -> AsyncTransaction:
    """A transaction that has the head's lock, however long others rightly keep it."""
    while True:
        transaction = await connection.begin()
        try:
            await connection.run_sync(lock_head)
        except DBAPIError as fault:
            await transaction.rollback()
            if getattr(fault.orig, "sqlstate", "") != _LOCK_NOT_AVAILABLE:
                raise
            async with connection.begin():
                await connection.execute(_END_STALLED, {"still_s": STILL_AT_MOST_S})
        except BaseException:
            await transaction.rollback()
            raise
        else:
            return transaction


_LOCK_NOT_AVAILABLE = "55P03"

_END_STALLED = text(
    """
    SELECT pg_terminate_backend(activity.pid)
    FROM pg_stat_activity AS activity JOIN pg_locks AS lock ON lock.pid = activity.pid
    WHERE lock.relation = 'head'::regclass AND lock.granted
      AND activity.state = 'active' AND activity.wait_event = 'ClientRead'
      AND activity.query_start < clock_timestamp() - make_interval(secs => :still_s)
    """
)
"""Ends who holds the head and has stopped between two halves of one statement.

Such a one counts as active, so no timeout of PostgreSQL 15 ends it; it would keep everybody out.
"""


@contextmanager
def writing_now(plain: SyncConnection) -> Iterator[SyncConnection]:
    """The same transaction over a plain connection, in a thread of its own; `lock_head` is next."""
    connection = plain.execution_options(**{_WRITES: True})
    with connection.begin():
        yield connection


def lock_head(connection: SyncConnection) -> None:
    """Take the head's row for this transaction; on SQLite, BEGIN IMMEDIATE has done so."""
    if connection.dialect.name == "postgresql":
        head = schema.head
        connection.execute(select(head.c.seq).where(head.c.id == 1).with_for_update())


@asynccontextmanager
async def alone(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction beside which no other of its kind runs, before there is a head to lock.

    Workers that start together migrate one after the other.
    """
    async with _linked(engine) as plain:
        connection = await plain.execution_options(**{_WRITES: True})
        async with connection.begin():
            if connection.dialect.name == "postgresql":
                await connection.execute(text("SET LOCAL lock_timeout = 0"))
                await connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            yield connection


async def read_columns(connection: AsyncConnection, query: Select[Any]) -> list[list[Any]]:
    """A large result, each column a list; read in pieces, so that others have their turn between."""
    columns: list[list[Any]] = [[] for _ in query.selected_columns]
    async with connection.stream(query) as result:
        async for rows in result.partitions(PIECE):
            for column, more in zip(columns, zip(*rows, strict=True), strict=True):
                column.extend(more)
    return columns


async def take_time(connection: AsyncConnection) -> None:
    """Let this transaction say nothing for a minute, because a file is read in the midst of it."""
    if connection.dialect.name == "postgresql":
        patience = f"SET LOCAL idle_in_transaction_session_timeout = {READING_AT_MOST_S * 1000}"
        await connection.exec_driver_sql(patience)


def pieces(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows, so many at a time that nobody who waits for the next statement waits long.

    What 200,000 rows take to prepare is longer than PostgreSQL lets a transaction say nothing.
    """
    rest = iter(rows)
    while piece := list(islice(rest, PIECE)):
        yield piece


async def forget(connection: AsyncConnection) -> None:
    """Undo what this transaction wrote; it ends here. A dry run leaves nothing behind."""
    transaction = connection.get_transaction()
    if transaction is not None:
        await transaction.rollback()


def database_time(connection: SyncConnection) -> datetime:
    """PostgreSQL's own clock at this very moment, not at the transaction's start."""
    named: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return named.astimezone(UTC)


def upsert(connection: AsyncConnection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """INSERT that replaces the columns outside the key of a row that is there already."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table)
    key = [column.name for column in table.primary_key]
    return statement.on_conflict_do_update(
        index_elements=key,
        set_={c.name: statement.excluded[c.name] for c in table.columns if c.name not in key},
    )
