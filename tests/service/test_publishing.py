"""Statistics come out on the schedule, once each, and what is published never changes."""

import json

from ranking.rules import UnitKey
from service import views
from service.publishing import Publisher, Window, publication_times
from service.push.follower import Timekeeper
from service.shapes import StatisticsView
from tests.builders import ROUND, ROUND_FILE, House
from tests.service.moves import round_of


def a_timekeeper(house: House) -> Timekeeper:
    publisher = Publisher(house.engine, house.clock, house.announced.append)
    return Timekeeper(house.board, house.desk, publisher, house.clock, 0.02)


async def table(house: House) -> StatisticsView:
    return await views.statistics(house.engine, house.board, ROUND)


async def test_publications_are_hourly_and_at_the_close(small: House):
    calendar = round_of(small).terms.calendar
    assert calendar is not None
    times = [views.moment(at)[11:16] for at in publication_times(calendar.schedule)]
    assert times == ["09:00", "10:00", "11:00", "12:00", "13:00", "14:00"]


async def test_a_published_table_stays_what_it_was_until_the_next(small: House):
    keeper = a_timekeeper(small)
    await small.file("101", "5037")
    await small.board.catch_up()
    small.clock.at("09:00")
    await keeper.look()
    first = await table(small)
    await small.file("102", "5037")
    await small.board.catch_up()
    await keeper.look()
    assert await table(small) == first
    assert (first["number"], first["next_at"]) == (1, "2026-08-01T10:00:00.000+08:00")
    small.clock.at("10:00")
    await keeper.look()
    second = await table(small)
    assert second["number"] == 2
    assert [r["applicants"] for r in second["items"] if r["institution_code"] == "5037"] == [2]
    assert second["seq"] > first["seq"]


async def test_what_is_published_is_what_the_board_was_at_its_seq(small: House):
    await small.file("101", "5037")
    await small.board.catch_up()
    small.clock.at("09:00")
    await a_timekeeper(small).look()
    publisher = Publisher(small.engine, small.clock, small.announced.append)
    (event,) = [e for e in await small.log() if e.kind == "statistics_published"]
    assert event.seq == small.board.seq + 1
    moves = [(None, round_of(small).terms.unit_by_key[UnitKey("5037", "理科", "")].id)]
    assert (await publisher.window(event.round_id or 0, event.seq)).moves == []
    expected = views.statistics_now(small.board, ROUND, 1, Window(None, moves))
    shown = await table(small)
    assert json.dumps(shown, sort_keys=True) == json.dumps(expected, sort_keys=True)


async def test_each_major_has_the_lowest_score_it_would_admit_if_filing_closed_now(small: House):
    await small.file("101", "5012", ("01",), adjust=False)
    await small.file("102", "5012", ("01", "02"), adjust=False)
    await small.file("103", "5012", ("01", "02"), adjust=False)
    await small.file("105", "5012", ("01",), adjust=True)
    await small.board.catch_up()
    small.clock.at("09:00")
    await a_timekeeper(small).look()
    (row,) = [
        r
        for r in (await table(small))["items"]
        if (r["institution_code"], r["track"]) == ("5012", "理科")
    ]
    projected = {major["code"]: major["projected_lowest"] for major in row["majors"]}
    assert projected == {"01": 615, "02": 615}
    await small.withdraw("103")
    await small.board.catch_up()
    assert lowest_now(small, "5012") == {"01": 615, "02": 580}
    await small.withdraw("105")
    await small.board.catch_up()
    assert lowest_now(small, "5012") == {"01": 615, "02": None}


def lowest_now(house: House, institution: str) -> dict[str, object]:
    """What a publication would say now of the institution's majors in 理科."""
    items = views.statistics_now(house.board, ROUND, 1)["items"]
    return {
        major["code"]: major["projected_lowest"]
        for row in items
        if (row["institution_code"], row["track"]) == (institution, "理科")
        for major in row["majors"]
    }


async def test_a_projection_is_what_admit_decides_on_the_same_choices(small: House):
    await small.import_round(
        ROUND_FILE + '[units."5012/理科/"]\nadjust_order = ["02"]\nmajor_rule = "score_first"\n'
    )
    for number in ("101", "102", "104"):
        await small.file(number, "5012", (), adjust=True)
    await small.board.catch_up()
    assert lowest_now(small, "5012") == {"01": 615, "02": 620}


async def test_two_workers_publish_once(small: House):
    one, two = a_timekeeper(small), a_timekeeper(small)
    small.clock.at("09:00")
    for keeper in (one, two, one):
        await keeper.look()
    assert [e.kind for e in await small.log()].count("statistics_published") == 1


async def test_the_timekeeper_passes_gates_and_the_board_knows(small: House):
    small.clock.at("11:00")
    await a_timekeeper(small).look()
    assert views.state_of(round_of(small)) == "closing"


async def test_another_period_goes_on_after_the_last_and_still_publishes_the_close(small: House):
    await small.import_round(ROUND_FILE.replace('"1h"', '"10m"'))
    await small.board.catch_up()
    for time in ("08:10", "08:20", "08:30"):
        small.clock.at(time)
        await a_timekeeper(small).look()
    await small.import_round(ROUND_FILE)
    await small.board.catch_up()
    await a_timekeeper(small).look()
    assert (await table(small))["number"] == 3
    small.clock.at("14:00")
    await a_timekeeper(small).look()
    assert ((await table(small))["number"], (await table(small))["next_at"]) == (4, None)
