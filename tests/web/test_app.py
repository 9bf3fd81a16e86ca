"""What holds for a whole process."""

import asyncio
from pathlib import Path

import pytest

from service.push.hub import Hub
from service.settings import Settings
from service.store.engine import DatabaseFault
from tests.builders import Clock, load, running, sqlite_url
from web.app import make_app


async def test_a_process_whose_hub_has_failed_ends_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_hub: Hub) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Hub, "tick", broken)
    ended = asyncio.Event()
    url = sqlite_url(tmp_path)
    await load(url, Clock())
    app = make_app(Settings(database_url=url), Clock(), on_fatal=ended.set)
    async with app.router.lifespan_context(app), asyncio.timeout(10):
        await ended.wait()


async def test_a_process_that_is_stopped_calls_nothing_fatal(tmp_path: Path) -> None:
    fatal: list[str] = []
    url = sqlite_url(tmp_path)
    await load(url, Clock())
    app = make_app(Settings(database_url=url), Clock(), on_fatal=lambda: fatal.append("!"))
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
