"""The small round, served in this process without a network."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.builders import Running, running, sqlite_url


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Running]:
    """The service at 08:30 of the round's day, nothing filed yet."""
    async with running(sqlite_url(tmp_path)) as one:
        yield one
