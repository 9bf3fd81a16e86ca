"""A disk that is full, a file that is read-only: refused with a clear problem, nothing half done."""

import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2 as httpx
import pytest
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import Pool

from tests.builders import Clock, Running, loaded_sqlite, served, sqlite_url
from tests.faults.crowd import crowd, nothing_is_lost_or_doubled
from tests.faults.processes import Service, serving, until
from tests.faults.province import province, whole_log
from tests.faults.sockets import watching


@pytest.mark.slow
async def test_a_service_whose_files_cannot_grow_refuses_and_goes_on_when_they_can(tmp_path: Path):
    """The kernel refuses every write beyond a size, as it does when a quota is used up."""
    place = await province(sqlite_url(tmp_path), 16)
    service = Service(place.url, tmp_path)
    async with (
        serving(service),
        watching(place, service.port) as screens,
        crowd(place, service.address) as people,
    ):
        await people.more(30)
        _, most = resource.prlimit(service.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (64 * 1024, most))
        await until(lambda: people.answers[503] > 2 * len(people.people))
        before = len(await whole_log(place.url))
        for one in people.people:
            await people.read(one, "/standing")
        assert len(await whole_log(place.url)) == before
        resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (most, most))
        await people.more(30)
        await people.finish()
        assert set(people.answers) == {200, 503}
        await screens.show_what_is(people)
        assert screens.gone == 0
        await nothing_is_lost_or_doubled(people, place.url)


@pytest.fixture
def pragma() -> Iterator[Callable[[str], None]]:
    """Sets a pragma on every connection that is taken from now on, whichever pool it waits in."""
    said: list[str] = []

    def say(connection: DBAPIConnection, *_: object) -> None:
        if said:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA {said[-1]}")
            cursor.close()

    event.listen(Pool, "checkout", say)
    yield said.append
    event.remove(Pool, "checkout", say)


FULL = ("max_page_count=1", "max_page_count=1073741823")
"""SQLite takes the present size for a smaller limit: not one page more."""
READ_ONLY = ("query_only=on", "query_only=off")


@pytest.fixture
def loaded(tmp_path: Path) -> str:
    return loaded_sqlite(tmp_path)


@pytest.mark.parametrize(("broken", "mended"), [FULL, READ_ONLY], ids=["full", "read-only"])
async def test_what_cannot_be_written_is_refused_whole_and_taken_afterwards(
    loaded: str, broken: str, mended: str, pragma: Callable[[str], None]
):
    async with served(loaded, Clock(), filing_burst=10_000) as running:
        given = [(await running.file("101", "5012")).json()["receipt"]]
        pragma(broken)
        while (answer := await file_next(running, len(given))).status_code == 200:
            given.append(answer.json()["receipt"])
            assert len(given) < 1000, "it was never full"
        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:mingci:problem:unavailable"
        kept = await whole_log(loaded)
        assert [e.seq for e in kept if e.candidate_id] == [r["seq"] for r in given]
        assert (await running.call("101", "GET", "/standing")).status_code == 200
        pragma(mended)
        taken = await file_next(running, len(given))
        assert taken.status_code == 200
        given.append(taken.json()["receipt"])
        shown = (await running.call("101", "GET", "/choice/history")).json()["items"]
        assert [item["receipt"] for item in shown] == given


async def file_next(running: Running, version: int) -> httpx.Response:
    """The other of two choices, under the same key each time it is asked for."""
    return await running.file("101", ("5012", "5037")[version % 2], version=version)
