"""One who stops reading: nobody else notices."""

from pathlib import Path

from tests.builders import sqlite_url
from tests.faults.crowd import crowd
from tests.faults.deaf import deaf, unread_bytes
from tests.faults.processes import Service, serving, until
from tests.faults.province import province
from tests.faults.sockets import watching


async def test_who_does_not_read_keeps_nobody_else_waiting(tmp_path: Path):
    place = await province(sqlite_url(tmp_path), 8)
    service = Service(place.url, tmp_path)
    async with (
        serving(service),
        watching(place, service.port) as screens,
        crowd(place, service.address) as people,
    ):
        with deaf(next(iter(place.tokens.values())), service.port) as link:
            await until(lambda: bool(unread_bytes(service.port, link)))
            for _ in range(5):
                await people.more(10)
                await screens.reach(people.newest_seq)
            await people.finish()
            await screens.show_what_is(people)
            assert screens.gone == 0
