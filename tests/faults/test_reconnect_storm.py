"""Everybody's socket is gone at once; everybody comes back and is current."""

from pathlib import Path

import pytest

from tests.builders import sqlite_url
from tests.faults.crowd import crowd, nothing_is_lost_or_doubled
from tests.faults.processes import Service, serving
from tests.faults.province import province
from tests.faults.sockets import watching

PEOPLE = [40, pytest.param(667, marks=[pytest.mark.long, pytest.mark.timeout(600)])]
SOCKETS_EACH = 3


@pytest.mark.slow
@pytest.mark.parametrize("people", PEOPLE)
async def test_all_come_back_and_are_current(people: int, tmp_path: Path):
    place = await province(sqlite_url(tmp_path), people)
    service = Service(place.url, tmp_path)
    async with (
        serving(service),
        watching(place, service.port, SOCKETS_EACH) as screens,
        crowd(place, service.address, busy=8) as filing,
    ):
        await filing.more(20)
        screens.hang_up()
        await screens.all_current(comings=2)
        service.kill()
        service.start()
        await service.ready()
        await screens.all_current(comings=3)
        await filing.finish()
        await screens.show_what_is(filing)
        await nothing_is_lost_or_doubled(filing, place.url)
