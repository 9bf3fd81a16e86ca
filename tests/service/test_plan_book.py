"""A plan book is an edition as it was imported, and its errata are what changed since the last."""

import pytest

from service import views
from service.errors import Refusal
from service.events import Event
from service.shapes import PlanBook
from service.store import control, rounds
from service.store.engine import writing
from tests.builders import PLAN, ROUND, House

CORRECTED = (
    PLAN.replace("软件工程,2,6000", "软件工程,3,6500")
    .replace("理科,5012,北原大学,,02,数学与应用数学,1,5000\n", "")
    .replace("理科,00,", "理科,5037,云川理工大学,,02,物理学,4,6000\n理科,00,")
)


async def book(house: House, track: str = "理科", number: int | None = None) -> PlanBook:
    await house.board.catch_up()
    return await views.plan_book(house.engine, house.board, ROUND, track, number)


async def test_a_first_edition_has_everything_and_no_errata(house: House):
    first = await book(house)
    assert (first["edition"], first["previous"], first["errata"]) == (1, None, [])
    assert (len(first["units"]), first["majors"], first["seats"]) == (5, 6, 9)
    codes = [unit["institution_code"] for unit in first["units"]]
    assert codes == sorted(codes)


async def test_errata_are_what_the_next_edition_says_otherwise(house: House):
    await house.import_plan(CORRECTED)
    second = await book(house)
    assert (second["edition"], second["previous"]) == (2, 1)
    assert [(e["kind"], e["institution_code"], e["major_code"]) for e in second["errata"]] == [
        ("removed", "5012", "02"),
        ("changed", "5037", "01"),
        ("added", "5037", "02"),
    ]
    assert second["errata"][1]["fields"] == [
        {"name": "quota", "before": "2", "after": "3"},
        {"name": "tuition", "before": "6000", "after": "6500"},
    ]
    assert second["seats"] - second["seats_before"] == 1 - 1 + 4


async def test_another_track_has_no_errata_of_this_one(house: House):
    await house.import_plan(CORRECTED)
    assert (await book(house, "文科"))["errata"] == []


async def test_an_edition_stays_what_it_was(house: House):
    first = await book(house)
    await house.import_plan(CORRECTED)
    assert await book(house, number=1) == first


async def test_the_same_file_twice_and_a_dry_run_make_no_edition(house: House):
    await house.import_plan(PLAN)
    await house.import_plan(CORRECTED, dry_run=True)
    assert (await book(house))["edition"] == 1


@pytest.mark.parametrize(("track", "number"), [("火星类", None), ("理科", 2)])
async def test_an_unknown_track_or_edition_is_not_found(
    small: House, track: str, number: int | None
):
    with pytest.raises(Refusal, match="not-found"):
        await book(small, track, number)


async def test_what_a_plan_was_as_a_draft_is_no_edition(house: House):
    async with writing(house.engine) as connection:
        round_id = (await rounds.revisions(connection))[ROUND][0]
        await control.set_draft(connection, round_id, draft=True)
    await house.import_plan(CORRECTED)
    await house.import_plan(PLAN)
    async with writing(house.engine) as connection:
        await control.set_draft(connection, round_id, draft=False)
        event = Event(0, "round_published", house.clock(), round_id)
        await rounds.record(connection, [event])
    public = await book(house)
    assert (public["edition"], public["previous"], public["errata"]) == (1, None, [])
    assert public["seats"] == 9
