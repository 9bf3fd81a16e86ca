"""Empty databases of either store, and servers of a test's own that it may break."""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests import services
from tests.builders import sqlite_url
from tests.faults.processes import Postgres, Redis

DURABLE = ("max_connections=60",)
"""A PostgreSQL that is to be crashed keeps its promises: fsync and synchronous_commit stay on."""


async def _say(server: str, statement: str) -> None:
    link = await asyncpg.connect(server.replace("+asyncpg", "") + "/postgres")
    try:
        await link.execute(statement)
    finally:
        await link.close()


@pytest.fixture
def empty_postgres(postgres_url: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of the PostgreSQL that this process's tests share."""
    server = postgres_url.rpartition("/")[0]
    name = f"faults_{os.getpid()}_{abs(hash(request.node.nodeid))}"
    asyncio.run(_say(server, f'CREATE DATABASE "{name}"'))
    yield f"{server}/{name}"
    asyncio.run(_say(server, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either store."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path)
    url: str = request.getfixturevalue("empty_postgres")
    return url


@pytest.fixture
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A durable PostgreSQL that belongs to one test."""
    where = tmp_path_factory.mktemp("own-postgres")
    with services.postgres(where, DURABLE) as url:
        one = Postgres(url, where / "data")
        yield one
        with contextlib.suppress(subprocess.CalledProcessError):  # stopped already
            one.stop()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Redis]:
    """A Redis that belongs to one test."""
    one = Redis(tmp_path)
    one.start()
    yield one
    one.kill()
