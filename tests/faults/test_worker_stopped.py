"""A worker that stands still for a while, as a paused machine does, and then goes on."""

import asyncio
import signal
from pathlib import Path

import asyncpg
import pytest

from service.settings import Settings
from service.store import engine
from service.store.engine import DatabaseFault, open_engine, writing
from tests.faults.crowd import crowd, nothing_is_lost_or_doubled, the_last_answer_is_given_again
from tests.faults.processes import Redis, Service, serving
from tests.faults.province import province
from tests.faults.sockets import watching


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.parametrize(
    "times", [1, pytest.param(15, marks=[pytest.mark.long, pytest.mark.timeout(900)])]
)
async def test_sockets_of_a_worker_that_stood_still_become_current_again(
    times: int, own_redis: Redis, empty_postgres: str, tmp_path: Path
):
    place = await province(empty_postgres, 16)
    one, two = (Service(place.url, tmp_path, own_redis.url) for _ in range(2))
    async with (
        serving(one, two),
        watching(place, two.port) as screens,
        crowd(place, one.address, two.address, patience_s=2) as people,
    ):
        for _ in range(times):
            await people.more(40)
            two.tell(signal.SIGSTOP)
            await people.more(len(people.people))
            two.tell(signal.SIGCONT)
            await screens.reach(people.newest_seq)
        await people.finish()
        await screens.show_what_is(people)
        assert set(people.answers) <= {200, 503, "ReadTimeout", "ConnectTimeout"}
        await the_last_answer_is_given_again(people)
        await nothing_is_lost_or_doubled(people, place.url)


@pytest.mark.postgres
async def test_who_stands_still_inside_a_transaction_loses_the_lock_of_the_head(
    empty_postgres: str, monkeypatch: pytest.MonkeyPatch
):
    await province(empty_postgres, 1)
    monkeypatch.setattr(engine, "STILL_AT_MOST_S", 1)
    stopped, going_on = (open_engine(Settings(database_url=empty_postgres)) for _ in range(2))
    try:
        with pytest.raises(DatabaseFault):
            async with writing(stopped), asyncio.timeout(60), writing(going_on):
                pass
    finally:
        await stopped.dispose()
        await going_on.dispose()


async def test_who_stands_still_between_two_halves_of_a_statement_loses_it_too(
    empty_postgres: str, monkeypatch: pytest.MonkeyPatch
):
    await province(empty_postgres, 1)
    monkeypatch.setattr(engine, "STILL_AT_MOST_S", 1)
    going_on = open_engine(Settings(database_url=empty_postgres))
    stopped = await asyncpg.connect(empty_postgres.replace("+asyncpg", ""))
    try:
        await stopped.execute("BEGIN")
        await stopped.fetchval("SELECT seq FROM head WHERE id = 1 FOR UPDATE")
        await stopped.prepare("SELECT 1")  # PostgreSQL takes it for busy until it hears more
        async with asyncio.timeout(60), writing(going_on):
            pass
        assert stopped.is_closed()
    finally:
        stopped.terminate()
        await going_on.dispose()
