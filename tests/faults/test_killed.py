"""SIGKILL in the middle of commits: what was acknowledged is there, once and in order."""

from pathlib import Path
from random import Random

import pytest

from tests.faults.crowd import crowd, nothing_is_lost_or_doubled, the_last_answer_is_given_again
from tests.faults.processes import Service, serving
from tests.faults.province import province

KILLS = [1, pytest.param(40, marks=[pytest.mark.long, pytest.mark.timeout(900)])]


@pytest.mark.slow
@pytest.mark.parametrize("kills", KILLS)
async def test_an_acknowledged_choice_survives_sigkill(
    kills: int, empty_store: str, tmp_path: Path
):
    place = await province(empty_store, 24)
    workers = 2 if empty_store.startswith("postgresql") else 1
    service = Service(place.url, tmp_path, workers=workers)
    random = Random(kills)
    async with serving(service), crowd(place, service.address) as people:
        for _ in range(kills):
            await people.more(random.randrange(40, 120))
            service.kill()
            service.start()
            await service.ready()
        await people.more(len(people.people))
        await people.finish()
        assert set(people.answers) - {200, 503} != set(), "nobody was waiting at a kill"
        await the_last_answer_is_given_again(people)
        await nothing_is_lost_or_doubled(people, place.url)
