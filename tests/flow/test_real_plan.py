"""A real first round's plan through the service: what is left, and the next plan, row by row."""

from collections import Counter
from pathlib import Path

from importers.next_plan import next_plan
from importers.plans import MajorRow, read_plan
from importers.tables import Source
from service.filing import Wish
from service.store import results
from service.store.engine import reading
from service.views import as_plan_row
from tests.builders import ROUND, ROUND_FILE, Clock, load, opened, sqlite_url
from tests.importers.files import DATA, needs_data
from tests.importers.test_plans import MAPPING
from tests.service import seasons

PEOPLE = 40


def content(rows: list[MajorRow]) -> list[MajorRow]:
    """The rows in one order, without where they stood."""
    return sorted(row._replace(line=0, batch="") for row in rows)


@needs_data
async def test_seats_left_and_the_next_plan_are_the_real_plans_rows(tmp_path: Path):
    rows, report = read_plan(
        Source.of(DATA / "neimenggu-2024/major_final_stats_round1.csv"), MAPPING
    )
    track = "物理类"
    wanted = [row for row in rows if row.track == track and row.quota == 1][:PEOPLE]
    people = "candidate_no,track,exam_score,initial_code\n" + "".join(
        f"{number},{track},{400 - number},code\n" for number in range(PEOPLE)
    )
    clock, url = Clock(), sqlite_url(tmp_path)
    await load(url, clock, candidates=people, round_file=ROUND_FILE)
    async with opened(url, clock) as house:
        await house.intake.apply_plan(ROUND, rows, report.digest)
        for number, row in enumerate(wanted):
            wish = Wish(
                row.institution_code, row.plan_nature, (row.major_code,), accepts_adjustment=False
            )
            await house.desk.file(house.ids[str(number)], ROUND, wish, None, None)
        await seasons.close(house)
        await seasons.file_round(house)
        await seasons.release(house)
        await seasons.publish(house)
        told = await seasons.outcomes(house)
        async with reading(house.engine) as connection:
            published = await results.unfilled_of(connection, 1)
    assert published is not None
    left = [as_plan_row(row) for row in published.content["items"]]  # type: ignore[attr-defined]
    taken = Counter(
        (wanted[int(number)].unit, wanted[int(number)].major_code)
        for number, one in told.items()
        if one.final == "admitted"
    )
    assert sum(taken.values()) > PEOPLE // 2
    expected = [row._replace(quota=row.quota - taken[row.unit, row.major_code]) for row in rows]
    assert content(left) == content(expected)
    grown = rows[0]._replace(quota=rows[0].quota + 7)
    following = content(next_plan(left, [grown]))
    assert following == content([grown, *(row for row in expected[1:] if row.quota)])
