"""Redis killed, started empty, flushed, while two processes serve one round through it."""

from pathlib import Path

import pytest

from tests.faults.crowd import crowd, nothing_is_lost_or_doubled
from tests.faults.processes import Redis, Service, serving
from tests.faults.province import province
from tests.faults.sockets import watching


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.parametrize(
    "times", [1, pytest.param(20, marks=[pytest.mark.long, pytest.mark.timeout(900)])]
)
async def test_without_redis_only_latency_changes(
    times: int, own_redis: Redis, empty_postgres: str, tmp_path: Path
):
    place = await province(empty_postgres, 16)
    one, two = (Service(place.url, tmp_path, own_redis.url) for _ in range(2))
    async with (
        serving(one, two),
        watching(place, two.port) as screens,
        crowd(place, one.address) as people,
    ):
        for _ in range(times):
            for happens in (own_redis.kill, own_redis.start, own_redis.flush):
                await people.more(40)
                happens()
                await screens.reach(people.newest_seq + 1)
        await people.more(len(people.people))
        await people.finish()
        await screens.show_what_is(people)
        assert set(people.answers) == {200}
        assert screens.gone == 0
        await nothing_is_lost_or_doubled(people, place.url)
