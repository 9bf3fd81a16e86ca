"""Ladder and moves of a unit come out with a publication, and from nowhere else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ranking.ladder import SMALLEST
from ranking.rules import UnitKey
from service import views
from service.shapes import PublishedRow, StatisticsView
from tests.builders import PLAN, ROUND, ROUND_FILE, Clock, House, load, opened, sqlite_url
from tests.service.test_publishing import a_timekeeper

CROWD = [(str(1000 + n), 700 - n) for n in range(40)]
MANY = "candidate_no,track,exam_score\n" + "".join(f"{no},理科,{s}\n" for no, s in CROWD)
OPEN = UnitKey("5012", "理科", "")


@pytest.fixture
async def crowd(tmp_path: Path) -> AsyncIterator[House]:
    """A round of forty candidates from 700 points down, one a point."""
    url = sqlite_url(tmp_path)
    await load(url, Clock(), PLAN, MANY, ROUND_FILE)
    async with opened(url) as house:
        yield house


async def published(house: House, time: str) -> StatisticsView:
    house.clock.at(time)
    await house.board.catch_up()
    await a_timekeeper(house).look()
    return await views.statistics(house.engine, house.board, ROUND)


def row_of(table: StatisticsView, key: UnitKey = OPEN) -> PublishedRow:
    row = views.statistics_row(table, key)
    assert row is not None
    return row


def ladder(row: PublishedRow) -> list[tuple[float, int]]:
    return [(step["low"], step["count"]) for step in row["ladder"]]


def moves(row: PublishedRow) -> tuple[int, int]:
    return row["entered"], row["left"]


async def test_a_published_ladder_has_no_small_cell_and_nobody_missing(crowd: House):
    for number, _ in CROWD[:25]:
        await crowd.file(number, "5012")
    row = row_of(await published(crowd, "09:00"))
    # 700; 699-690; 689-680; 679-676: the first 11 make a range, and the last 4 join the second.
    assert ladder(row) == [(690, 11), (0, 14)]
    assert min(count for _, count in ladder(row)) >= SMALLEST


async def test_too_few_applicants_have_no_published_ladder(crowd: House):
    for number, _ in CROWD[:9]:
        await crowd.file(number, "5012")
    assert row_of(await published(crowd, "09:00"))["ladder"] == []


async def test_a_later_ladder_is_no_finer_than_the_one_before(crowd: House):
    for number, _ in CROWD[:12]:
        await crowd.file(number, "5012")
    assert ladder(row_of(await published(crowd, "09:00"))) == [(0, 12)]
    for number, _ in CROWD[12:]:
        await crowd.file(number, "5012")
    assert ladder(row_of(await published(crowd, "10:00"))) == [(0, 40)]


async def test_a_ladder_that_would_tell_a_small_range_is_not_made_anew(crowd: House):
    for number, _ in CROWD[:25]:
        await crowd.file(number, "5012")
    first = row_of(await published(crowd, "09:00"))
    assert ladder(first) == [(690, 11), (0, 14)]
    for number, _ in CROWD[:2]:  # the upper range is 9 now, which two who left would tell
        await crowd.file(number, "5037")
    second = row_of(await published(crowd, "10:00"))
    assert (ladder(second), second["ladder_as_of"]) == (ladder(first), first["ladder_as_of"])
    assert (second["applicants"], second["left_since_ladder"]) == (23, 2)
    await crowd.file("1002", "5037")
    third = row_of(await published(crowd, "11:00"))
    assert (ladder(third), third["left_since_ladder"]) == ([(0, 22)], 0)
    assert third["ladder_as_of"] > second["ladder_as_of"]


async def test_moves_are_counted_since_the_publication_before(crowd: House):
    await crowd.file("1000", "5012")
    await crowd.file("1001", "5012")
    await crowd.file("1001", "5012", ("02",))
    first = await published(crowd, "09:00")
    assert (moves(row_of(first)), first["since"]) == ((2, 0), None)
    await crowd.file("1000", "5037")
    await crowd.file("1000", "5012")
    await crowd.withdraw("1001")
    await crowd.file("1002", "5037")
    second = await published(crowd, "10:00")
    assert moves(row_of(second)) == (1, 2)
    assert moves(row_of(second, UnitKey("5037", "理科", ""))) == (2, 1)
    assert (second["since"], second["since_seq"]) == (first["as_of"], first["seq"])


async def test_applicants_change_by_what_came_less_what_went(crowd: House):
    for number, _ in CROWD[:7]:
        await crowd.file(number, "5012")
    before = await published(crowd, "09:00")
    for number, _ in CROWD[3:20]:
        await crowd.file(number, "5037")
    after = await published(crowd, "10:00")
    for row in after["items"]:
        key = UnitKey(row["institution_code"], row["track"], row["plan_nature"])
        change = row["applicants"] - row_of(before, key)["applicants"]
        assert row["entered"] - row["left"] == change


async def test_a_choice_between_the_state_and_its_publication_counts_in_the_next(crowd: House):
    await crowd.file("1000", "5012")
    await crowd.board.catch_up()
    keeper = a_timekeeper(crowd)
    crowd.clock.at("09:00")
    await keeper.look()
    table = await views.statistics(crowd.engine, crowd.board, ROUND)
    assert table["seq"] == crowd.board.seq
    await crowd.file("1001", "5012")
    assert moves(row_of(await published(crowd, "10:00"))) == (1, 0)


async def test_a_live_row_has_no_ladder_and_no_moves(crowd: House):
    await crowd.board.catch_up()
    (row, *_) = views.statistics_rows(crowd.board.rounds[ROUND])
    assert not {"ladder", "entered", "left"} & set(row)
