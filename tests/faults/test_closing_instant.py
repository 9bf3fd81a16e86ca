"""The clock at a closing instant, stepped back and forward. RULES.md 4: [open, close)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.errors import Refusal
from service.receipts import Receipt
from tests.builders import CANDIDATES, Clock, House, load, loaded_sqlite, opened, sqlite_url


@pytest.fixture
def loaded(tmp_path: Path) -> str:
    return loaded_sqlite(tmp_path)


@pytest.fixture
async def house(loaded: str) -> AsyncIterator[House]:
    async with opened(loaded) as one:
        yield one


async def outcome(house: House, number: str, institution: str) -> str:
    """ "taken", or the slug of the refusal."""
    try:
        await house.file(number, institution)
    except Refusal as refusal:
        return refusal.code
    return "taken"


async def seals(house: House) -> dict[str, int]:
    """The seq of every seal in the log, by its segment."""
    events = await house.log()
    return {str(e.body["gate"]): e.seq for e in events if e.kind == "segment_sealed" and e.body}


async def test_the_closing_instant_itself_is_closed(house: House):
    told = []
    for moment, institution in (
        ("10:20", "5012"),
        ("10:59:59.999", "5037"),
        ("11:00", "5012"),
        ("11:00:00.001", "5012"),
    ):
        house.clock.at(moment)
        told.append(await outcome(house, "101", institution))
    assert told == ["taken", "taken", "segment-closed", "segment-closed"]
    sealed = (await seals(house))["segment:600"]
    assert max(e.seq for e in await house.log() if e.candidate_id) < sealed


async def test_a_clock_that_falls_back_behind_a_seal_reopens_nothing(loaded: str):
    async with opened(loaded) as house:
        for number in ("101", "105"):
            await house.file(number, "5012")
        house.clock.at("11:00")
        assert await outcome(house, "101", "5037") == "segment-closed"
        house.clock.at("10:15")
        assert await outcome(house, "101", "5037") == "segment-closed"
        assert await outcome(house, "105", "5037") == "taken"
    async with opened(loaded, house.clock) as again:
        assert await outcome(again, "101", "5037") == "segment-closed"
        assert list(await seals(again)) == ["segment:600"]


async def test_a_clock_that_leaps_ahead_seals_what_it_passed_and_no_return_undoes_it(house: House):
    await house.file("106", "5012")
    house.clock.at("23:00")
    assert await outcome(house, "106", "5037") == "segment-closed"
    house.clock.at("10:00")
    for number in ("101", "105", "106", "201"):
        assert await outcome(house, number, "5037") == "segment-closed"
    assert list(await seals(house)) == ["segment:600", "segment:500", "segment:rest"]


async def test_of_a_thousand_at_once_across_the_seal_none_follows_it(tmp_path: Path):
    url, clock = sqlite_url(tmp_path), Clock()
    numbers = [str(n) for n in range(5000, 6000)]
    rows = [f"{n},,理科,{(700, 550)[int(n) % 2]},0,code-{n}" for n in numbers]
    await load(url, clock, candidates=CANDIDATES + "\n".join(rows))
    async with opened(url, clock) as house:
        await file_all(house, numbers, "5012")
        clock.at("10:59:59.999")
        before = [asyncio.create_task(file_all(house, [n], "5037")) for n in numbers[:600]]
        await asyncio.wait(before, return_when=asyncio.FIRST_COMPLETED)
        clock.at("11:00")
        after = await file_all(house, numbers[600:], "5037")
        told = [one for task in before for one in await task] + after
        taken = [one for one in told[::2] if isinstance(one, Receipt)]
        late = [one for one in told[::2] if isinstance(one, Refusal)]
        assert len(taken) + len(late) == 500
        assert taken
        assert {one.code for one in late} == {"segment-closed"}
        assert all(isinstance(one, Receipt) for one in told[1::2])
        sealed = (await seals(house))["segment:600"]
        ids = {house.ids[number] for number in numbers[::2]}
        assert all(e.seq < sealed for e in await house.log() if e.candidate_id in ids)
        clock.at("10:30")
        assert {await outcome(house, number, "00") for number in numbers[:4:2]} == {
            "segment-closed"
        }


async def file_all(
    house: House, numbers: list[str], institution: str
) -> list[Receipt | BaseException]:
    """Everybody asks at once."""
    asked = (house.file(number, institution) for number in numbers)
    return await asyncio.gather(*asked, return_exceptions=True)
