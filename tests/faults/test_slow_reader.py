"""One who stops reading: nobody else notices, little is held for them, and they are let go."""

import asyncio
from pathlib import Path

import pytest

from tests.builders import sqlite_url
from tests.faults.crowd import crowd
from tests.faults.deaf import deaf, unread_bytes
from tests.faults.processes import Service, serving, until
from tests.faults.province import province
from tests.faults.sockets import watching

HELD_AT_MOST = 128 * 1024
DROPPED_WITHIN_S = 6
"""A promise of the service and no speed: the kernel and a timer keep it, however busy the machine."""


@pytest.mark.slow
async def test_who_does_not_read_is_dropped_and_keeps_nobody_else_waiting(tmp_path: Path):
    place = await province(sqlite_url(tmp_path), 8)
    service = Service(place.url, tmp_path)
    now = asyncio.get_running_loop().time
    async with (
        serving(service),
        watching(place, service.port) as screens,
        crowd(place, service.address, pause_s=0.05) as people,
    ):
        with deaf(next(iter(place.tokens.values())), service.port) as link:
            held: list[int] = []

            def dropped() -> bool:
                waiting = unread_bytes(service.port, link)
                held.append(waiting or 0)
                return waiting is None

            async def time_to_be_dropped() -> float:
                await until(lambda: bool(unread_bytes(service.port, link)))
                began = now()
                await until(dropped)
                return now() - began

            took = asyncio.create_task(time_to_be_dropped())
            while not took.done():
                await people.more(10)
                await screens.reach(people.newest_seq)
            assert await took < DROPPED_WITHIN_S
        assert max(held) < HELD_AT_MOST
        await people.finish()
        await screens.show_what_is(people)
        assert screens.gone == 0
