"""Databases with the small round in them, one for each test."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.builders import Clock, House, load, loaded_sqlite, opened

TEMPLATE = "mingci_template"


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """The URL, without a database's name, of a PostgreSQL that holds a loaded template."""
    server = postgres_url.rpartition("/")[0]
    asyncio.run(_make_template(server))
    return server


async def _make_template(server: str) -> None:
    await _say(server, f'CREATE DATABASE "{TEMPLATE}"')
    await load(f"{server}/{TEMPLATE}", Clock())


async def _say(server: str, statement: str) -> None:
    link = await asyncpg.connect(server.replace("+asyncpg", "") + "/postgres")
    try:
        await link.execute(statement)
    finally:
        await link.close()


@pytest.fixture
def database(tmp_path: Path) -> str:
    """A loaded SQLite file."""
    return loaded_sqlite(tmp_path)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A loaded database, of either store."""
    if request.param == "sqlite":
        yield loaded_sqlite(tmp_path)
        return
    yield request.getfixturevalue("postgres_house")


@pytest.fixture
def postgres_house(postgres_template: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A loaded database of the PostgreSQL that this process's tests share."""
    server = postgres_template
    name = f"mingci_{os.getpid()}_{abs(hash(request.node.nodeid))}"
    asyncio.run(_say(server, f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"'))
    yield f"{server}/{name}"
    asyncio.run(_say(server, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture
async def house(url: str) -> AsyncIterator[House]:
    """The rooms on a database of either store."""
    async with opened(url) as one:
        yield one


@pytest.fixture
async def small(database: str) -> AsyncIterator[House]:
    """The rooms on a SQLite file, its board warm."""
    async with opened(database) as one:
        await one.board.catch_up()
        yield one
