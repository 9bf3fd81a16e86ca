"""PostgreSQL crashes and recovers while everybody files."""

import asyncio
from pathlib import Path

import pytest

from tests.faults.crowd import crowd, nothing_is_lost_or_doubled, the_last_answer_is_given_again
from tests.faults.processes import Postgres, Service, serving
from tests.faults.province import province

CRASHES = [1, pytest.param(20, marks=[pytest.mark.long, pytest.mark.timeout(900)])]


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.parametrize("crashes", CRASHES)
async def test_the_service_outlives_its_database(
    crashes: int, own_postgres: Postgres, tmp_path: Path
):
    place = await province(own_postgres.url, 24)
    service = Service(place.url, tmp_path)
    async with serving(service), crowd(place, service.address) as people:
        for _ in range(crashes):
            await people.more(60)
            await asyncio.to_thread(own_postgres.restart_at_once)
        await people.more(len(people.people))
        await people.finish()
        assert set(people.answers) <= {200, 503}
        assert people.answers[503]
        await service.ready()
        await the_last_answer_is_given_again(people)
        await nothing_is_lost_or_doubled(people, place.url)
