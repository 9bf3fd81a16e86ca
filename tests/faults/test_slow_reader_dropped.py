"""One who stops reading is dropped, and little is held for them meanwhile."""

from pathlib import Path

import pytest

from tests.builders import sqlite_url
from tests.faults.crowd import crowd
from tests.faults.deaf import deaf, unread_bytes
from tests.faults.processes import Service, serving, until
from tests.faults.province import province
from tests.faults.sockets import watching

HELD_AT_MOST = 128 * 1024


@pytest.mark.long
async def test_who_does_not_read_is_dropped(tmp_path: Path):
    place = await province(sqlite_url(tmp_path), 8)
    service = Service(place.url, tmp_path)
    async with (
        serving(service),
        watching(place, service.port) as screens,
        crowd(place, service.address) as people,
    ):
        with deaf(next(iter(place.tokens.values())), service.port) as link:
            held = [0]

            def dropped() -> bool:
                now = unread_bytes(service.port, link)
                held.append(now or 0)
                return now is None and max(held) > 0

            await until(dropped)
            assert max(held) < HELD_AT_MOST
        await people.finish()
        await screens.show_what_is(people)
        assert screens.gone == 0
