"""What holds for a whole process."""

import asyncio
from pathlib import Path

import pytest

from service.push.hub import Hub
from service.settings import Settings
from service.store.engine import DatabaseFault
from tests.builders import Clock, loaded_sqlite, running, sqlite_url
from web.app import make_app
from web.csp import HEADERS


@pytest.fixture
def loaded(tmp_path: Path) -> str:
    """A database of this test's own with the small round."""
    return loaded_sqlite(tmp_path)


async def test_a_process_whose_hub_has_failed_ends_itself(
    loaded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_hub: Hub) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Hub, "tick", broken)
    ended = asyncio.Event()
    app = make_app(Settings(database_url=loaded), Clock(), on_fatal=ended.set)
    async with app.router.lifespan_context(app), asyncio.timeout(10):
        await ended.wait()


async def test_a_process_that_is_stopped_calls_nothing_fatal(loaded: str) -> None:
    fatal: list[str] = []
    app = make_app(Settings(database_url=loaded), Clock(), on_fatal=lambda: fatal.append("!"))
    async with app.router.lifespan_context(app):
        await asyncio.sleep(0.1)
    assert fatal == []


async def test_a_database_that_fails_is_unavailable_and_claims_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(sqlite_url(tmp_path)) as service:
        await service.token("101")

        async def locked(*_: object, **__: object) -> None:
            raise DatabaseFault("database is locked")

        monkeypatch.setattr(service.app.state.services.desk, "file", locked)
        answer = await service.file("101", "5012")
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:mingci:problem:unavailable"
    assert "不能确定" in answer.json()["detail"]


async def test_the_answer_to_an_own_fault_carries_the_safe_headers_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(sqlite_url(tmp_path)) as service:
        await service.token("101")

        async def broken(*_: object, **__: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(service.app.state.services.desk, "file", broken)
        answer = await service.file("101", "5012")
    assert answer.status_code == 500
    assert answer.json()["type"] == "urn:mingci:problem:internal"
    assert answer.headers.items() >= HEADERS.items()
