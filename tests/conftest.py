"""Fixtures that every room may use. Servers are one per test process (pytest-xdist worker)."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import services

# Shared machines stall, so no example has a deadline; the same examples every time, so that a red
# suite is red again. `HYPOTHESIS_PROFILE=explore` looks for new ones.
settings.register_profile("mingci", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "mingci"))


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database of a PostgreSQL of our own, as `postgresql+asyncpg://…`; shared by this process's tests."""
    with services.postgres(tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis of our own, as `redis://…`; shared by this process's tests."""
    with services.redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's program."""
    return services.chromium()
