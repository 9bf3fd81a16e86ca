"""Ten minutes of filing, reading and reconnecting: memory and descriptors stay flat.

Some memory grows on purpose and to a bound (SQLite's page caches), so the middle of the run is
held against its end, not the start.
"""

import asyncio
import os
import statistics
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from tests.builders import sqlite_url
from tests.faults.crowd import Crowd, crowd, nothing_is_lost_or_doubled
from tests.faults.processes import Service, serving
from tests.faults.province import province
from tests.faults.sockets import watching

SOAK_S = int(os.environ.get("SOAK_S", "600"))
PEOPLE, BUSY, PAUSE_S = 120, 40, 0.25
EACH_TIME_GONE = 5
GROWS_AT_MOST_MIB = 16
PATHS = ("/standing", "/choice", "/what-if?institution_code=0001&institution_code=0002")


@dataclass(frozen=True)
class Sample:
    """The service at one second: MiB resident, open descriptors."""

    resident: float
    descriptors: int


def sample(pid: int) -> Sample:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return Sample(
        pages * os.sysconf("SC_PAGE_SIZE") / 2**20, len([*Path(f"/proc/{pid}/fd").iterdir()])
    )


async def seconds(number: int) -> AsyncIterator[int]:
    """Each second of so many, none of them late for the one before."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for second in range(number):
        await asyncio.sleep(began + second - loop.time())
        yield second


async def read_something(people: Crowd, random: Random) -> None:
    await people.read(random.choice(people.people), random.choice(PATHS))


@pytest.mark.soak
@pytest.mark.timeout(SOAK_S + 300)
async def test_memory_and_descriptors_stay_flat(tmp_path: Path):
    place = await province(sqlite_url(tmp_path), PEOPLE)
    service = Service(place.url, tmp_path)
    random, samples = Random(2014), []
    async with (
        serving(service),
        watching(place, service.port, each=2) as screens,
        crowd(place, service.address, busy=BUSY, pause_s=PAUSE_S) as people,
    ):
        async for second in seconds(SOAK_S):
            samples.append(sample(service.pid))
            start = second * EACH_TIME_GONE % len(screens.all)
            screens.hang_up(slice(start, start + EACH_TIME_GONE))
            await asyncio.gather(*(read_something(people, random) for _ in range(10)))
        await people.finish()
        await screens.show_what_is(people)
        await nothing_is_lost_or_doubled(people, place.url)
    quarter = len(samples) // 4
    middle, end = samples[quarter : 2 * quarter], samples[-quarter:]
    told = f"{people.count} choices, {screens.gone} reconnects"
    for name, part in (("start", samples[:1]), ("second quarter", middle), ("last quarter", end)):
        resident = statistics.median(one.resident for one in part)
        told += f"\n{name:15} {resident:7.1f} MiB  {max(s.descriptors for s in part):4} descriptors"
    print(told)
    grown = statistics.median(s.resident for s in end) - statistics.median(
        s.resident for s in middle
    )
    assert grown < GROWS_AT_MOST_MIB, told
    assert max(s.descriptors for s in end) <= max(s.descriptors for s in middle) + 8, told
