"""One authority for the time: the database's where workers share one, an injected one in tests."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from service import clock as clocks
from service.clock import DatabaseClock, instant
from service.errors import Refusal
from service.filing import FilingDesk
from service.settings import Settings
from service.store.engine import open_engine, reading
from tests.builders import ROUND_FILE, House, opened
from web.app import authority, utc_now

AT = datetime(2026, 8, 1, 2, 0, tzinfo=UTC)


class Local:
    """This machine's clock, and a database that names its time while a question is on its way."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        return self.now


def asked(one: DatabaseClock, local: Local, monkeypatch, named: datetime, took_ms: float) -> None:
    """One question that the database answers with `named`, back after `took_ms`."""

    def answer(_connection):
        local.now += timedelta(milliseconds=took_ms)
        return named

    monkeypatch.setattr(clocks, "database_time", answer)
    assert one.instant(None) == named  # type: ignore[arg-type]


def test_the_difference_is_kept_while_the_answers_allow_it(monkeypatch):
    local = Local()
    one = DatabaseClock(local)
    asked(one, local, monkeypatch, AT + timedelta(seconds=30), took_ms=2)
    ahead = one() - local.now
    assert timedelta(seconds=29.998) <= ahead <= timedelta(seconds=30)
    asked(one, local, monkeypatch, local.now + timedelta(seconds=30), took_ms=400)
    assert one() - local.now == ahead
    asked(one, local, monkeypatch, local.now + timedelta(seconds=10), took_ms=1)
    assert one() - local.now == timedelta(seconds=10)


@pytest.mark.postgres
async def test_on_postgresql_the_databases_clock_decides_however_wrong_this_machines_is(
    postgres_url: str,
):
    wrong = DatabaseClock(lambda: utc_now() - timedelta(days=400))
    engine = open_engine(Settings(database_url=postgres_url))
    try:
        await wrong.measure(engine)
        assert abs(wrong() - utc_now()) < timedelta(minutes=1)
        async with reading(engine) as connection:
            first = await connection.run_sync(lambda c: instant(wrong, c))
            await asyncio.sleep(0.005)
            later = await connection.run_sync(lambda c: instant(wrong, c))
        assert first < later  # the moment itself, not the transaction's start
        assert first.microsecond % 1000 == 0
    finally:
        await engine.dispose()


def test_the_process_decides_by_its_own_clock_on_sqlite_and_by_postgresqls_there():
    assert authority(Settings(database_url="sqlite+aiosqlite:///x.db")) is utc_now
    assert isinstance(authority(Settings(database_url="postgresql+asyncpg://h/x")), DatabaseClock)


async def test_a_gate_that_is_looked_for_too_early_is_not_written(house: House):
    """A worker whose clock runs fast may ask; the transaction's clock has the last word."""
    house.clock.at("07:59:59.999")
    await house.desk.pass_gates()
    assert [e.kind for e in await house.log() if e.kind == "gate_passed"] == []
    house.clock.at("08:00")
    await house.desk.pass_gates()
    assert [e.kind for e in await house.log()][-1] == "gate_passed"


@pytest.mark.parametrize(
    "url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
async def test_a_desk_by_the_databases_clock_refuses_what_this_machine_thinks_open(url: str):
    async with opened(url) as house:
        await house.import_round(ROUND_FILE.replace("2026-08-01", "2024-08-01"))
        slow = DatabaseClock(lambda: datetime(2024, 8, 1, 0, 30, tzinfo=UTC))
        await house.desk.close()
        house.desk = FilingDesk(house.engine, slow, house.announce)
        house.desk.open()
        with pytest.raises(Refusal) as refusal:
            await house.file("101", "5012")
        assert refusal.value.code == "segment-closed"
